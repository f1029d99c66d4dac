// Durable creates per second beside etcd: same disk, same run, turn and turn about.
#include <fmt/core.h>

#include "cluster.h"
#include "etcd.h"
#include "process.h"
#include "server_lines.h"
#include "write_load.h"

namespace slipway::bench {

using data::Value;

namespace {

constexpr int kValueBytes = 2048;

struct Peers {
  std::unique_ptr<Cluster> cluster;
  base::Result<Etcd> plain, secure;
};

std::string beside(const base::Result<double>& plain, const base::Result<double>& secure, double ours) {
  if (!plain) return plain.error().message;
  std::string text = fmt::format("etcd {}/s ({:.1f} times)", number(*plain), ours / *plain);
  if (secure) text += fmt::format(", with TLS {}/s", number(*secure));
  return text;
}

base::Result<double> puts(const base::Result<Etcd>& etcd, int clients, int seconds) {
  if (!etcd) return base::fail(etcd.error());
  return etcd->grpc_puts(clients, seconds, kValueBytes);
}

Line measure(const Peers& peers, int clients, int seconds) {
  const std::string what = fmt::format("durable creates over TLS, {} client{}", clients, clients == 1 ? "" : "s");
  const auto plain = puts(peers.plain, clients, seconds);
  const double cpu = cpu_seconds(peers.cluster->pid());
  const auto ours = run_load({.url = peers.cluster->url(),
                              .tls = peers.cluster->tls(),
                              .prefix = fmt::format("load-{}", clients),
                              .clients = clients,
                              .seconds = seconds,
                              .bytes = kValueBytes});
  if (!ours) return skipped(what, ours.error().message);
  if (ours->errors > 0) return skipped(what, ours->first_error);
  const double cpu_us = (cpu_seconds(peers.cluster->pid()) - cpu) / static_cast<double>(ours->creates) * 1e6;
  const auto secure = puts(peers.secure, clients, seconds);
  Value numbers = Value::object({{"per_second", ours->per_second},
                                 {"p50_ms", ours->p50_ms},
                                 {"p99_ms", ours->p99_ms},
                                 {"server_cpu_us_per_create", cpu_us}});
  if (plain) numbers.set("etcd_per_second", *plain);
  if (secure) numbers.set("etcd_tls_per_second", *secure);
  return {.what = what,
          .measured = fmt::format("{}/s, p50 {:.1f} p99 {:.1f} ms, {:.0f} us CPU each", number(ours->per_second),
                                  ours->p50_ms, ours->p99_ms, cpu_us),
          .target = clients == 64 ? "5,000/s and ahead of etcd" : "",
          .beside = beside(plain, secure, ours->per_second),
          .numbers = std::move(numbers)};
}

}  // namespace

void add_write_lines(Lines& lines, const Place& place) {
  const Folder folder(place.folder), plain(place.folder), secure(place.folder);
  auto cluster = Cluster::start(place.program, folder.path() + "/data", false);
  if (!cluster) return lines.push_back(skipped("durable creates over TLS", cluster.error().message));
  const Peers peers{std::move(*cluster), Etcd::start(plain.path(), false), Etcd::start(secure.path(), true)};
  for (const int clients : {1, 16, 64}) lines.push_back(measure(peers, clients, place.seconds));
}

}  // namespace slipway::bench
