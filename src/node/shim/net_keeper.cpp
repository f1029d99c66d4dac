#include "node/shim/net_keeper.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <deque>
#include <vector>

#include "base/hash.h"
#include "data/json.h"
#include "node/posix.h"
#include "node/shim/message.h"
#include "node/shim/netlink.h"

namespace slipway::node::shim {

using base::Result;
using data::Value;

namespace {

constexpr std::size_t kMaxPacket = 65536;
constexpr auto kLinkDeadline = std::chrono::seconds(3);
constexpr const char* kBridge = "slipway0";
constexpr const char* kPodLink = "eth0";

std::string link_name(std::string_view pod) { return "sw" + base::sha256_hex(pod).substr(0, 12); }

Result<UniqueFd> own_network() {
  UniqueFd fd(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!fd) return os_fail("open own network namespace");
  return fd;
}

// The keeper's end: the body of the child.
class Keeper {
 public:
  explicit Keeper(int socket) : socket_(socket) {}

  Result<void> prepare() {
    if (unshare(CLONE_NEWNET) != 0) return os_fail("make the node's network namespace");
    auto home = own_network();
    auto netlink = Netlink::open();
    if (!home || !netlink) return base::fail(home ? netlink.error() : home.error());
    home_ = std::move(*home);
    netlink_ = std::move(*netlink);
    auto ready =
        in_turn([&] { return loopback_up(netlink_); },  //
                [&] { return netlink_.add_bridge(kBridge); }, [&] { return note(netlink_.index_of(kBridge), bridge_); },
                [&] { return netlink_.add_address(bridge_, kGatewayAddress, kPodPrefix); },
                [&] { return netlink_.set_up(bridge_); });
    allow_low_ports();
    return ready;
  }

  void answer_home(const Result<void>& ready) { answer(0, ready, home_.get()); }

  [[noreturn]] void serve() {
    while (true) {
      pollfd p{.fd = socket_, .events = POLLIN};
      poll(&p, 1, pending_.empty() ? -1 : 1);
      if (p.revents != 0) take();
      check_pending();
    }
  }

 private:
  struct Pending {  // a pod link that is not up yet
    std::int64_t n;
    UniqueFd space;
    Netlink inside;
    int outer, inner;
    base::MonoTime deadline;
  };

  static Result<void> note(Result<int> from, int& to) {
    if (!from) return base::fail(from.error());
    to = *from;
    return {};
  }

  static Result<void> loopback_up(Netlink& netlink) {
    int lo = 0;
    return in_turn([&] { return note(netlink.index_of("lo"), lo); }, [&] { return netlink.set_up(lo); });
  }

  static void allow_low_ports() { (void)write_file("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0"); }

  void answer(std::int64_t n, const Result<void>& result, int fd = -1) {
    Value v = Value::object({{"n", n}});
    if (!result) v.set("error", to_value(result.error()));
    (void)send_with_fds(socket_, data::to_json(v), result && fd >= 0 ? std::vector<int>{fd} : std::vector<int>{});
  }

  void take() {
    char buffer[kMaxPacket];
    const ssize_t size = recv(socket_, buffer, sizeof buffer, 0);
    if (size <= 0) _exit(0);  // the shim is gone
    const Value request = data::parse_json(std::string_view(buffer, static_cast<std::size_t>(size))).value_or(Value());
    const std::int64_t n = request["n"].as_int();
    const std::string op = request["op"].str(), address = request["address"].str();
    if (op == "pod") return make_pod(n, request["name"].str(), address);
    if (op == "socket") return make_socket(n, request);
    if (op == "pod-remove")
      return answer(n, without(netlink_.remove_link(link_name(request["name"].as_string())), base::Code::NotFound));
    int lo = 0;
    if (auto found = note(netlink_.index_of("lo"), lo); !found) return answer(n, found);
    answer(n, op == "address-add" ? without(netlink_.add_address(lo, address, 32), base::Code::AlreadyExists)
                                  : without(netlink_.remove_address(lo, address, 32), base::Code::Internal));
  }

  static Result<void> without(Result<void> result, base::Code fine) {
    return !result && result.error().code == fine ? Result<void>() : result;
  }

