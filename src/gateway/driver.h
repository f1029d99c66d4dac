// Brings one HAProxy to what is wanted and keeps it there: observe, plan (plan.h), carry out, again, until nothing is
// left to do.
//
// The process is started through a ProcessHost and outlives this object; a later driver adopts it, and reads its whole
// state back from the command socket. A reload happens only when the structure's fingerprint differs from the running
// one's. Lives on the control loop; sockets and files are touched on its I/O thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "control/ports.h"
#include "gateway/config.h"
#include "gateway/observe.h"
#include "gateway/plan.h"
#include "gateway/proxy.h"
#include "runtime/loop.h"

namespace slipway::gateway {

struct DriverOptions {
  std::string binary = "haproxy";  // looked up in PATH and in the sbin folders
  std::string process_id = "gateway-proxy";
  std::string config_dir;  // configuration, maps, log of the process; made when absent
  std::string run_dir;     // sockets; short, since socket paths are at most 90 bytes
  control::NetworkSpace network = control::NetworkSpace::Host;
  std::string listen_address = "127.0.0.1";
  int listen_port = 0;  // in the host's network; passed to the process as fd 3. 0: no such listener
  int threads = 2;
};

class Driver {
 public:
  Driver(runtime::Loop& loop, control::ProcessHost& host, DriverOptions options);
  ~Driver();  // leaves the proxy running
  Driver(const Driver&) = delete;

  // What the proxy shall do from now on. The first call starts or adopts the process.
  void want(Structure structure, Targets targets);
  // `done` once no request can reach the pod and none is under way.
  void drain(const control::DrainGate::Pod& pod, std::move_only_function<void()> done);
  // `done` with an observation that is newer than the call, when everything that can be done at once has been done.
  void settle(std::move_only_function<void()> done);
  void on_change(std::function<void()> listener) { listener_ = std::move(listener); }  // after every settled pass

  const Observed& observed() const { return observed_; }
  bool is_applied(const std::string& rule) const { return plan_.applied.contains(rule); }
  std::string held(const std::string& rule) const;  // why not, or ""
  // Does the current worker have the structure that is wanted?
  bool is_loaded() const { return observed_.current() && observed_.current()->fingerprint == fingerprint_; }
  const std::string& problem() const { return problem_; }  // what keeps the whole proxy from working, or ""
  int reloads() const { return reloads_; }
  const ConfigPaths& paths() const { return paths_; }

 private:
  struct Impl;
  struct Pending {
    control::DrainGate::Pod pod;
    std::move_only_function<void()> done;
  };
  struct Settler {
    std::uint64_t pass;  // the first that counts
    std::move_only_function<void()> done;
  };

  // One pass; exactly one of these ends in `again` or `settled`.
  void kick();
  void pass();
  void find_process();
  void spawn();
  void spawn_with(int listener);
  void observe();
  void look_at(base::Result<Observed> result);
  bool is_reloading();
  void reload();
  void carry_out();
  void settled();
  void again(base::Duration delay);
  void fail(std::string why);

  void finish_drains();
  void forget_leavers();
  void lose_patience();
  void tell_settlers();
  template <class Work, class Then>
  void background(Work work, Then then);

  runtime::Loop& loop_;
  control::ProcessHost& host_;
  DriverOptions options_;
  ConfigPaths paths_;
  std::string socket_;
  std::unique_ptr<Impl> impl_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);

  Structure structure_;
  Targets targets_;
  std::string fingerprint_;
  std::string refused_;  // the fingerprint that the proxy could not load
  std::string loading_;  // the fingerprint that a reload is to bring
  base::MonoTime loading_since_{}, last_reload_{};
  bool wanted_ = false, running_ = false, busy_ = false, dirty_ = false;
  int busy_passes_ = 0;  // in a row that had commands, or no answer
  int idle_passes_ = 0;  // in a row that only waited
  int reloads_ = 0;
  int exits_ = 0;  // of the process, since it last worked
  int failed_reloads_ = 0;
  std::uint64_t pass_number_ = 0;
  Observed observed_;
  Plan plan_;
  LeavingPods leaving_;
  std::set<std::string> given_up_;
  std::map<std::string, base::MonoTime> last_since_;
  std::vector<Pending> drains_;
  std::vector<Settler> settlers_;
  std::string problem_;
  std::function<void()> listener_;
  runtime::Timer timer_;
};

}  // namespace slipway::gateway
