// The node agent: registers the Node, keeps its Lease, and runs the pods whose spec.nodeName is this node.
//
//   node::Agent agent(api, loop, random, runtime, drain_gate, {.name = "node-1", .machine = node::this_machine()});
//   agent.start();
//
// All deciding is in lifecycle/; this class watches, asks the runtime, notes answers, and writes status (only when it
// changes, as a strategic merge patch with the uid as precondition, so that conditions of others survive). Control loop
// only. A pod that is deleted is first drained (DrainGate), then stopped, then removed from the API with grace 0. What
// ran before the agent started is adopted.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "client/api_client.h"
#include "client/cache.h"
#include "control/event_recorder.h"
#include "control/ports.h"
#include "node/lifecycle/decide.h"
#include "node/machine.h"
#include "node/pod_runtime.h"
#include "runtime/loop.h"

namespace slipway::node {

struct AgentOptions {
  std::string name;  // of the Node
  Machine machine = {};
  std::string host_ip = "127.0.0.1";
  std::string version = "v1.33.0+slipway";  // shown as kubelet version
  std::int64_t max_pods = 1000;
  lifecycle::Limits limits = {};
  base::Duration lease_renewal = base::seconds(10);
};

class Agent {
 public:
  Agent(client::ApiClient& api, runtime::Loop& loop, runtime::Random& random, PodRuntime& runtime,
        control::DrainGate& drain, AgentOptions options);
  ~Agent();
  Agent(const Agent&) = delete;

  void start();
  bool ready() const;        // registered, and has adopted what ran
  std::size_t pods() const;  // known on this node

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace slipway::node
