// The next commands that bring the proxy from what it does to what it shall do. Pure: observe, plan, carry out, observe
// again.
//
// Guarantees, by the order of commands and by waiting for the next observation:
//  - a server is added only when its endpoint is ready, and a share moves to a slot only after its servers are there;
//  - a share never moves to a slot without servers while those that carry the traffic now have some (the change is held
//  back);
//  - a server is taken out by drain, then waits for its last session, then goes; the last server of a slot that gets
//  requests is
//    kept while it still serves (terminating), until another one is there or the caller's patience ends
//    (`Leaving::forced`);
//  - a slot is given to another Service only when it is empty and gets no request in any worker;
//  - old workers (after a reload) follow weights as far as they know the servers; a target counts as applied only when
//  all workers show it.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "gateway/observe.h"
#include "gateway/proxy.h"

namespace slipway::gateway {

// Pods that are about to stop: their servers go whatever the endpoints say. Address -> uid (empty: any pod with this
// address).
using LeavingPods = std::map<std::string, std::string>;

struct MapFiles {
  std::string weights, slots, salts;
};

struct Command {
  int pid = 0;
  std::string text;
  bool operator==(const Command&) const = default;
};

struct Plan {
  std::vector<Command> commands;
  std::map<std::string, std::string> held;  // rule -> why it is not (yet) what the route says
  std::set<std::string> applied;            // rules whose target all workers show
  std::set<std::string> last_ones;          // addresses of servers that are kept only because nobody else could serve
  bool waiting = false;                     // for sessions to end, or old workers: look again soon
  Map weights, slots, salts;                // what the current worker shows after the commands: the map files
};

Plan plan(const Targets& targets, const std::map<std::string, RuleSpec>& rules, const Observed& observed,
          const LeavingPods& leaving, const std::set<std::string>& given_up, const MapFiles& files);

// No request can reach the address any more and none is under way, in any worker.
bool is_drained(const Observed& observed, const std::string& ip);

// What a worker does for a rule, by Service.
struct ServiceFacts {
  int share = 0;
  int servers = 0;  // that take requests
  std::int64_t sessions = 0;
};
std::map<std::string, ServiceFacts> facts_of(const Worker& worker, const std::string& rule);

// What a fresh worker starts with, so that a reload changes nothing of what clients see: rules that `before` (may be
// null) knows keep its slots, shares and servers; new rules start as their targets say.
struct StartingPoint {
  std::map<std::string, std::vector<Server>> servers;
  Map weights, slots, salts;
};
StartingPoint starting_point(const Targets& targets, const std::map<std::string, RuleSpec>& rules,
                             const Worker* before);

}  // namespace slipway::gateway
