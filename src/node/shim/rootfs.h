// The file system that a child sees: an image folder as a read-only root, with /proc, /dev, /tmp and its mounts in
// place.
//
// Runs in the child, inside its new mount namespace, before it gives up its rights. Paths inside the root are opened
// with openat2(RESOLVE_IN_ROOT): a link in an image or in a volume never leads outside.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "control/ports.h"

namespace slipway::node::shim {

struct RootSpec {
  std::string image;  // "/" stands for the machine's own programs: /usr, /bin, /lib*, /sbin, /etc, /opt only
  std::vector<control::Mount> mounts;
  std::string stage;  // an empty folder to build on; used by many children at once
};

// Afterwards "/" is the new root, and the old one is gone from the mount namespace.
base::Result<void> enter_root(const RootSpec& spec);

// Bind mounts over paths of the host's own root, for a child that keeps it but has a mount namespace.
base::Result<void> mount_over_host(const std::vector<control::Mount>& mounts);

}  // namespace slipway::node::shim
