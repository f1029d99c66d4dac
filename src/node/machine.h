// What this machine is, for its Node object.
#pragma once

#include <cstdint>
#include <string>

namespace slipway::node {

struct Machine {
  std::string host_name, kernel, os_image, machine_id, boot_id, architecture;
  std::int64_t cpus = 1, memory = 0;  // memory in bytes
};

Machine this_machine();

}  // namespace slipway::node
