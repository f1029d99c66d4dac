// Connects to pods for probes: TCP and HTTP/1.1 over a socket that was made in the right network.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/time.h"
#include "node/pod_runtime.h"
#include "node/unique_fd.h"
#include "runtime/real/loop.h"

namespace slipway::node {

using Checked = std::move_only_function<void(CheckResult)>;

// `socket` is fresh and non-blocking. The answer comes on the loop, once, within `limit`.
void dial_tcp(runtime::real::Loop& loop, UniqueFd socket, const std::string& ip, int port, base::Duration limit,
              Checked done);
// Success is a status from 200 to 399, as for the kubelet; redirects are not followed. HTTPS is not verified, as for
// the kubelet.
void dial_http(runtime::real::Loop& loop, UniqueFd socket, const HttpCheck& check, base::Duration limit, Checked done);

}  // namespace slipway::node
