// The server as its clients feel it: requests per second, one change to many streams, memory per idle TLS stream, a
// first start.
#include <benchmark/benchmark.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/error.h"
#include "http/client.h"
#include "http/pki.h"
#include "http/server.h"

namespace {
using namespace slipway;
using namespace slipway::http;

base::Time now() { return std::chrono::time_point_cast<base::Duration>(std::chrono::system_clock::now()); }

struct Tls {
  pki::Credential ca = pki::make_ca("ca", now(), base::hours(24));
  pki::Credential own = *pki::issue_server(ca, {"127.0.0.1"}, now(), base::hours(24));
  pki::Credential user = *pki::issue_client(ca, {"admin", {"system:masters"}}, now(), base::hours(24));
  std::shared_ptr<const TlsContext> server =
      *TlsContext::make(TlsContext::Server{own.certificate, own.key, ca.certificate});
  std::shared_ptr<const TlsContext> client =
      *TlsContext::make(TlsContext::Client{ca.certificate, user.certificate, user.key});
};

std::unique_ptr<Server> serve(std::shared_ptr<const TlsContext> tls, Handler handler) {
  return std::move(*Server::start({.listeners = {{.tls = std::move(tls)}}}, std::move(handler)));
}

// 64 connections (4 for large bodies), one request at a time on each; a body of `range(1)` bytes; with TLS when
// `range(0)`.
void requests(benchmark::State& bench) {
  const Tls tls;
  const bool secure = bench.range(0) != 0;
  const Bytes body = bytes_of(std::string(static_cast<std::size_t>(bench.range(1)), 'x'));
  const auto server =
      serve(secure ? tls.server : nullptr, [&](Request, ResponseWriter w) { w.respond(200, {}, body); });
  runtime::real::Loop loop;
  Client client(loop, {.host = "127.0.0.1", .port = server->ports()[0]},
                {.tls = secure ? tls.client : nullptr, .connections = 64});
  std::vector<std::unique_ptr<Call>> calls(bench.range(1) > 1 << 20 ? 4 : 64);
  int done = 0, seen = 0;
  std::function<void(std::size_t)> ask = [&](std::size_t lane) {
    calls[lane] = client.send({}, [&, lane](auto answer) {
      SLIPWAY_CHECK(answer.has_value());
      ++done;
      ask(lane);
    });
  };
  for (std::size_t lane = 0; lane < calls.size(); ++lane) ask(lane);
  while (done < 2 * static_cast<int>(calls.size())) loop.run_one();  // all handshakes are over
  seen = done;
  const int first = seen;
  for (auto _ : bench) {
    while (done == seen) loop.run_one();
    ++seen;
  }
  bench.SetItemsProcessed(seen - first);
  bench.SetBytesProcessed((seen - first) * bench.range(1));
}
BENCHMARK(requests)->Args({0, 6300})->Args({1, 6300})->Args({1, 4 << 20})->UseRealTime();

std::size_t resident_bytes() {
  std::ifstream status("/proc/self/statm");
  std::size_t size = 0, resident = 0;
  status >> size >> resident;
  return resident * 4096;
}

struct Ear final : StreamSink {
  std::size_t* heads;
  std::size_t* bytes;
  void head(const Response&) override { ++*heads; }
  void data(std::string_view b) override { *bytes += b.size(); }
  void ended(base::Result<void>) override {}
};

// One piece of 3 KB to `range(0)` TLS streams: serialised once, encrypted for each. Both ends are in this process, so
// the memory reported per stream is that of the server's end and the client's end together.
void one_change_to_streams(benchmark::State& bench) {
  const auto count = static_cast<std::size_t>(bench.range(0));
  const Tls tls;
  std::mutex mutex;
  std::vector<ResponseWriter> writers;
  const auto server = serve(tls.server, [&](Request, ResponseWriter w) {
    w.begin(200, {});
    std::lock_guard lock(mutex);
    writers.push_back(std::move(w));
  });
  runtime::real::Loop loop;
  Client client(loop, {.host = "127.0.0.1", .port = server->ports()[0]}, {.tls = tls.client});
  std::size_t heads = 0, bytes = 0;
  std::vector<Ear> ears(count);
  std::vector<std::unique_ptr<Call>> calls;
  const std::size_t before = resident_bytes();
  for (auto& ear : ears) {
    ear.heads = &heads, ear.bytes = &bytes;
    calls.push_back(client.stream({.timeout = base::minutes(5)}, ear));
    while (calls.size() - heads > 50) loop.run_one();
  }
  while (heads < count) loop.run_one();
  bench.counters["KB_per_stream_both_ends"] =
      static_cast<double>(resident_bytes() - before) / 1024.0 / static_cast<double>(count);
  const Bytes piece = bytes_of(std::string(3000, 'x'));
  std::size_t expected = 0;
  for (auto _ : bench) {
    for (auto& writer : writers) writer.write(piece);
    expected += count * piece->size();
    while (bytes < expected) loop.run_one();
  }
  bench.SetItemsProcessed(bench.iterations() * static_cast<std::int64_t>(count));
}
BENCHMARK(one_change_to_streams)->Arg(1000)->Arg(2000)->Unit(benchmark::kMillisecond)->UseRealTime();

// A CA, a server certificate and a client certificate.
void first_start_pki(benchmark::State& bench) {
  for (auto _ : bench) benchmark::DoNotOptimize(Tls().server);
}
BENCHMARK(first_start_pki)->Unit(benchmark::kMillisecond);

}  // namespace
