#include "server.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>

namespace shop {
namespace {

constexpr std::size_t kMaxHeader = 16 * 1024;
constexpr std::size_t kMaxBody = 1024 * 1024;
// After SIGTERM an idle connection is kept this long: a request that was already on its way still gets its answer.
constexpr auto kIdleLinger = std::chrono::milliseconds(150);

[[noreturn]] void die(const std::string& what) {
  std::fprintf(stderr, "shop: %s: %s\n", what.c_str(), std::strerror(errno));
  std::exit(1);
}

int listen_on(const std::string& address, int port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(static_cast<std::uint16_t>(port));
  if (inet_pton(AF_INET, address.c_str(), &where.sin_addr) != 1) die("not an IPv4 address: " + address);
  if (bind(fd, reinterpret_cast<sockaddr*>(&where), sizeof where) != 0) die("bind " + address);
  if (listen(fd, 1024) != 0) die("listen");
  return fd;
}

int signals_as_fd() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

const char* reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 411:
      return "Length Required";
    case 413:
      return "Content Too Large";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
  }
  return "Status";
}

// The value of a header in "Name: value\r\n..." text.
std::optional<std::string_view> header(std::string_view head, std::string_view name) {
  std::size_t at = head.find("\r\n");
  while (at != std::string_view::npos && at + 2 < head.size()) {
    std::string_view line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
    if (line.size() > name.size() && line[name.size()] == ':' &&
        strncasecmp(line.data(), name.data(), name.size()) == 0) {
      line.remove_prefix(name.size() + 1);
      while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
      while (!line.empty() && line.back() == ' ') line.remove_suffix(1);
      return line;
    }
    at = head.find("\r\n", at + 2);
  }
  return std::nullopt;
}

std::string render(const Answer& answer, bool close_after) {
  std::string out = "HTTP/1.1 " + std::to_string(answer.status) + " " + reason_of(answer.status) + "\r\n";
  out += "Content-Type: application/json\r\nContent-Length: " + std::to_string(answer.body.size()) + "\r\n";
  for (const auto& [name, value] : answer.headers) out += name + ": " + value + "\r\n";
  if (close_after) out += "Connection: close\r\n";
  return out + "\r\n" + answer.body;
}

}  // namespace

Server::Server(const std::string& address, int port, Handler handler) : handler_(std::move(handler)) {
  listener_ = listen_on(address, port);
  signals_ = signals_as_fd();
  poll_ = epoll_create1(EPOLL_CLOEXEC);
  for (int fd : {listener_, signals_}) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    epoll_ctl(poll_, EPOLL_CTL_ADD, fd, &event);
  }
}

void Server::run() {
  epoll_event events[256];
  while (!stopping_ || !connections_.empty()) {
    int n = epoll_wait(poll_, events, 256, wait_ms());
    for (int i = 0; i < n; ++i) {
      int fd = events[i].data.fd;
      if (fd == listener_) {
        accept_all();
      } else if (fd == signals_) {
        stop_accepting();
      } else if (auto found = connections_.find(fd); found != connections_.end()) {
        if (events[i].events & EPOLLOUT) write_to(found->second);
        found = connections_.find(fd);
        if (found != connections_.end() && (events[i].events & ~EPOLLOUT)) read_from(found->second);
      }
    }
    send_due();
    if (stopping_ && Clock::now() >= idle_until_) close_idle();
  }
}

