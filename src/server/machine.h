// What the embedded cluster does on this machine: shim, node agent, gateway, name server, Prometheus.
//
// Apart from `Server` so that the API comes up by itself. `probe` first (it decides address ranges), `start` once the
// API serves. Control loop only; the children outlive this object.
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
#include "server/surroundings.h"

namespace slipway::server {

struct MachineParts {
  const cli::UpOptions& options;
  const DataDir& dir;
  const Certificates& certificates;
  runtime::real::Loop& loop;
  runtime::Random& random;
  runtime::Metrics& metrics;
};

class Machine final : public Surroundings {
 public:
  explicit Machine(MachineParts parts);
  ~Machine() override;
  Machine(const Machine&) = delete;

  // Starts the shim or finds the one that runs, and asks what this machine allows. Runs the loop until it has answered.
  base::Result<void> probe() override;
  // Of Services' virtual addresses, for the API server.
  std::string service_range() const override;
  base::Result<void> start(apiserver::ApiServer& api, std::uint16_t api_port) override;

  // Answers for controllers, by name (controllers::port_names).
  std::map<std::string, control::Port*> ports() override;
  // {"gateway", "prometheus", "runtime", "notes" (why it is that runtime), "problems" (what is missing already)}
  data::Value endpoints() const override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace slipway::server
