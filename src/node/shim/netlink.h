// The few rtnetlink(7) requests that pod networks need, each sent and acknowledged before it returns.
//
// A socket belongs to the network namespace in which it was opened, for good.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "node/unique_fd.h"

namespace slipway::node::shim {

class Netlink {
 public:
  static base::Result<Netlink> open();

  base::Result<int> index_of(const std::string& link);  // NotFound
  base::Result<void> set_up(int index);
  base::Result<void> add_bridge(const std::string& name);
  // A pair of links; the peer is born in the network namespace `peer_space` (a descriptor).
  base::Result<void> add_veth(const std::string& name, const std::string& peer, int peer_space);
  base::Result<void> set_master(int index, int bridge);
  base::Result<void> remove_link(const std::string& name);
  base::Result<void> add_address(int index, const std::string& address, int prefix);  // AlreadyExists when it is there
  base::Result<void> remove_address(int index, const std::string& address, int prefix);
  base::Result<void> add_default_route(const std::string& gateway);
  // RFC 2863 state. Only 6 (up) means that frames pass: IFF_RUNNING also counts "unknown".
  base::Result<int> operational_state(int index);

 private:
  class Message;
  base::Result<std::string> ask(Message& message, bool wants_answer);
  base::Result<void> tell(Message& message);
  UniqueFd socket_;
  std::uint32_t sequence_ = 0;
};

constexpr int kOperationalUp = 6;

}  // namespace slipway::node::shim
