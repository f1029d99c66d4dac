// How programs of this binary that live beside a cluster find it.
#pragma once

#include <string>

#include "base/error.h"
#include "client/kubeconfig.h"

namespace slipway::server {

// `kubeconfig` as typed; empty: the usual places. `context` empty: the current one.
base::Result<client::Connection> find_connection(const std::string& kubeconfig, const std::string& context);

}  // namespace slipway::server
