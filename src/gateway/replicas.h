// The controller's side of a gateway with several replicas: ports that ask all that live, over HTTPS, and combine what
// they say (combine.h). A live replica that does not answer makes the answer an error that names it; a dead one is
// asked until its Lease has run out. Lives on the control loop.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "client/api_client.h"
#include "control/ports.h"
#include "gateway/live_replicas.h"
#include "gateway/replica_lease.h"
#include "http/client.h"
#include "runtime/real/loop.h"

namespace slipway::gateway {

struct ReplicasOptions {
  std::string space;           // of the Leases
  OwnCertificate certificate;  // a client's; `published` has to stand on the Lease by which we lead
  client::CacheOptions caches = {};
};

class Replicas {
 public:
  Replicas(client::ApiClient& api, runtime::real::Loop& loop, runtime::Random& random, ReplicasOptions options);
  ~Replicas();
  Replicas(const Replicas&) = delete;

  void start();
  bool any() const;                                // is there a live one?
  void on_change(std::function<void()> listener);  // after `any` has changed
  control::Port& traffic_port();
  control::Port& gateway_metrics_port();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace slipway::gateway
