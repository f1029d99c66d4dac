// From a container to a process: the two ways of putting a program onto this machine. Pure, but for looking at the
// image.
#pragma once

#include <string>

#include "base/error.h"
#include "control/ports.h"
#include "node/pod_runtime.h"
#include "node/runtimes/layout.h"
#include "node/shim/rung.h"

namespace slipway::node {

using shim::kFirstPodUser;

// Each pod has a user of its own, by the last two bytes of its address.
std::uint32_t pod_user(const std::string& ip);

// Forbidden when the pod asks for root.
base::Result<std::uint32_t> user_of(const ContainerSpec& spec, const control::HostReport& report);

// Own root (the image, read-only), network, process tree; volumes are bind mounts.
base::Result<control::ProcessSpec> isolated_process(const ContainerSpec& spec, const Layout& layout,
                                                    const control::HostReport& report);

// A plain process on a 127.x address. Its working directory lies in a tree of links to the image, in which volumes
// appear too: a program finds a volume by a path relative to its working directory. Volumes mounted elsewhere are
// refused (Invalid): the program would look for them at a path of the machine. The address is in POD_IP, the tree in
// SLIPWAY_ROOT.
base::Result<control::ProcessSpec> loopback_process(const ContainerSpec& spec, const Layout& layout,
                                                    const control::HostReport& report);

}  // namespace slipway::node
