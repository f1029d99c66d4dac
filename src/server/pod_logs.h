// `kubectl logs`: the API server asks (apiserver/hooks.h), the node's log files answer (node/logs.h). Control loop
// only.
#pragma once

#include <string>

#include "apiserver/hooks.h"
#include "node/logs.h"
#include "runtime/loop.h"
#include "store/store.h"

namespace slipway::server {

class PodLogs final : public apiserver::LogSource {
 public:
  // `store` tells whether a container may still write.
  PodLogs(runtime::Loop& loop, std::string data_dir, const store::Store& store)
      : logs_(loop, std::move(data_dir)), store_(store) {}

  base::Result<std::unique_ptr<apiserver::LogReading>> open(const apiserver::LogRequest& request,
                                                            apiserver::LogSink& sink) override;

 private:
  node::Logs logs_;
  const store::Store& store_;
};

}  // namespace slipway::server