void Server::accept_all() {
  for (int fd; (fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connections_[fd] = {.fd = fd, .serial = next_serial_++};
    epoll_event event{.events = EPOLLIN | EPOLLRDHUP, .data = {.fd = fd}};
    epoll_ctl(poll_, EPOLL_CTL_ADD, fd, &event);
  }
}

void Server::stop_accepting() {
  signalfd_siginfo info;
  while (::read(signals_, &info, sizeof info) == sizeof info) {
  }
  if (stopping_) return;
  stopping_ = true;
  idle_until_ = Clock::now() + kIdleLinger;
  accept_all();  // those that the kernel has already accepted for us
  ::close(listener_);
  listener_ = -1;
}

void Server::read_from(Connection& c) {
  char buffer[16 * 1024];
  for (;;) {
    ssize_t n = ::read(c.fd, buffer, sizeof buffer);
    if (n > 0) {
      c.in.append(buffer, static_cast<std::size_t>(n));
      if (c.in.size() > kMaxHeader + kMaxBody) return close(c);
    } else if (n < 0 && errno == EAGAIN) {
      break;
    } else {
      return close(c);
    }
  }
  if (!c.answering) parse(c);
}

void Server::refuse(Connection& c, int status) {
  c.close_after = true;
  c.answering = true;
  c.out = render({.status = status, .body = "{}\n"}, true);
  write_to(c);
}

// Takes one request off the buffer when it is complete. The next one waits until this one is answered.
void Server::parse(Connection& c) {
  std::size_t end = c.in.find("\r\n\r\n");
  if (end == std::string::npos) return c.in.size() > kMaxHeader ? refuse(c, 431) : void();
  std::string_view head(c.in.data(), end + 2);
  std::size_t method_end = head.find(' ');
  std::size_t target_end = method_end == std::string_view::npos ? method_end : head.find(' ', method_end + 1);
  if (target_end == std::string_view::npos || head.substr(target_end + 1, 7) != "HTTP/1.") return refuse(c, 400);
  if (header(head, "transfer-encoding")) return refuse(c, 411);
  std::size_t length = 0;
  if (auto text = header(head, "content-length")) length = std::strtoul(std::string(*text).c_str(), nullptr, 10);
  if (length > kMaxBody) return refuse(c, 413);
  if (c.in.size() < end + 4 + length) return;

  std::string_view target = head.substr(method_end + 1, target_end - method_end - 1);
  Request request{.method = std::string(head.substr(0, method_end)),
                  .path = std::string(target.substr(0, target.find('?'))),
                  .body = c.in.substr(end + 4, length),
                  .head = std::string(head)};
  auto connection = header(head, "connection");
  bool old = head.substr(target_end + 1, 8) == "HTTP/1.0";
  c.close_after = (connection && strncasecmp(connection->data(), "close", 5) == 0) || (old && !connection);
  c.in.erase(0, end + 4 + length);
  answer(c, request);
}

void Server::answer(Connection& c, const Request& request) {
  c.answering = true;
  Answer answer = handler_(request);
  c.close_after = c.close_after || stopping_;
  c.out = render(answer, c.close_after);
  if (answer.delay.count() == 0) return write_to(c);
  due_.emplace(Clock::now() + answer.delay, std::pair(c.fd, c.serial));
}

void Server::send_due() {
  while (!due_.empty() && due_.begin()->first <= Clock::now()) {
    auto [fd, serial] = due_.begin()->second;
    due_.erase(due_.begin());
    auto found = connections_.find(fd);
    if (found == connections_.end() || found->second.serial != serial) continue;
    found->second.answering ? write_to(found->second) : parse(found->second);
  }
}

void Server::write_to(Connection& c) {
  while (!c.out.empty()) {
    ssize_t n = ::send(c.fd, c.out.data(), c.out.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EAGAIN) {
      epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP, .data = {.fd = c.fd}};
      epoll_ctl(poll_, EPOLL_CTL_MOD, c.fd, &event);
      return;
    }
    if (n < 0) return close(c);
    c.out.erase(0, static_cast<std::size_t>(n));
  }
  if (!c.answering) return;
  c.answering = false;
  if (c.close_after) return close(c);
  epoll_event event{.events = EPOLLIN | EPOLLRDHUP, .data = {.fd = c.fd}};
  epoll_ctl(poll_, EPOLL_CTL_MOD, c.fd, &event);
  // A pipelined request is taken up in the next turn, so that a full buffer does not become a deep recursion.
  if (!c.in.empty()) due_.emplace(Clock::now(), std::pair(c.fd, c.serial));
}

void Server::close(Connection& c) {
  int fd = c.fd;
  connections_.erase(fd);
  ::shutdown(fd, SHUT_WR);
  ::close(fd);
}

void Server::close_idle() {
  std::vector<int> idle;
  for (const auto& [fd, c] : connections_) {
    if (!c.answering && c.in.empty()) idle.push_back(fd);
  }
  for (int fd : idle) close(connections_.at(fd));
  idle_until_ = Clock::now() + kIdleLinger;
}

int Server::wait_ms() const {
  auto until = Clock::time_point::max();
  if (!due_.empty()) until = due_.begin()->first;
  if (stopping_) until = std::min(until, idle_until_);
  if (until == Clock::time_point::max()) return -1;
  auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
  return static_cast<int>(std::max<long>(0, left));
}

}  // namespace shop
