// /metrics, /healthz and /readyz of a process that serves nothing else: plain HTTP, for Prometheus and for a kubelet's
// probes.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/error.h"
#include "http/server.h"
#include "runtime/metrics.h"
#include "runtime/real/loop.h"

namespace slipway::server {

class HealthServer {
 public:
  // `listen`: "127.0.0.1:9464", "[::]:9464"; port 0: any free one. `ready` is asked on the loop; an answer to /healthz
  // means that the loop runs.
  static base::Result<std::unique_ptr<HealthServer>> start(const std::string& listen, runtime::real::Loop& loop,
                                                           runtime::Metrics& metrics, std::function<bool()> ready);
  std::string address() const;  // "127.0.0.1:9464"

 private:
  std::string host_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace slipway::server
