// Memory and cpu limits by control groups, version 1 or 2, where they can be written.
//
// Groups are made below the one that the shim itself is in (/proc/self/cgroup), named slipway/<name>.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"

namespace slipway::node::shim {

class Cgroups {
 public:
  // Finds the hierarchies and tries to make a group. Not usable: `why` says it.
  static Cgroups probe();
  bool usable() const { return !bases_.empty(); }
  const std::string& why() const { return why_; }

  // Idempotent; limits of 0 mean none. Group names may hold slashes.
  base::Result<void> make(const std::string& name, std::uint64_t memory_bytes, std::uint64_t cpu_millis) const;
  base::Result<void> join(const std::string& name, pid_t pid) const;
  std::uint64_t out_of_memory_kills(const std::string& name) const;
  void remove(const std::string& name) const;  // when it is empty

 private:
  struct Base {
    std::string folder;  // "/sys/fs/cgroup/memory/own/slipway"
    bool memory = false, cpu = false, unified = false;
  };
  void find_v1(std::string_view own);
  void find_v2(std::string_view own);
  std::vector<Base> bases_;
  std::string why_;
};

}  // namespace slipway::node::shim
