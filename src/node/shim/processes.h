// The children of a shim: from spawn to the record of their end.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "control/ports.h"
#include "node/shim/cgroup.h"
#include "node/shim/journal.h"
#include "node/shim/launch.h"
#include "node/shim/log_writer.h"
#include "node/shim/reactor.h"

namespace slipway::node::shim {

struct Ground {  // what processes stand on
  control::HostReport report;
  Cgroups cgroups;
  std::string stage;
};

class Processes {
 public:
  using Started = std::function<void(base::Result<control::ProcessState>)>;
  using Ended = std::function<void(const control::ProcessState&)>;

  Processes(Reactor& reactor, Journal& journal, const Ground& ground, Ended ended);

  // Takes over what earlier shims left: ends stay to be told, survivors are killed and count as killed.
  void recover();
  void spawn(const control::ProcessSpec& spec, int network, std::vector<int> pass_fds, Started done);
  base::Result<void> signal(const std::string& id, int signal);
  base::Result<void> forget(const std::string& id);
  std::vector<control::ProcessState> list() const;
  bool any_running() const;
  void signal_all(int signal);
  // After SIGCHLD: a child of ours has ended. False: not one of these.
  bool reaped(pid_t pid, int status);
  void sync();  // makes ends durable and then tells them; once per turn

 private:
  struct Process {
    control::ProcessSpec spec;
    control::ProcessState state;
    Launched child;
    LogWriter log;
    Started started;  // until exec has worked or failed
    std::string failure;
  };

  base::Result<Launch> plan(const Process& p, int network, std::vector<int> pass_fds) const;
  base::Result<void> start(Process& p, int network, std::vector<int> pass_fds);
  void watch(Process& p);
  void settle(Process& p);                            // the error pipe has said what it had to say
  bool drain(Process& p, Stream stream, int rounds);  // false: the pipe is at its end
  void finish(Process& p, int status);
  void unwatch(UniqueFd& fd);
  bool is_transient(const Process& p) const { return p.spec.capture > 0; }

  Reactor& reactor_;
  Journal& journal_;
  const Ground& ground_;
  Ended ended_;
  std::map<std::string, std::unique_ptr<Process>> processes_;
  std::map<pid_t, std::string> by_pid_;
  std::vector<control::ProcessState> untold_;
};

}  // namespace slipway::node::shim
