// For tests: a TCP relay on loopback in front of a server, whose connections can be cut, frozen or slowed; or an HTTP
// proxy that opens tunnels.
//
// A thread of its own. All functions may be called from any thread.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <list>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace slipway::http {

class TestRelay {
 public:
  // To this port. `proxy`: expects a CONNECT first, with this Proxy-Authorization value unless empty, and leads to the
  // port that it names.
  explicit TestRelay(std::uint16_t target, bool proxy = false, std::string authorization = {})
      : target_(target),
        proxy_(proxy),
        authorization_(std::move(authorization)),
        listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_in at = loopback(0);
    socklen_t size = sizeof at;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&at), size) != 0 || ::listen(listener_, 64) != 0) std::abort();
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
    if (::pipe2(wake_, O_CLOEXEC | O_NONBLOCK) != 0) std::abort();
    thread_ = std::thread([this] { run(); });
  }
  ~TestRelay() {
    stop_ = true;
    poke();
    thread_.join();
    for (int fd : {listener_, wake_[0], wake_[1]}) ::close(fd);
  }
  TestRelay(const TestRelay&) = delete;

  std::uint16_t port() const { return port_; }
  int accepted() const { return accepted_; }
  std::size_t relayed() const { return relayed_; }  // bytes from the server

  void cut() { cut_ = true, poke(); }               // closes all connections that there are now
  void freeze(bool on) { frozen_ = on, poke(); }    // nothing gets through, but connections stay open: a half-open peer
  void refuse(bool on) { refusing_ = on, poke(); }  // new connections are closed at once
  // What comes from now on arrives so much later, in each direction; its end does, too.
  void delay(std::chrono::milliseconds by) { delay_ms_ = by.count(), poke(); }

 private:
  using Clock = std::chrono::steady_clock;
  struct Chunk {
    Clock::time_point due;
    std::string bytes;  // empty: the end
  };
  struct Way {
    std::deque<Chunk> under_way = {};
    bool ended = false;  // nothing more will come
  };
  struct Pair {
    int client = -1, server = -1;
    std::string head = {};  // of a CONNECT that is not complete yet
    Way up = {}, down = {};
    bool done = false;
  };

  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons(port);
    return at;
  }
  void poke() { (void)!::write(wake_[1], "x", 1); }

  static int dial(std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in at = loopback(port);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0) return fd;
    ::close(fd);
    return -1;
  }

  static void close_pair(Pair& pair) {
    // A reset, as a broken network path shows itself.
    const linger hard{.l_onoff = 1, .l_linger = 0};
    for (int fd : {pair.client, pair.server}) {
      if (fd < 0) continue;
      ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
      ::close(fd);
    }
    pair.done = true;
  }

  void take_new() {
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) return;
    ++accepted_;
    Pair pair{.client = client};
    if (!refusing_ && !proxy_) pair.server = dial(target_);
    if (refusing_ || (!proxy_ && pair.server < 0)) return close_pair(pair);
    pairs_.push_back(std::move(pair));
  }

  void open_way(Pair& pair) {
    char buffer[4096];
    const ssize_t n = ::recv(pair.client, buffer, sizeof buffer, 0);
    if (n <= 0) return close_pair(pair);
    pair.head.append(buffer, static_cast<std::size_t>(n));
    if (!pair.head.ends_with("\r\n\r\n")) return;
    const auto colon = pair.head.find(':');
    const bool known = authorization_.empty() || pair.head.contains("Proxy-Authorization: " + authorization_ + "\r\n");
    pair.server = known && pair.head.starts_with("CONNECT ")
                      ? dial(static_cast<std::uint16_t>(std::atoi(pair.head.c_str() + colon + 1)))
                      : -1;
    const std::string answer = !known ? "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
                               : pair.server < 0 ? "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"
                                                 : "HTTP/1.1 200 Connection established\r\n\r\n";
    (void)!::send(pair.client, answer.data(), answer.size(), MSG_NOSIGNAL);
    if (pair.server < 0) {
      ::shutdown(pair.client, SHUT_WR);
      pair.head.clear();
    }
  }

  void take(int from, Way& way, bool count) {
    char buffer[65536];
    const ssize_t n = ::recv(from, buffer, sizeof buffer, 0);
    way.ended = n <= 0;
    if (n > 0 && count) relayed_ += static_cast<std::size_t>(n);
    way.under_way.push_back({Clock::now() + std::chrono::milliseconds(delay_ms_),
                             std::string(buffer, n > 0 ? static_cast<std::size_t>(n) : 0)});
  }
  // What is due. False when that side has ended.
  static bool pass(Way& way, int to) {
    for (; !way.under_way.empty() && way.under_way.front().due <= Clock::now(); way.under_way.pop_front()) {
      const std::string& bytes = way.under_way.front().bytes;
      if (bytes.empty()) return false;
      for (std::size_t sent = 0; sent < bytes.size();) {
        const ssize_t step = ::send(to, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
        if (step <= 0) return false;
        sent += static_cast<std::size_t>(step);
      }
    }
    return true;
  }

  void serve(Pair& pair, bool from_client, bool from_server) {
    if (pair.server < 0) {
      if (from_client) open_way(pair);
      return;
    }
    if (from_client) take(pair.client, pair.up, false);
    if (from_server) take(pair.server, pair.down, true);
    if (!frozen_ && (!pass(pair.up, pair.server) || !pass(pair.down, pair.client))) close_pair(pair);
  }

  // Until the next chunk is due; -1: none is under way.
  int patience() const {
    auto next = Clock::time_point::max();
    for (const Pair& pair : pairs_)
      for (const Way* way : {&pair.up, &pair.down})
        if (!way->under_way.empty()) next = std::min(next, way->under_way.front().due);
    if (frozen_ || next == Clock::time_point::max()) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - Clock::now()).count();
    return static_cast<int>(std::max<std::int64_t>(left, 0));
  }

  void run() {
    while (!stop_) {
      std::vector<pollfd> waiting = {{wake_[0], POLLIN, 0}, {listener_, POLLIN, 0}};
      for (const Pair& pair : pairs_) {
        waiting.push_back({frozen_ || pair.up.ended ? -1 : pair.client, POLLIN, 0});
        waiting.push_back({frozen_ || pair.down.ended ? -1 : pair.server, POLLIN, 0});
      }
      ::poll(waiting.data(), waiting.size(), patience());
      char drop[64];
      while (::read(wake_[0], drop, sizeof drop) > 0) {
      }
      std::size_t at = 2;
      for (Pair& pair : pairs_) {
        serve(pair, waiting[at].revents != 0, waiting[at + 1].revents != 0);
        at += 2;
      }
      if (waiting[1].revents != 0) take_new();
      if (cut_.exchange(false))
        for (Pair& pair : pairs_) close_pair(pair);
      pairs_.remove_if([](const Pair& pair) { return pair.done; });
    }
    for (Pair& pair : pairs_) close_pair(pair);
  }

  std::uint16_t target_, port_ = 0;
  bool proxy_;
  std::string authorization_;
  int listener_;
  int wake_[2];
  std::list<Pair> pairs_;
  std::atomic<bool> stop_ = false, cut_ = false, frozen_ = false, refusing_ = false;
  std::atomic<int> accepted_ = 0;
  std::atomic<std::int64_t> delay_ms_ = 0;
  std::atomic<std::size_t> relayed_ = 0;
  std::thread thread_;
};

}  // namespace slipway::http
