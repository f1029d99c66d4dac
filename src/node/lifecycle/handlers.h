// Probes and hooks as a runtime understands them. Pure.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "data/value.h"
#include "node/pod_runtime.h"

namespace slipway::node::lifecycle {

struct TcpCheck {
  std::string ip;
  int port = 0;
};
struct ExecCheck {
  std::vector<std::string> argv;
};
struct SleepHook {
  base::Duration length{0};
};
using Handler = std::variant<ExecCheck, HttpCheck, TcpCheck, SleepHook>;

// `handler` is a probe or a lifecycle handler; ports may be names of the container's ports. Invalid when nothing of it
// is known here.
base::Result<Handler> handler_of(const data::Value& handler, const data::Value& container, const std::string& pod_ip);

}  // namespace slipway::node::lifecycle
