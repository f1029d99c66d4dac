// Keeps the Lease by which a replica is found (replica_lease.h). Lives on the control loop.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "client/api_client.h"
#include "gateway/replica_lease.h"
#include "runtime/loop.h"

namespace slipway::gateway {

class Heartbeat {
 public:
  // `problem` hears what keeps the Lease from being written, each once, and "" when it can be again.
  Heartbeat(client::ApiClient& api, runtime::Loop& loop, std::string space, ReplicaFacts facts,
            std::function<void(const std::string&)> problem);
  ~Heartbeat() { alive_.reset(); }
  Heartbeat(const Heartbeat&) = delete;

  void start();
  // Takes the Lease away: nobody asks this replica any more. `done` once the API has answered, whatever it said.
  void end(std::move_only_function<void()> done);

 private:
  void beat();
  void create();
  void answered(const client::Answer& answer);

  client::ApiClient& api_;
  runtime::Loop& loop_;
  std::string space_;
  ReplicaFacts facts_;
  std::function<void(const std::string&)> problem_;
  std::string last_problem_;
  bool ended_ = false;
  runtime::Timer timer_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace slipway::gateway
