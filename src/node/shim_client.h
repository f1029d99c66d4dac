// The server's side of the shim: control::ProcessHost over a unix socket, on the control loop.
//
//   if (auto running = node::ensure_shim(options); !running) ...   // at start-up: blocks some milliseconds
//   node::ShimClient shim(loop, options);
//   shim.start();                                                  // connects; calls made before wait for that
//
// When the connection breaks, questions under way fail with Unavailable (their effect is unknown: list), and the client
// connects again, starting the shim anew if it is gone. After every connect all ended processes are told again: ends
// are told at least once.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "control/ports.h"
#include "runtime/real/loop.h"

namespace slipway::node {

struct ShimOptions {
  std::string data_dir;
  std::vector<std::string> program = {"/proc/self/exe", "shim"};  // how to start one; empty: never start one
  std::string runtime = "best";                                   // best, isolated, loopback
};

// Connects, or starts a shim and waits until it listens. Unavailable with the shim's own words when it cannot start.
base::Result<void> ensure_shim(const ShimOptions& options);
// Does one answer now? Then pods and helpers of an earlier server may still run.
bool shim_runs(const std::string& data_dir);
// Ends all processes of the data directory (SIGTERM, then SIGKILL after `grace`) and then the shim. Blocking; fine when
// none runs.
base::Result<void> stop_shim(const std::string& data_dir, base::Duration grace);

class ShimClient final : public control::ProcessHost {
 public:
  ShimClient(runtime::real::Loop& loop, ShimOptions options);
  ~ShimClient() override;

  void start();
  // Everything ends, then the shim itself.
  void shut_down(base::Duration grace, Done<bool> done);

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

 private:
  class Connection;
  std::shared_ptr<Connection> connection_;
};

}  // namespace slipway::node
