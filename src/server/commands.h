// The commands that start and stop things on this machine: what the command line's Backend calls.
#pragma once

#include "cli/cli.h"

namespace slipway::server {

int up(const cli::UpOptions& options);
int down(const cli::DownOptions& options);
int controller(const cli::ControllerOptions& options);
std::shared_ptr<void> standby(const cli::ControllerOptions& options);
int gateway(const cli::GatewayOptions& options);
int node(const cli::NodeOptions& options);
int image_import(const cli::ImageImportOptions& options);
int image_list(const cli::ImageListOptions& options);

}  // namespace slipway::server
