// One seed: a world, a user with an app and (mostly) a Release, a few changes, faults for a while, and the question
// whether all ends well.
//
// Safety is asked after every durable change (checkers/). Liveness is asked at the end (ending.h): once faults have
// stopped, every release comes to an end in bounded virtual time, a good version is out, a bad one is held, and then
// nothing is written any more.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/time.h"
#include "delivery/plan/workload.h"
#include "rehearse/routed.h"

namespace slipway::rehearse {

struct SeedOptions {
  bool faults = true;
  bool trace = false;  // prints whatever happens
  Router router = Router::HttpRoute;
  bool gray = false;            // what would be canaries lets groups of users in, where the router can match headers
  bool ab_test = false;         // what would be canaries tries two versions at once, where the router can match headers
  bool opt_in = false;          // canaries begin with an opt-in by header, where the router can match one
  bool dynamic_stable = false;  // stable pods of canaries follow the traffic
  bool hooks = false;           // Releases have hooks, some of which fail, or come late or never to an end
  bool windows = false;         // the Release's windows are closed half of the time, and instead of a pause
  bool config = false;          // ConfigMaps are part of versions, are edited with them, and copies of them are deleted
  bool blue_green = false;      // instead of canaries; sets that a user deletes are then stable ones, too
  bool keep_pods = false;       // of versions that are taken back some pods are kept for a while
  bool preview = false;  // the same, with previews in another namespace; instead of a pause that one lets none in
  // Another one than Deployment: rolling updates in batches instead of canaries, without a router.
  delivery::plan::WorkloadKind workload = delivery::plan::WorkloadKind::Deployment;
};

struct SeedResult {
  std::optional<std::string> problem;  // a violated rule, or what did not come to an end
  std::string rule;                    // the checker that complained; "ending" for what did not end well
  std::string story;                   // one line: what this seed was about
  base::Duration virtual_time{};
  std::int64_t writes = 0;
  std::int64_t decisions = 0;
  std::int64_t requests = 0;                        // of users, in all
  std::int64_t refusals = 0;                        // of decisions, by the runner's invariants
  std::map<std::string, std::int64_t> faults = {};  // that struck, by name
};

SeedResult run_seed(std::uint64_t seed, const SeedOptions& options = {});

}  // namespace slipway::rehearse
