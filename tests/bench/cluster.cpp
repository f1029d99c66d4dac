#include "cluster.h"

#include <signal.h>

#include <chrono>

#include "process.h"
#include "runtime/real/loop.h"

namespace slipway::bench {

namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kPatience = std::chrono::seconds(30);

double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

// Asks again and again until the server answers 200; the server's certificate may not exist yet, so it is not checked.
bool wait_until_ready(const std::string& url, Clock::time_point start) {
  const auto tls = http::TlsContext::make(http::TlsContext::Client{.insecure = true});
  while (tls && Clock::now() - start < kPatience) {
    const auto answer = ask_once(url, *tls, {.target = "/readyz"});
    if (answer && answer->status == 200) return true;
  }
  return false;
}

}  // namespace

base::Result<http::Response> ask_once(const std::string& url, std::shared_ptr<const http::TlsContext> tls,
                                      http::Outgoing request) {
  const auto parsed = http::parse_url(url);
  if (!parsed) return base::fail(parsed.error());
  runtime::real::Loop loop;
  http::Client client(loop, parsed->endpoint, {.tls = parsed->tls ? std::move(tls) : nullptr});
  std::optional<base::Result<http::Response>> answer;
  const auto call = client.send(std::move(request), [&answer](auto a) { answer = std::move(a); });
  while (!answer) loop.run_one();
  return std::move(*answer);
}

base::Result<std::unique_ptr<Cluster>> Cluster::start(const std::string& program, const std::string& data_dir,
                                                      bool controllers) {
  std::unique_ptr<Cluster> cluster(new Cluster);
  cluster->program_ = program;
  cluster->data_dir_ = data_dir;
  const std::string port = std::to_string(free_port());
  std::vector<std::string> argv = {program, "up", "--data-dir", data_dir, "--port", port, "--gateway-port", "0"};
  argv.insert(argv.end(), {"--no-prometheus"});
  if (!controllers) argv.emplace_back("--no-controllers");
  const auto started = Clock::now();
  auto child = runtime::Child::start(argv, {.output_path = data_dir + ".log"});
  if (!child) return base::fail(child.error());
  cluster->server_ = std::move(*child);
  if (!wait_until_ready("https://127.0.0.1:" + port, started))
    return base::fail(base::Code::Timeout, "slipway up did not become ready; see " + data_dir + ".log");
  cluster->ready_ms_ = milliseconds_since(started);
  const auto config = client::Kubeconfig::load(data_dir + "/kubeconfig");
  if (!config) return base::fail(config.error());
  auto connection = config->connection();
  if (!connection) return base::fail(connection.error());
  cluster->connection_ = std::move(*connection);
  const client::Connection& c = cluster->connection_;
  auto tls = http::TlsContext::make(http::TlsContext::Client{.ca = c.ca, .certificate = c.certificate, .key = c.key});
  if (!tls) return base::fail(tls.error());
  cluster->tls_ = *tls;
  return cluster;
}

Cluster::~Cluster() {
  if (!server_) return;
  (void)runtime::run_program({program_, "down", "--data-dir", data_dir_});
  server_->signal(SIGTERM);
  server_->wait();
}

base::Result<http::Response> Cluster::ask(http::Outgoing request) const {
  return ask_once(connection_.server, tls_, std::move(request));
}

}  // namespace slipway::bench
