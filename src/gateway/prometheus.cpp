#include "gateway/prometheus.h"

#include <crypt.h>
#include <sys/random.h>

#include <cstring>
#include <filesystem>
#include <map>

#include "base/strings.h"
#include "data/json.h"
#include "data/yaml.h"
#include "gateway/child_keeper.h"
#include "gateway/files.h"
#include "gateway/service.h"
#include "http/client.h"
#include "runtime/file.h"

namespace slipway::gateway {
namespace {

using control::Port;
using data::Value;

constexpr const char* kUser = "slipway";
constexpr auto kCertificateLife = base::hours(24 * 3650);

std::string random_bytes(std::size_t n) {
  std::string out(n, '\0');
  SLIPWAY_CHECK(getrandom(out.data(), n, 0) == static_cast<ssize_t>(n));
  return out;
}

std::string percent_encode(std::string_view text) {
  std::string out;
  for (unsigned char c : text) {
    bool plain = c < 0x80 && (std::isalnum(c) || c == '-' || c == '_' || c == '.' || c == '~');
    out += plain ? std::string(1, static_cast<char>(c)) : "%" + base::hex(std::string(1, static_cast<char>(c)));
  }
  return out;
}

}  // namespace

class Prometheus::Impl final : public Port {
 public:
  Impl(runtime::real::Loop& loop, control::ProcessHost& host, PrometheusOptions options)
      : loop_(loop),
        options_(std::move(options)),
        dir_(options_.data_dir + "/prometheus"),
        keeper_(loop, host, "prometheus", dir_ + "/prometheus.log", [this] { return spec(); }) {}

  base::Result<void> start() {
    if (auto made = runtime::make_directories(dir_, 0700); !made) return made;
    auto changed = write_configuration();
    if (!changed) return base::fail(changed.error());
    auto tls = http::TlsContext::make(http::TlsContext::Client{.ca = certificate_});
    if (!tls) return base::fail(tls.error());
    http::ClientOptions options{.tls = *tls, .connections = 8};
    options.headers = {{"Authorization", "Basic " + base::base64_encode(std::string(kUser) + ":" + password_)}};
    own_ = std::make_unique<http::Client>(
        loop_, http::Endpoint{.host = "127.0.0.1", .port = static_cast<std::uint16_t>(options_.port)}, options);
    keeper_.start(*changed);
    return {};
  }

  const ChildKeeper& keeper() const { return keeper_; }
  int port_number() const { return options_.port; }

  void perform(const std::string&, const Value& question, Done done) override {
    std::string query = question["query"].str(), address = question["address"].str();
    if (query.empty()) return answer(std::move(done), base::fail(base::Code::Invalid, "a Prometheus query is empty"));
    if (address.empty()) return ask(own_.get(), "/api/v1/query?query=" + percent_encode(query), std::move(done));
    auto url = http::parse_url(address);
    if (!url) return answer(std::move(done), base::fail(url.error()));
    if (auto allowed = check_egress(url->endpoint.host, options_.allow_loopback_targets); !allowed) {
      return answer(std::move(done), base::fail(allowed.error()));
    }
    auto client = client_for(address, *url);
    if (!client) return answer(std::move(done), base::fail(client.error()));
    std::string path = url->target.substr(0, url->target.find('?'));
    while (path.ends_with('/')) path.pop_back();
    ask(*client, path + "/api/v1/query?query=" + percent_encode(query), std::move(done));
  }

 private:
  static constexpr std::size_t kMaxClients = 16;

  std::string file(const char* name) const { return dir_ + "/" + name; }

  base::Result<control::ProcessSpec> spec() const {
    auto binary = require_program(options_.binary, "Prometheus", "prometheus");
    if (!binary) return base::fail(binary.error());
    return control::ProcessSpec{
        .id = "prometheus",
        .argv = {*binary, "--config.file=" + file("prometheus.yml"), "--web.config.file=" + file("web.yml"),
                 "--storage.tsdb.path=" + file("data"), "--storage.tsdb.retention.time=2d",
                 "--web.listen-address=127.0.0.1:" + std::to_string(options_.port), "--log.level=warn"},
        .env = {{"PATH", "/usr/bin:/bin"}, {"HOME", dir_}},
        .network = control::NetworkSpace::Host,
        .stdout_path = file("prometheus.log")};
  }