  void make_socket(std::int64_t n, const Value& request) {
    const UniqueFd fd(::socket(static_cast<int>(request["domain"].as_int()),
                               static_cast<int>(request["type"].as_int()) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    answer(n, fd ? Result<void>() : Result<void>(os_fail("open socket")), fd.get());
  }

  void make_pod(std::int64_t n, const std::string& name, const std::string& address) {
    Pending p{.n = n, .deadline = mono_now() + kLinkDeadline};
    if (auto made = make_links(p, name, address); !made) return answer(n, made);
    pending_.push_back(std::move(p));
  }

  Result<void> make_links(Pending& p, const std::string& name, const std::string& address) {
    if (auto made = enter_fresh_space(p); !made) return made;
    const std::string outer = link_name(name);
    return in_turn([&] { return netlink_.add_veth(outer, kPodLink, p.space.get()); },
                   [&] { return note(netlink_.index_of(outer), p.outer); },
                   [&] { return note(p.inside.index_of(kPodLink), p.inner); },
                   [&] { return netlink_.set_master(p.outer, bridge_); }, [&] { return netlink_.set_up(p.outer); },
                   [&] { return p.inside.add_address(p.inner, address, kPodPrefix); },
                   [&] { return p.inside.set_up(p.inner); },
                   [&] { return p.inside.add_default_route(kGatewayAddress); });
  }

  // Visits a new network namespace just long enough to open a socket in it.
  Result<void> enter_fresh_space(Pending& p) {
    if (unshare(CLONE_NEWNET) != 0) return os_fail("make a network namespace");
    auto space = own_network();
    auto inside = Netlink::open();
    Result<void> ready =
        space && inside ? loopback_up(*inside) : Result<void>(base::fail(base::Code::Internal, "no network"));
    allow_low_ports();
    if (setns(home_.get(), CLONE_NEWNET) != 0) _exit(1);
    if (!ready) return ready;
    p.space = std::move(*space);
    p.inside = std::move(*inside);
    return {};
  }

  void check_pending() {
    for (auto it = pending_.begin(); it != pending_.end();) {
      const bool up = netlink_.operational_state(it->outer).value_or(0) == kOperationalUp &&
                      it->inside.operational_state(it->inner).value_or(0) == kOperationalUp;
      if (!up && mono_now() < it->deadline) {
        ++it;
        continue;
      }
      answer(it->n, up ? Result<void>() : Result<void>(base::fail(base::Code::Timeout, "pod link did not come up")),
             it->space.get());
      it = pending_.erase(it);
    }
  }

  int socket_;
  UniqueFd home_;
  Netlink netlink_;
  int bridge_ = 0;
  std::deque<Pending> pending_;
};

}  // namespace

Result<void> NetKeeper::start() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return os_fail("socketpair");
  UniqueFd ours(ends[0]), theirs(ends[1]);
  pid_ = fork();
  if (pid_ < 0) return os_fail("fork");
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    ours.reset();
    Keeper keeper(theirs.get());
    const auto ready = keeper.prepare();
    keeper.answer_home(ready);
    if (!ready) _exit(1);
    keeper.serve();
  }
  socket_ = std::move(ours);
  theirs.reset();
  Result<void> result = base::fail(base::Code::Unavailable, "the network keeper ended");
  waiting_[0] = [&](Result<UniqueFd> fd) {
    result = fd ? Result<void>() : Result<void>(base::fail(fd.error()));
    if (fd) node_network_ = std::move(*fd);
  };
  pollfd p{.fd = socket_.get(), .events = POLLIN};
  poll(&p, 1, -1);
  receive();
  return result;
}

void NetKeeper::attach(Reactor& reactor) {
  reactor.add(socket_.get(), EPOLLIN, [this, &reactor](std::uint32_t) {
    receive();
    if (!running()) reactor.remove(socket_.get());
  });
}

void NetKeeper::ask(Value request, Done done) {
  if (!running()) return done(base::fail(base::Code::Unavailable, "this node has no network of its own"));
  const std::int64_t n = ++next_;
  request.set("n", n);
  const std::string packet = data::to_json(request);
  if (send(socket_.get(), packet.data(), packet.size(), MSG_NOSIGNAL) < 0)
    return done(os_fail("ask the network keeper"));
  waiting_[n] = std::move(done);
}

void NetKeeper::receive() {
  char buffer[kMaxPacket];
  while (true) {
    std::deque<int> fds;
    const ssize_t size = receive_with_fds(socket_.get(), buffer, sizeof buffer, fds);
    if (size < 0) return;
    if (size == 0) return ended();
    UniqueFd fd(fds.empty() ? -1 : fds.front());
    const Value answer = data::parse_json(std::string_view(buffer, static_cast<std::size_t>(size))).value_or(Value());
    auto node = waiting_.extract(answer["n"].as_int());
    if (node.empty()) continue;
    if (answer.has("error"))
      node.mapped()(base::fail(error_of(answer["error"])));
    else
      node.mapped()(std::move(fd));
  }
}

void NetKeeper::ended() {
  pid_ = -1;
  auto waiting = std::exchange(waiting_, {});
  for (auto& [n, done] : waiting) done(base::fail(base::Code::Unavailable, "the network keeper ended"));
}

}  // namespace slipway::node::shim
