#include "pods.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <string_view>

#include "runtime/ipv4.h"

namespace slipway::tests {
namespace {

std::string local_address(int fd) {
  sockaddr_in where{};
  socklen_t size = sizeof where;
  char text[INET_ADDRSTRLEN] = {};
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&where), &size) == 0)
    inet_ntop(AF_INET, &where.sin_addr, text, sizeof text);
  return text;
}

// To the end of the header; false: the other side went away.
bool read_head(int fd, std::string& text) {
  char buffer[4096];
  while (text.find("\r\n\r\n") == std::string::npos) {
    const ssize_t n = recv(fd, buffer, sizeof buffer, 0);
    if (n <= 0) return false;
    text.append(buffer, static_cast<std::size_t>(n));
  }
  return true;
}

void send_all(int fd, const std::string& text) { (void)!send(fd, text.data(), text.size(), MSG_NOSIGNAL); }

}  // namespace

Pods::Pods() {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  stop_ = eventfd(0, EFD_CLOEXEC);
  const int on = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in where = runtime::ipv4("0.0.0.0", 80);
  EXPECT_EQ(bind(listener_, reinterpret_cast<const sockaddr*>(&where), sizeof where), 0);
  EXPECT_EQ(listen(listener_, 1024), 0);
  thread_ = std::thread([this] { serve(); });
}

Pods::~Pods() {
  const std::uint64_t one = 1;
  (void)!write(stop_, &one, sizeof one);
  thread_.join();
  close(listener_);
  close(stop_);
}

void Pods::fail_on(const std::set<std::string>& addresses) {
  std::lock_guard lock(mutex_);
  failing_ = addresses;
}

std::int64_t Pods::answered_by(const std::string& address) const {
  std::lock_guard lock(mutex_);
  const auto found = answered_.find(address);
  return found == answered_.end() ? 0 : found->second;
}

// One connection after the other: requests are short, and each has a connection of its own.
void Pods::serve() {
  for (;;) {
    pollfd fds[2] = {{.fd = stop_, .events = POLLIN, .revents = 0}, {.fd = listener_, .events = POLLIN, .revents = 0}};
    if (poll(fds, 2, -1) < 0) continue;
    if (fds[0].revents) return;
    const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) continue;
    const timeval limit{.tv_sec = 5, .tv_usec = 0};
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    answer(connection);
    close(connection);
  }
}

void Pods::answer(int connection) {
  std::string head;
  if (!read_head(connection, head)) return;
  const std::string own = local_address(connection);
  bool fails = false;
  {
    std::lock_guard lock(mutex_);
    ++answered_[own];
    fails = failing_.contains(own);
  }
  send_all(connection, std::string("HTTP/1.1 ") + (fails ? "500 Bad" : "200 OK") +
                           "\r\nConnection: close\r\nX-Pod: " + own + "\r\nContent-Length: 0\r\n\r\n");
  shutdown(connection, SHUT_WR);
}

Got request(const std::string& address, int port, const std::string& host, const std::string& user) {
  Got out;
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval limit{.tv_sec = 10, .tv_usec = 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  const sockaddr_in where = runtime::ipv4(address, port);
  std::string text;
  if (connect(fd, reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0) {
    send_all(fd, "GET / HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n" +
                     (user.empty() ? "" : "x-user-id: " + user + "\r\n") + "\r\n");
    if (read_head(fd, text)) out.status = std::atoi(text.c_str() + 9);
    const auto same = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
    constexpr std::string_view kName = "\r\nx-pod: ";
    if (const auto at = std::ranges::search(text, kName, same); !at.empty())
      out.pod = std::string(at.end(), std::find(at.end(), text.end(), '\r'));
  }
  close(fd);
  return out;
}

Load::Load(std::string address, int port, std::string host)
    : thread_([this, address = std::move(address), port, host = std::move(host)] {
        while (!stop_) {
          const Got got = request(address, port, host);
          std::lock_guard lock(mutex_);
          ++answers_[got.status];
        }
      }) {}

Load::~Load() {
  if (thread_.joinable()) end();
}

std::map<int, std::int64_t> Load::end() {
  stop_ = true;
  thread_.join();
  return answers_;
}

}  // namespace slipway::tests
