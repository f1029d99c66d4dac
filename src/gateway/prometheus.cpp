#include "gateway/prometheus.h"

#include <crypt.h>
#include <sys/random.h>

#include <cstring>
#include <filesystem>

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

}  // namespace

class Prometheus::Impl {
 public:
  Impl(runtime::real::Loop& loop, control::ProcessHost& host, PrometheusOptions options)
      : loop_(loop),
        options_(std::move(options)),
        dir_(options_.data_dir + "/prometheus"),
        query_(loop, options_.query),
        keeper_(loop, host, "prometheus", dir_ + "/prometheus.log", [this] { return spec(); }) {}

  base::Result<void> start() {
    if (auto made = runtime::make_directories(dir_, 0700); !made) return made;
    auto changed = write_configuration();
    if (!changed) return base::fail(changed.error());
    auto tls = http::TlsContext::make(http::TlsContext::Client{.ca = certificate_});
    if (!tls) return base::fail(tls.error());
    http::ClientOptions options{.tls = *tls, .connections = 8};
    options.headers = {{"Authorization", "Basic " + base::base64_encode(std::string(kUser) + ":" + password_)}};
    query_.set_own({.host = "127.0.0.1", .port = static_cast<std::uint16_t>(options_.port)}, std::move(options));
    keeper_.start(*changed);
    return {};
  }

  const ChildKeeper& keeper() const { return keeper_; }
  int port_number() const { return options_.port; }

  Port& query() { return query_; }

 private:
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

  runtime::real::Loop& loop_;
  PrometheusOptions options_;
  std::string dir_, password_, certificate_;
  PrometheusQuery query_;
  ChildKeeper keeper_;
};

Prometheus::Prometheus(runtime::real::Loop& loop, control::ProcessHost& host, PrometheusOptions options)
    : impl_(std::make_unique<Impl>(loop, host, std::move(options))) {}
Prometheus::~Prometheus() = default;
base::Result<void> Prometheus::start() { return impl_->start(); }
bool Prometheus::running() const { return impl_->keeper().running(); }
std::string Prometheus::problem() const { return impl_->keeper().problem(); }
std::string Prometheus::address() const { return "https://127.0.0.1:" + std::to_string(impl_->port_number()); }
Port& Prometheus::port() { return impl_->query(); }

}  // namespace slipway::gateway
