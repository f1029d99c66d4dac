// The shim: a small process that owns all child processes of a node, so that they outlive the server.
//
// One thread, one epoll, no timers but the one of a shutdown. It owns pipes, wait and log files, syncs ends to disk
// before it tells of them, and talks on a unix socket (mode 600, same user or root only) as message.h describes. When
// it dies, its children die with it (PR_SET_PDEATHSIG, process trees); what could survive is killed by the next shim,
// which knows pid and start time from the journal.
//
//   slipway shim --data-dir D [--runtime best|isolated|loopback] [--foreground]
//
// Files: D/run/shim.sock, shim.lock, shim.pid, shim.journal, shim.log (its own complaints), stage/ and trial/.
#pragma once

#include <string>

#include "base/error.h"
#include "node/shim/rung.h"

namespace slipway::node {

// Returns when it is told to shut down (0) or cannot start (1, with a line on stderr). Without --foreground it returns
// 0 as soon as the socket listens, and the work goes on in the background; 1 with a line on stdout when it cannot.
int shim_main(int argc, char** argv);

namespace shim {

struct Options {
  std::string data_dir;
  Wanted wanted = Wanted::Best;
  bool foreground = false;
};

inline std::string socket_path(const std::string& data_dir) { return data_dir + "/run/shim.sock"; }

}  // namespace shim
}  // namespace slipway::node
