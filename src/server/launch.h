// Starting a server in the background and stopping it again, from the command line.
//
// `slipway up --detach` starts this same program once more in a session of its own. The child reports its progress as
// lines on its standard output (`Notifier`): "step TEXT", then "ready JSON" or "failed JSON"; after that its output
// goes to server.log.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "data/value.h"
#include "server/data_dir.h"

namespace slipway::server {

// The child's side. Without a listening parent (foreground) the same lines are for people.
class Notifier {
 public:
  // `detached`: standard output is the parent's pipe.
  explicit Notifier(bool detached) : detached_(detached) {}
  void step(const std::string& what);
  void failed(const base::Error& why);
  // Everything answers. Detached: from now on output goes to `log_path`.
  void ready(const data::Value& endpoints, const std::string& log_path);

 private:
  bool detached_;
};

// An error for people: the message, and a line for each cause.
std::string describe(const base::Error& error);

// The parent's side: runs `argv` and passes steps on until it is ready. The value is what `ready` was told.
base::Result<data::Value> start_detached(const std::vector<std::string>& argv,
                                         const std::function<void(const std::string&)>& step);

// Asks the process that holds the lock of `dir` to end, and waits for it. False: none was running.
base::Result<bool> stop_server(const DataDir& dir, base::Duration patience);

// The pid of the server that runs on `dir`; 0: none.
int running_server(const DataDir& dir);

}  // namespace slipway::server
