// The embedded Prometheus: a child process that scrapes this server's /metrics every second, and the port that asks it.
//
// Everything it says or is told is protected: it scrapes over TLS with a client certificate, answers over TLS with a
// password (kept in <data_dir>/prometheus/password, mode 600), and can be neither reconfigured nor written to over
// HTTP. What it is asked goes through prometheus_query.h.
// Control loop only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "control/ports.h"
#include "gateway/prometheus_query.h"
#include "http/pki.h"
#include "runtime/real/loop.h"

namespace slipway::gateway {

struct PrometheusOptions {
  std::string data_dir;                 // uses <data_dir>/prometheus
  int port = 9090;                      // on 127.0.0.1
  std::string scrape;                   // "127.0.0.1:6443": this server
  std::string ca;                       // PEM: signs that server's certificate
  http::pki::Credential scraper;        // what Prometheus shows there
  PrometheusQueryOptions query = {};    // for other servers, which templates name
  std::string binary = "prometheus";
};

class Prometheus {
 public:
  Prometheus(runtime::real::Loop& loop, control::ProcessHost& host, PrometheusOptions options);
  ~Prometheus();  // leaves the process running
  Prometheus(const Prometheus&) = delete;

  // Writes the configuration; starts the process, adopts it, or starts it anew when its configuration has changed.
  base::Result<void> start();
  bool running() const;
  std::string problem() const;  // why it does not run, for people
  std::string address() const;  // "https://127.0.0.1:9090"
  control::Port& port();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// bcrypt ($2b$), for Prometheus' web.yml.
std::string hash_password(const std::string& password, const std::string& random_16_bytes);

}  // namespace slipway::gateway
