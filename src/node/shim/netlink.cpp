#include "node/shim/netlink.h"

#include <arpa/inet.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "node/posix.h"

namespace slipway::node::shim {

using base::Result;

// A request that grows: header, fixed part, attributes, nested ones closed in reverse order.
class Netlink::Message {
 public:
  template <class Body>
  Message(std::uint16_t type, std::uint16_t flags, const Body& body, std::string what) : what_(std::move(what)) {
    nlmsghdr header{.nlmsg_type = type, .nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags)};
    raw(&header, sizeof header);
    raw(&body, sizeof body);
  }

  Message& attribute(std::uint16_t type, const void* data, std::size_t size) {
    const rtattr header{static_cast<std::uint16_t>(RTA_LENGTH(size)), type};
    raw(&header, sizeof header);
    raw(data, size);
    bytes_.resize(NLMSG_ALIGN(bytes_.size()), '\0');
    return *this;
  }
  Message& text(std::uint16_t type, const std::string& s) { return attribute(type, s.c_str(), s.size() + 1); }
  Message& number(std::uint16_t type, std::uint32_t n) { return attribute(type, &n, sizeof n); }

  std::size_t begin(std::uint16_t type) {
    const std::size_t at = bytes_.size();
    attribute(type, nullptr, 0);
    return at;
  }
  void end(std::size_t at) {
    const auto size = static_cast<std::uint16_t>(bytes_.size() - at);
    std::memcpy(bytes_.data() + at, &size, sizeof size);
  }
  void raw(const void* data, std::size_t size) { bytes_.append(static_cast<const char*>(data), size); }

  std::string& finish(std::uint32_t sequence) {
    auto* header = reinterpret_cast<nlmsghdr*>(bytes_.data());
    header->nlmsg_len = static_cast<std::uint32_t>(bytes_.size());
    header->nlmsg_seq = sequence;
    return bytes_;
  }
  const std::string& what() const { return what_; }

 private:
  std::string bytes_, what_;
};

namespace {

// What an answer says about a link: index and operational state.
struct LinkFacts {
  int index = 0, state = 0;
};

LinkFacts facts_of(const std::string& answer) {
  LinkFacts facts;
  const auto* header = reinterpret_cast<const nlmsghdr*>(answer.data());
  const auto* info = static_cast<const ifinfomsg*>(NLMSG_DATA(header));
  facts.index = info->ifi_index;
  int left = static_cast<int>(IFLA_PAYLOAD(header));
  for (const rtattr* a = IFLA_RTA(info); RTA_OK(a, left); a = RTA_NEXT(a, left))
    if (a->rta_type == IFLA_OPERSTATE) facts.state = *static_cast<const std::uint8_t*>(RTA_DATA(a));
  return facts;
}

Result<in_addr> parse(const std::string& address) {
  in_addr a{};
  if (inet_pton(AF_INET, address.c_str(), &a) != 1)
    return base::fail(base::Code::Invalid, "\"" + address + "\" is not an IPv4 address");
  return a;
}

}  // namespace

Result<Netlink> Netlink::open() {
  Netlink n;
  n.socket_.reset(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!n.socket_) return os_fail("open netlink");
  return n;
}

Result<std::string> Netlink::ask(Message& message, bool wants_answer) {
  const std::uint32_t sequence = ++sequence_;
  const std::string& bytes = message.finish(sequence);
  if (send(socket_.get(), bytes.data(), bytes.size(), 0) < 0) return os_fail(message.what());
  std::string answer;
  while (true) {
    alignas(nlmsghdr) char buffer[32768];
    const ssize_t n = recv(socket_.get(), buffer, sizeof buffer, 0);
    if (n < 0) return os_fail(message.what());
    auto left = static_cast<std::uint32_t>(n);
    for (auto* h = reinterpret_cast<nlmsghdr*>(buffer); NLMSG_OK(h, left); h = NLMSG_NEXT(h, left)) {
      if (h->nlmsg_seq != sequence) continue;
      if (h->nlmsg_type != NLMSG_ERROR) {
        answer.assign(reinterpret_cast<char*>(h), h->nlmsg_len);
        continue;
      }
      const int error = static_cast<nlmsgerr*>(NLMSG_DATA(h))->error;
      if (error != 0) return base::fail(os_error(message.what(), error == -ENODEV ? ENOENT : -error));
      if (wants_answer && answer.empty()) return base::fail(base::Code::Internal, message.what() + ": no answer");
      return answer;
    }
  }
}

