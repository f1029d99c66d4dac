// The load client alone, for profiling a server; prints JSON.
//
//   write_load --url https://127.0.0.1:6443 --ca ca.crt --cert admin.crt --key admin.key --clients 64 --seconds 5
//   write_load --kubeconfig D/kubeconfig --clients 64
//   write_load --etcd --url http://127.0.0.1:2379 --clients 64 --seconds 5
#include <fmt/core.h>

#include <CLI/CLI.hpp>

#include "client/kubeconfig.h"
#include "data/json.h"
#include "runtime/file.h"
#include "write_load.h"

namespace {

using namespace slipway;

[[noreturn]] void give_up(const std::string& why) {
  fmt::print(stderr, "{}\n", why);
  std::exit(2);
}

template <class T>
T must(base::Result<T> result) {
  if (!result) give_up(result.error().message);
  return std::move(*result);
}

}  // namespace

int main(int argc, char** argv) {
  bench::LoadOptions options;
  std::string kubeconfig, ca, cert, key;
  CLI::App app{"Durable creates per second"};
  app.add_option("--url", options.url);
  app.add_option("--kubeconfig", kubeconfig, "Takes URL and certificates from there");
  app.add_option("--ca", ca);
  app.add_option("--cert", cert);
  app.add_option("--key", key);
  app.add_option("--prefix", options.prefix);
  app.add_flag("--etcd", options.etcd);
  app.add_flag("--pods", options.pods);
  app.add_option("--clients", options.clients);
  app.add_option("--seconds", options.seconds);
  app.add_option("--count", options.count);
  app.add_option("--bytes", options.bytes);
  CLI11_PARSE(app, argc, argv);
  http::TlsContext::Client tls;
  if (!kubeconfig.empty()) {
    const auto connection = must(must(client::Kubeconfig::load(kubeconfig)).connection());
    options.url = connection.server;
    tls = {connection.ca, connection.certificate, connection.key};
  } else if (!ca.empty()) {
    tls = {must(runtime::read_file(ca)), must(runtime::read_file(cert)), must(runtime::read_file(key))};
  }
  tls.insecure = tls.ca.empty();
  if (options.url.starts_with("https:")) options.tls = must(http::TlsContext::make(tls));
  const auto result = must(bench::run_load(options));
  if (result.errors > 0) fmt::print(stderr, "{}\n", result.first_error);
  fmt::print("{}\n", data::to_json(data::Value::object({{"clients", options.clients},
                                                        {"creates", static_cast<std::int64_t>(result.creates)},
                                                        {"errors", static_cast<std::int64_t>(result.errors)},
                                                        {"per_second", result.per_second},
                                                        {"p50_ms", result.p50_ms},
                                                        {"p99_ms", result.p99_ms}})));
  return result.errors > 0 ? 1 : 0;
}
