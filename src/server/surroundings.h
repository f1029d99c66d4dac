// What an embedded cluster has around its API: nodes, a gateway, metrics.
//
// `Machine` is the real thing on this machine, `ModelledSurroundings` a stand-in in which nothing runs. `probe` first
// (it decides address ranges), `start` once the API serves. Control loop only.
#pragma once

#include <map>
#include <string>

#include "apiserver/server.h"
#include "control/ports.h"
#include "data/value.h"

namespace slipway::server {

class Surroundings {
 public:
  virtual ~Surroundings() = default;
  virtual base::Result<void> probe() = 0;
  // Of Services' virtual addresses, for the API server.
  virtual std::string service_range() const = 0;
  virtual base::Result<void> start(apiserver::ApiServer& api, std::uint16_t api_port) = 0;
  // Answers for controllers, by name (controllers::port_names).
  virtual std::map<std::string, control::Port*> ports() = 0;
  // Addresses and facts for people: {"runtime", "notes", and what else there is}
  virtual data::Value endpoints() const = 0;
};

}  // namespace slipway::server
