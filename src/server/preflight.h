// What is looked at before a cluster starts, so that a machine where it cannot start is left as it was.
//
// Everything that stands in the way is told at once: the folder and the modes of its secrets, a server that runs there
// already, ports that others hold, an earlier run whose pods and proxy are still there and want something else.
// Blocking; for the command line.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "cli/cli.h"

namespace slipway::server {

// Where Prometheus answers, for an API at `api_port`.
constexpr int prometheus_port(int api_port) { return api_port + 2000; }

// `options` with an absolute data folder and with ports in place of 0: those of a run whose pods and proxy are still
// there, else free ones.
base::Result<cli::UpOptions> settle_options(cli::UpOptions options);

// The error lists every obstacle as a cause, with what to do about it. Changes nothing.
base::Result<void> check_start(const cli::UpOptions& options);

}  // namespace slipway::server
