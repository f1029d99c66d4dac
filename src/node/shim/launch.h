// Starts one child process as a ProcessSpec says: namespaces, root, user, limits, descriptors.
//
// The child waits for `go` before it does anything, so that its parent can put it into a control group first. What goes
// wrong before exec is written as text to `error`; at exec that pipe closes without a word.
//
// With a process tree of its own, pid 1 is a small supervisor of ours: it reaps orphans, passes signals on to the
// program's process group, writes the program's wait status to `status`, and ends with it (the kernel then kills what
// is left). A process that joins a container has such a supervisor outside of it.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/error.h"
#include "control/ports.h"
#include "node/unique_fd.h"

namespace slipway::node::shim {

struct Joined {  // the process whose namespaces are entered
  pid_t pid = 0;
  bool namespaces = false;  // false: it runs without, there is nothing to enter
};

struct Launch {
  const control::ProcessSpec& spec;
  bool isolate = false;         // namespaces work on this machine
  bool user_namespace = false;  // uids cannot change: drop capabilities instead
  int network = -1;             // network namespace to enter; -1: stay
  Joined join = {};
  std::vector<int> pass_fds = {};
  std::string stage = {};  // see rootfs.h
};

// The parent's side of a child.
struct Launched {
  pid_t pid = -1;
  bool supervised = false;
  UniqueFd out, err, error, status, go;
};

base::Result<Launched> launch(const Launch& what);
// Lets the child run; destroying `go` without this ends it.
void release(Launched& child);

// Does this launch have a root and mount namespace of its own?
bool has_own_root(const Launch& what);

}  // namespace slipway::node::shim
