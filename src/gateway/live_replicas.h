// The Leases of one namespace: which replicas of the gateway live, and whom they trust. Lives on the control loop.
//
// A replica lives as long as its Lease changes at least once in its duration, by our own clock from when we saw it: no
// clock of another machine is compared with ours.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "client/cache.h"
#include "gateway/replica_lease.h"
#include "runtime/loop.h"

namespace slipway::gateway {

class LiveReplicas {
 public:
  LiveReplicas(client::ApiClient& api, runtime::Loop& loop, runtime::Random& random, std::string space,
               client::CacheOptions caches = {});

  void start();
  void on_change(std::function<void()> listener) { listener_ = std::move(listener); }  // also when one has died
  bool synced() const { return leases_.synced(); }
  std::vector<ReplicaFacts> live() const;  // by identity
  // Names of Leases of replicas that have been dead for `time`.
  std::vector<std::string> dead_for(base::Duration time) const;
  // Of the controller that leads now; empty: none.
  std::string trusted() const;

 private:
  struct Seen {
    base::MonoTime at;
    base::Duration lasts;
  };
  void saw(const data::Value& before, const data::Value& after);

  runtime::Loop& loop_;
  std::string space_;
  client::Cache leases_;
  std::map<std::string, Seen> seen_;  // by name of the Lease
  std::map<std::string, runtime::Timer> ends_;
  std::function<void()> listener_;
};

}  // namespace slipway::gateway
