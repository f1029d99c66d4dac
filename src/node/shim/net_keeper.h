// The keeper of the node's network: a child of the shim that lives in the node's own network namespace.
//
// The shim stays in the host's network. An unprivileged process cannot come back once it has left, and so never leaves:
// what must happen inside the node's network (bridge, pod links, addresses, sockets) is asked of the keeper over a
// packet socket. The host's network is never touched. Pod links are answered for only when both ends are operationally
// up: a frame sent before that would be lost, and its repetition takes a second.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <string>

#include "base/error.h"
#include "data/value.h"
#include "node/shim/reactor.h"
#include "node/unique_fd.h"

namespace slipway::node::shim {

constexpr const char* kGatewayAddress = "10.244.0.1";
constexpr int kPodPrefix = 16;

// The shim's end.
class NetKeeper {
 public:
  using Done = std::function<void(base::Result<UniqueFd>)>;  // an invalid descriptor where none is due

  // Forks the keeper and waits until the bridge stands. The fork shares nothing but the socket.
  base::Result<void> start();
  void attach(Reactor& reactor);
  pid_t pid() const { return pid_; }
  bool running() const { return pid_ > 0; }
  int node_network() const { return node_network_.get(); }
  void ended();  // all questions fail from now on

  // {"op":"pod","name","address"} gives the pod's network; {"op":"pod-remove","name"};
  // {"op":"address-add"|"address-remove","address"};
  // {"op":"socket","domain","type"} gives a socket.
  void ask(data::Value request, Done done);

 private:
  void receive();

  pid_t pid_ = -1;
  UniqueFd socket_, node_network_;
  std::map<std::int64_t, Done> waiting_;
  std::int64_t next_ = 0;
};

}  // namespace slipway::node::shim
