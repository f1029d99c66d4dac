// A Kubernetes-compatible API server as a function from requests to responses: no threads, no sockets.
//
// Serves the API described in Kubernetes' "API concepts" pages over a store. Used by the HTTP front (http_front.h),
// by the in-process client (local_client.h) and by the simulator.
//
// A request passes small synchronous stages: authorize, find the kind, decode, admit, validate, check preconditions,
// store, answer. Reads (get, list, tables, discovery) look at published snapshots and run on the calling thread; writes
// and watches run on the control loop, and are answered when the change is durable and published.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "apiserver/hooks.h"
#include "apiserver/request.h"
#include "apiserver/response.h"
#include "runtime/loop.h"
#include "store/store.h"

namespace slipway::apiserver {

struct Settings {
  std::string service_range = "10.96.0.0/16";  // clusterIPs; the first address belongs to default/kubernetes
  base::Duration event_ttl = base::hours(1);
  base::Duration bookmark_period = base::minutes(1);
  // Wall clock that any thread may read, for ages in tables; by default the loop's (then reads belong on the loop too).
  std::function<base::Time()> wall_clock = {};
  LogSource* logs = nullptr;  // none: pods/log answers 503
  AuditSink* audit = nullptr;
};

class ApiServer {
 public:
  ApiServer(store::Store& store, runtime::Loop& loop, runtime::Random& random, Settings settings = {});
  ~ApiServer();
  ApiServer(const ApiServer&) = delete;

  // Creates what every cluster has (bootstrap.h) where it is missing, and loads custom kinds. Once, before anything
  // else.
  void start();

  // Any thread. `request.who` is already authenticated.
  void handle(AnyRequest request, Responder responder);
  // The same on the control loop, without a detour for writes. `responder` may run before it returns.
  void run(AnyRequest request, Responder responder);

  // Answers every path that starts with `prefix`, if the caller may use it (nonResourceURLs): on the control loop, now
  // or later.
  using RawHandler = std::function<void(PathRequest, Responder)>;
  void add_raw(std::string prefix, RawHandler handler);  // before the first request
  void set_logs(LogSource* logs);                        // control loop
  void set_ready(std::function<bool()> ready);           // /readyz; before the first request; any thread may call it

  // The kinds served at this moment. Any thread.
  std::shared_ptr<const api::Scheme> scheme() const;
  // By `Settings::wall_clock`.
  base::Time wall_now() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace slipway::apiserver