Result<void> Netlink::tell(Message& message) {
  auto done = ask(message, false);
  if (!done) return base::fail(done.error());
  return {};
}

Result<int> Netlink::index_of(const std::string& link) {
  Message m(RTM_GETLINK, 0, ifinfomsg{}, "find link " + link);
  m.text(IFLA_IFNAME, link);
  auto answer = ask(m, true);
  if (!answer) return base::fail(answer.error());
  return facts_of(*answer).index;
}

Result<int> Netlink::operational_state(int index) {
  Message m(RTM_GETLINK, 0, ifinfomsg{.ifi_index = index}, "look at link");
  auto answer = ask(m, true);
  if (!answer) return base::fail(answer.error());
  return facts_of(*answer).state;
}

Result<void> Netlink::set_up(int index) {
  Message m(RTM_NEWLINK, 0, ifinfomsg{.ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP}, "set link up");
  return tell(m);
}

Result<void> Netlink::add_bridge(const std::string& name) {
  Message m(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, ifinfomsg{}, "add bridge " + name);
  m.text(IFLA_IFNAME, name);
  const auto info = m.begin(IFLA_LINKINFO);
  m.attribute(IFLA_INFO_KIND, "bridge", 6);
  m.end(info);
  return tell(m);
}

Result<void> Netlink::add_veth(const std::string& name, const std::string& peer, int peer_space) {
  Message m(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, ifinfomsg{}, "add link " + name);
  m.text(IFLA_IFNAME, name);
  const auto info = m.begin(IFLA_LINKINFO);
  m.attribute(IFLA_INFO_KIND, "veth", 4);
  const auto data = m.begin(IFLA_INFO_DATA);
  const auto other = m.begin(VETH_INFO_PEER);
  const ifinfomsg body{};
  m.raw(&body, sizeof body);
  m.text(IFLA_IFNAME, peer).number(IFLA_NET_NS_FD, static_cast<std::uint32_t>(peer_space));
  m.end(other);
  m.end(data);
  m.end(info);
  return tell(m);
}

Result<void> Netlink::set_master(int index, int bridge) {
  Message m(RTM_NEWLINK, 0, ifinfomsg{.ifi_index = index}, "attach to bridge");
  m.number(IFLA_MASTER, static_cast<std::uint32_t>(bridge));
  return tell(m);
}

Result<void> Netlink::remove_link(const std::string& name) {
  Message m(RTM_DELLINK, 0, ifinfomsg{}, "remove link " + name);
  m.text(IFLA_IFNAME, name);
  return tell(m);
}

Result<void> Netlink::add_address(int index, const std::string& address, int prefix) {
  const auto a = parse(address);
  if (!a) return base::fail(a.error());
  Message m(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL,
            ifaddrmsg{.ifa_family = AF_INET,
                      .ifa_prefixlen = static_cast<std::uint8_t>(prefix),
                      .ifa_index = static_cast<std::uint32_t>(index)},
            "add address " + address);
  m.attribute(IFA_LOCAL, &*a, sizeof *a).attribute(IFA_ADDRESS, &*a, sizeof *a);
  return tell(m);
}

Result<void> Netlink::remove_address(int index, const std::string& address, int prefix) {
  const auto a = parse(address);
  if (!a) return base::fail(a.error());
  Message m(RTM_DELADDR, 0,
            ifaddrmsg{.ifa_family = AF_INET,
                      .ifa_prefixlen = static_cast<std::uint8_t>(prefix),
                      .ifa_index = static_cast<std::uint32_t>(index)},
            "remove address " + address);
  m.attribute(IFA_LOCAL, &*a, sizeof *a);
  return tell(m);
}

Result<void> Netlink::add_default_route(const std::string& gateway) {
  const auto a = parse(gateway);
  if (!a) return base::fail(a.error());
  Message m(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL,
            rtmsg{.rtm_family = AF_INET,
                  .rtm_table = RT_TABLE_MAIN,
                  .rtm_protocol = RTPROT_BOOT,
                  .rtm_scope = RT_SCOPE_UNIVERSE,
                  .rtm_type = RTN_UNICAST},
            "add route by " + gateway);
  m.attribute(RTA_GATEWAY, &*a, sizeof *a);
  return tell(m);
}

}  // namespace slipway::node::shim
