#include "etcd.h"

#include <signal.h>

#include <chrono>
#include <filesystem>

#include "base/strings.h"
#include "cluster.h"
#include "data/json.h"
#include "http/pki.h"
#include "process.h"
#include "runtime/file.h"
#include "runtime/real/loop.h"

namespace slipway::bench {

using base::Code;
using base::fail;
using base::Result;

namespace {

constexpr auto kPatience = std::chrono::seconds(20);

std::string varint(std::size_t number) {
  std::string out;
  for (; number >= 0x80; number >>= 7) out += static_cast<char>(number | 0x80);
  return out + static_cast<char>(number);
}

std::string field(int index, const std::string& bytes) {
  return static_cast<char>(index << 3 | 2) + varint(bytes.size()) + bytes;
}

// etcdserverpb.PutRequest{key, value} with gRPC's prefix: not compressed, length as four bytes.
std::string put_message(int bytes) {
  const std::string message = field(1, "/bench/key") + field(2, std::string(static_cast<std::size_t>(bytes), 'x'));
  std::string out(5, '\0');
  for (int i = 0; i < 4; ++i) out[static_cast<std::size_t>(4 - i)] = static_cast<char>(message.size() >> (8 * i));
  return out + message;
}

Result<void> write_certificate(const std::string& folder) {
  const base::Time now = runtime::real::wall_clock();
  const auto ca = http::pki::make_ca("bench", now, base::hours(24));
  const auto own = http::pki::issue_server(ca, {"127.0.0.1"}, now, base::hours(24));
  if (!own) return fail(own.error());
  if (auto ok = runtime::write_file(folder + "/tls.crt", own->certificate); !ok) return ok;
  return runtime::write_file(folder + "/tls.key", own->key, 0600);
}

bool in_path(const std::string& program) { return runtime::run_program({"which", program})->status == 0; }

}  // namespace

Result<Etcd> Etcd::start(const std::string& folder, bool tls) {
  for (const char* program : {"etcd", "h2load"})
    if (!in_path(program)) return fail(Code::NotFound, std::string(program) + " is not installed (./dev setup bench)");
  Etcd etcd;
  etcd.folder_ = folder;
  if (auto ok = write_certificate(folder); !ok) return fail(ok.error());
  const std::string scheme = tls ? "https://127.0.0.1:" : "http://127.0.0.1:";
  etcd.url_ = scheme + std::to_string(free_port());
  const std::string peers = "http://127.0.0.1:" + std::to_string(free_port());
  std::vector<std::string> argv = {"etcd", "--data-dir", folder + "/data", "--listen-client-urls", etcd.url_};
  argv.insert(argv.end(), {"--advertise-client-urls", etcd.url_, "--listen-peer-urls", peers});
  argv.insert(argv.end(), {"--initial-advertise-peer-urls", peers, "--initial-cluster", "default=" + peers});
  argv.insert(argv.end(), {"--quota-backend-bytes", "8589934592", "--log-level", "error"});
  if (tls) argv.insert(argv.end(), {"--cert-file", folder + "/tls.crt", "--key-file", folder + "/tls.key"});
  auto child = runtime::Child::start(argv, {.output_path = folder + "/etcd.log"});
  if (!child) return fail(child.error());
  etcd.server_ = std::move(*child);
  const auto started = std::chrono::steady_clock::now();
  while (!etcd.revision())
    if (std::chrono::steady_clock::now() - started > kPatience || !etcd.server_->running())
      return fail(Code::Timeout, "etcd did not start; see " + folder + "/etcd.log");
  return etcd;
}

Etcd::~Etcd() {
  if (!server_) return;
  server_->signal(SIGTERM);
  server_->wait();
}

Result<std::uint64_t> Etcd::revision() const {
  const auto tls = http::TlsContext::make(http::TlsContext::Client{.insecure = true});
  if (!tls) return fail(tls.error());
  auto answer = ask_once(url_, *tls, {.method = "POST", .target = "/v3/kv/range", .body = http::bytes_of(R"({"key":"AA=="})")});
  if (!answer) return fail(answer.error());
  const auto document = data::parse_json(answer->body);
  if (!document) return fail(document.error());
  const auto number = base::parse_uint((*document)["header"]["revision"].as_string());
  if (!number) return fail(Code::Internal, "etcd gave no revision: " + answer->body);
  return *number;
}

Result<double> Etcd::grpc_puts(int clients, int seconds, int bytes) const {
  const std::string body = folder_ + "/put.bin";
  if (auto ok = runtime::write_file(body, put_message(bytes)); !ok) return fail(ok.error());
  const auto before = revision();
  if (!before) return fail(before.error());
  const auto run = runtime::run_program({"h2load", "--clients=" + std::to_string(clients), "--max-concurrent-streams=1",
                                         "--duration=" + std::to_string(seconds), "--data=" + body, "--header=te: trailers",
                                         "--header=content-type: application/grpc", url_ + "/etcdserverpb.KV/Put"});
  if (!run) return fail(run.error());
  const auto after = revision();
  if (!after) return fail(after.error());
  if (*after == *before) return fail(Code::Internal, "etcd acknowledged no put; h2load said: " + run->output);
  return static_cast<double>(*after - *before) / seconds;
}

}  // namespace slipway::bench