  // True when something that a running process has read is different now.
  base::Result<bool> write_configuration() {
    if (auto kept = keep_secrets(); !kept) return base::fail(kept.error());
    Value job = Value::object(
        {{"job_name", "slipway"},
         {"scheme", "https"},
         {"tls_config", Value::object({{"ca_file", file("ca.pem")},
                                       {"cert_file", file("scraper.pem")},
                                       {"key_file", file("scraper-key.pem")}})},
         {"static_configs", Value::array({Value::object({{"targets", Value::array({options_.scrape})}})})}});
    Value config = Value::object({{"global", Value::object({{"scrape_interval", "1s"}, {"scrape_timeout", "900ms"}})},
                                  {"scrape_configs", Value::array({job})}});
    std::vector<std::pair<const char*, std::string>> files{{"ca.pem", options_.ca},
                                                           {"scraper.pem", options_.scraper.certificate},
                                                           {"scraper-key.pem", options_.scraper.key},
                                                           {"prometheus.yml", data::to_yaml(config)}};
    bool changed = false;
    for (const auto& [name, text] : files) {
      auto before = runtime::read_file(file(name));
      if (before && *before == text) continue;
      changed = true;
      if (auto written = runtime::write_file(file(name), text, 0600); !written) return base::fail(written.error());
    }
    return changed;
  }

  // The password and the certificate are made once and stay.
  base::Result<void> keep_secrets() {
    auto password = runtime::read_file(file("password")), certificate = runtime::read_file(file("tls.pem"));
    if (password && certificate && runtime::read_file(file("web.yml"))) {
      password_ = *password, certificate_ = *certificate;
      return {};
    }
    password_ = base::hex(random_bytes(24));
    auto ca = http::pki::make_ca("slipway-prometheus", loop_.now(), kCertificateLife);
    auto leaf = http::pki::issue_server(ca, {"127.0.0.1", "localhost"}, loop_.now(), kCertificateLife);
    if (!leaf) return base::fail(leaf.error());
    certificate_ = ca.certificate;
    Value web =
        Value::object({{"tls_server_config",
                        Value::object({{"cert_file", file("server.pem")}, {"key_file", file("server-key.pem")}})},
                       {"basic_auth_users", Value::object({{kUser, hash_password(password_, random_bytes(16))}})}});
    for (const auto& [name, text] : {std::pair("server.pem", leaf->certificate), std::pair("server-key.pem", leaf->key),
                                     std::pair("tls.pem", certificate_), std::pair("password", password_),
                                     std::pair("web.yml", data::to_yaml(web))}) {
      if (auto written = runtime::write_file(file(name), text, 0600); !written) return written;
    }
    return {};
  }

  base::Result<http::Client*> client_for(const std::string& address, const http::Url& url) {
    auto found = others_.find(address);
    if (found != others_.end()) return found->second.get();
    http::ClientOptions options{.connections = 4};
    if (url.tls) {
      auto tls = http::TlsContext::make(http::TlsContext::Client{});
      if (!tls) return base::fail(tls.error());
      options.tls = *tls;
    }
    if (others_.size() >= kMaxClients) others_.erase(others_.begin());
    return (others_[address] = std::make_unique<http::Client>(loop_, url.endpoint, options)).get();
  }

  void answer(Done done, base::Result<Value> result) {
    loop_.post([done = std::move(done), result = std::move(result)]() mutable { done(std::move(result)); });
  }

  void ask(http::Client* client, std::string target, Done done) {
    if (!client) return answer(std::move(done), base::fail(base::Code::Unavailable, "Prometheus has not been started"));
    std::uint64_t id = ++last_call_;
    waiting_[id] = std::move(done);
    calls_[id] = client->send({.target = std::move(target), .timeout = base::seconds(10)},
                              [this, id](base::Result<http::Response> response) {
                                Done done = std::move(waiting_[id]);
                                waiting_.erase(id);
                                // The call ends after its own callback.
                                loop_.post([this, id, alive = std::weak_ptr(alive_)] {
                                  if (!alive.expired()) calls_.erase(id);
                                });
                                if (!response) return done(base::fail(response.error()));
                                done(read_query_answer(response->status, response->body));
                              });
  }

  runtime::real::Loop& loop_;
  PrometheusOptions options_;
  std::string dir_, password_, certificate_;
  ChildKeeper keeper_;
  std::unique_ptr<http::Client> own_;
  std::map<std::string, std::unique_ptr<http::Client>> others_;
  std::map<std::uint64_t, std::unique_ptr<http::Call>> calls_;
  std::map<std::uint64_t, Done> waiting_;
  std::uint64_t last_call_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

Prometheus::Prometheus(runtime::real::Loop& loop, control::ProcessHost& host, PrometheusOptions options)
    : impl_(std::make_unique<Impl>(loop, host, std::move(options))) {}
Prometheus::~Prometheus() = default;
base::Result<void> Prometheus::start() { return impl_->start(); }
bool Prometheus::running() const { return impl_->keeper().running(); }
std::string Prometheus::problem() const { return impl_->keeper().problem(); }
std::string Prometheus::address() const { return "https://127.0.0.1:" + std::to_string(impl_->port_number()); }
Port& Prometheus::port() { return *impl_; }

}  // namespace slipway::gateway
