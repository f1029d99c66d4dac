// A ProcessHost without the shim: plain children of this process, in its own network, that end when it ends, however
// that happens. For the gateway in a pod, where nothing outlives the container, and for tests.
//
// Children are started by the thread that makes this object, which has to live as long as the children shall: the
// kernel ends them with it (prctl(2), PR_SET_PDEATHSIG). Networks of pods and node addresses are refused.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "control/ports.h"
#include "runtime/loop.h"

namespace slipway::gateway {

class ChildProcesses final : public control::ProcessHost {
 public:
  explicit ChildProcesses(runtime::Loop& loop) : loop_(loop) {}
  ~ChildProcesses() override;  // kills what is left

  void report(Done<control::HostReport> done) override;
  void spawn(control::ProcessSpec spec, Done<control::ProcessState> done) override;
  void signal(const std::string& id, int signal, Done<bool> done) override;
  void forget(const std::string& id, Done<bool> done) override;
  void list(Done<std::vector<control::ProcessState>> done) override;
  void on_exit(std::function<void(const control::ProcessState&)> listener) override;
  void make_pod_network(const std::string& name, const std::string& address, Done<bool> done) override;
  void remove_pod_network(const std::string& name, Done<bool> done) override;
  void add_node_address(const std::string& address, Done<bool> done) override;
  void remove_node_address(const std::string& address, Done<bool> done) override;
  void open_socket(control::NetworkSpace network, int domain, int type, Done<int> done) override;

  // From now on nothing is started: what ends stays ended.
  void close() { closed_ = true; }
  bool is_running(const std::string& id) const;
  std::int64_t pid_of(const std::string& id) const { return states_.at(id).pid; }

 private:
  void ended(const std::string& id, int status);
  void refuse(Done<bool> done);

  runtime::Loop& loop_;
  bool closed_ = false;
  std::map<std::string, control::ProcessState> states_;
  std::map<std::string, std::thread> waiters_;
  std::vector<std::function<void(const control::ProcessState&)>> listeners_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace slipway::gateway
