// What the embedded cluster does on this machine: shim, node agent, gateway, name server, Prometheus.
//
// Apart from `Server` so that the API comes up first and by itself. Control loop only.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "apiserver/server.h"
#include "cli/cli.h"
#include "control/ports.h"
#include "data/value.h"
#include "runtime/metrics.h"
#include "runtime/real/loop.h"
#include "server/certificates.h"
#include "server/data_dir.h"

namespace slipway::server {

struct MachineParts {
  const cli::UpOptions& options;
  const DataDir& dir;
  const Certificates& certificates;
  runtime::real::Loop& loop;
  runtime::Random& random;
  runtime::Metrics& metrics;
  apiserver::ApiServer& api;
  std::uint16_t api_port;
};

class Machine {
 public:
  explicit Machine(MachineParts parts);
  ~Machine();
  Machine(const Machine&) = delete;

  base::Result<void> start();
  // Answers for controllers, by name (controllers::port_names).
  std::map<std::string, control::Port*> ports();
  // {"gateway", "prometheus", "runtime"}
  data::Value endpoints() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace slipway::server
