// Creates objects as fast as the server acknowledges them, from a number of clients with a connection each, and prints
// JSON.
//
//   write_load --url https://127.0.0.1:6443 --ca ca.crt --cert admin.crt --key admin.key --clients 64 --seconds 5
//   write_load --etcd --url http://127.0.0.1:2379 --clients 64 --seconds 5
//
// Against our server each create is a ConfigMap in the namespace "default"; against etcd a put through its JSON gateway
// (/v3/kv/put), with a value of the same size. Both are durable when acknowledged. etcd's gateway costs it something:
// compare also with `etcdctl check perf`, which speaks gRPC.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string>
#include <vector>

#include "base/strings.h"
#include "data/json.h"
#include "http/client.h"
#include "runtime/file.h"
#include "runtime/real/loop.h"

namespace {
using namespace slipway;
using data::Value;

struct Options {
  std::string url, ca, cert, key, prefix = "load";
  bool etcd = false;
  int clients = 64, seconds = 5, bytes = 2048;
};

struct Load {
  Load(runtime::real::Loop& loop, const http::Url& url, http::ClientOptions tls, const Options& options)
      : loop(loop), options(options), fill(static_cast<std::size_t>(options.bytes), 'x') {
    tls.connections = static_cast<std::size_t>(options.clients);
    client = std::make_unique<http::Client>(loop, url.endpoint, tls);
    calls.resize(static_cast<std::size_t>(options.clients));
  }

  void run() {
    started = loop.mono();
    stop = loop.after(base::seconds(options.seconds), [this] { loop.stop(); });
    for (std::size_t lane = 0; lane < calls.size(); ++lane) create(lane);
    loop.run();
    elapsed = base::to_seconds(loop.mono() - started);
  }

  void create(std::size_t lane) {
    const auto begun = loop.mono();
    calls[lane] =
        client->send(request(fmt::format("{}-{:08}", options.prefix, made++)), [this, lane, begun](auto answer) {
          if (answer && answer->status / 100 == 2) {
            latencies.push_back(loop.mono() - begun);
          } else if (errors++ == 0) {
            fmt::print(stderr, "{}\n",
                       answer ? fmt::format("{}: {}", answer->status, answer->body) : answer.error().message);
          }
          create(lane);
        });
  }

  http::Outgoing request(const std::string& name) const {
    Value body;
    if (options.etcd)
      body = Value::object({{"key", base::base64_encode(name)}, {"value", base::base64_encode(fill)}});
    else
      body = Value::object({{"apiVersion", "v1"},
                            {"kind", "ConfigMap"},
                            {"metadata", Value::object({{"name", name}})},
                            {"data", Value::object({{"fill", fill}})}});
    return {.method = "POST",
            .target = options.etcd ? "/v3/kv/put" : "/api/v1/namespaces/default/configmaps",
            .headers = {{"Content-Type", "application/json"}},
            .body = http::bytes_of(data::to_json(body))};
  }

  double quantile_ms(double q) {
    if (latencies.empty()) return 0;
    const auto at = latencies.begin() + static_cast<std::ptrdiff_t>(q * static_cast<double>(latencies.size() - 1));
    std::nth_element(latencies.begin(), at, latencies.end());
    return base::to_seconds(*at) * 1e3;
  }

  runtime::real::Loop& loop;
  const Options& options;
  const std::string fill;
  std::unique_ptr<http::Client> client;
  std::vector<std::unique_ptr<http::Call>> calls;
  std::vector<base::Duration> latencies;
  base::MonoTime started{};
  runtime::Timer stop;
  double elapsed = 0;
  std::uint64_t made = 0, errors = 0;
};

std::string must_read(const std::string& path) {
  if (path.empty()) return {};
  auto text = runtime::read_file(path);
  if (!text) {
    fmt::print(stderr, "{}\n", text.error().message);
    std::exit(2);
  }
  return *text;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Durable creates per second"};
  app.add_option("--url", options.url)->required();
  app.add_option("--ca", options.ca);
  app.add_option("--cert", options.cert);
  app.add_option("--key", options.key);
  app.add_option("--prefix", options.prefix);
  app.add_flag("--etcd", options.etcd);
  app.add_option("--clients", options.clients);
  app.add_option("--seconds", options.seconds);
  app.add_option("--bytes", options.bytes);
  CLI11_PARSE(app, argc, argv);
  const auto url = http::parse_url(options.url);
  if (!url) return fmt::print(stderr, "{}\n", url.error().message), 2;
  http::ClientOptions client;
  if (url->tls) {
    auto tls = http::TlsContext::make(http::TlsContext::Client{must_read(options.ca), must_read(options.cert),
                                                               must_read(options.key), options.ca.empty()});
    if (!tls) return fmt::print(stderr, "{}\n", tls.error().message), 2;
    client.tls = *tls;
  }
  runtime::real::Loop loop;
  Load load(loop, *url, client, options);
  load.run();
  fmt::print("{}\n",
             data::to_json(Value::object({{"clients", options.clients},
                                          {"creates", static_cast<std::int64_t>(load.latencies.size())},
                                          {"errors", static_cast<std::int64_t>(load.errors)},
                                          {"per_second", static_cast<double>(load.latencies.size()) / load.elapsed},
                                          {"p50_ms", load.quantile_ms(0.5)},
                                          {"p99_ms", load.quantile_ms(0.99)}})));
  return load.errors > 0 ? 1 : 0;
}
