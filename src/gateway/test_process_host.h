// A ProcessHost for tests: plain children of this process, in its own network. Like the real one it can be shared by
// several drivers in turn, so that a restarted gateway finds its proxy again. Kills what is left at its end.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "control/ports.h"
#include "runtime/loop.h"

namespace slipway::gateway::test {

class DirectProcessHost final : public control::ProcessHost {
 public:
  explicit DirectProcessHost(runtime::Loop& loop) : loop_(loop) {}
  ~DirectProcessHost() override;

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

  std::int64_t pid_of(const std::string& id) const { return states_.at(id).pid; }

 private:
  void ended(const std::string& id, int status);

  runtime::Loop& loop_;
  std::map<std::string, control::ProcessState> states_;
  std::map<std::string, std::thread> waiters_;
  std::vector<std::function<void(const control::ProcessState&)>> listeners_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace slipway::gateway::test
