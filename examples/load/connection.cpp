#include "connection.h"

#include <netinet/tcp.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

namespace load {
namespace {

std::string_view header(std::string_view head, std::string_view name) {
  for (std::size_t at = head.find("\r\n"); at != std::string_view::npos && at + 2 < head.size();
       at = head.find("\r\n", at + 2)) {
    std::string_view line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
    if (line.size() > name.size() && line[name.size()] == ':' &&
        strncasecmp(line.data(), name.data(), name.size()) == 0) {
      line.remove_prefix(name.size() + 1);
      while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
      return line;
    }
  }
  return {};
}

Fault fault_of(int error) {
  return error == ECONNRESET || error == EPIPE ? Fault::Reset : error == ETIMEDOUT ? Fault::Timeout : Fault::Closed;
}

}  // namespace

Connection& Connection::operator=(Connection&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

bool Connection::start(const sockaddr_in& target, std::string request, Sent sent) {
  request_ = std::move(request);
  sent_ = sent;
  written_ = 0;
  in_.clear();
  busy_ = true;
  reused_ = fd_ >= 0;
  if (reused_) return true;
  connected_ = false;
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(fd_, reinterpret_cast<const sockaddr*>(&target), sizeof target) == 0 || errno == EINPROGRESS) return true;
  give_up(Fault::Connect, std::string("connect: ") + std::strerror(errno));
  return false;
}

Connection::Event Connection::writable() {
  if (!connected_) {
    int error = 0;
    socklen_t length = sizeof error;
    getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0) return give_up(Fault::Connect, std::string("connect: ") + std::strerror(error));
    connected_ = true;
  }
  while (wants_write()) {
    ssize_t n = send(fd_, request_.data() + written_, request_.size() - written_, MSG_NOSIGNAL);
    if (n < 0 && errno == EAGAIN) return Event::None;
    if (n < 0) return give_up(fault_of(errno), std::string("send: ") + std::strerror(errno));
    written_ += static_cast<std::size_t>(n);
  }
  return Event::None;
}

Connection::Event Connection::readable() {
  char buffer[16 * 1024];
  for (;;) {
    ssize_t n = recv(fd_, buffer, sizeof buffer, 0);
    if (n > 0) {
      in_.append(buffer, static_cast<std::size_t>(n));
      continue;
    }
    if (n < 0 && errno == EAGAIN) return busy_ ? take_answer() : Event::None;
    int error = n < 0 ? errno : 0;
    if (!busy_) return drop(), Event::ClosedIdle;
    if (take_answer() == Event::Answered) return drop(), Event::Answered;
    return give_up(error ? fault_of(error) : Fault::Closed,
                   std::string(reused_ ? "reused" : "new") + " connection ended " +
                       (in_.empty() ? "before" : "within") + " the answer: " + (error ? std::strerror(error) : "end"));
  }
}

// Answers must carry Content-Length, or chunks that end in this buffer.
Connection::Event Connection::take_answer() {
  std::size_t end = in_.find("\r\n\r\n");
  if (end == std::string::npos) return Event::None;
  std::string_view head(in_.data(), end + 2);
  if (head.substr(0, 7) != "HTTP/1." || head.size() < 12) return give_up(Fault::Protocol, "not an HTTP answer");
  status_ = std::atoi(in_.c_str() + 9);
  version_ = header(head, "x-version");
  if (version_.empty()) version_ = "-";  // not from the app
  if (!header(head, "transfer-encoding").empty()) {
    if (!in_.ends_with("0\r\n\r\n")) return Event::None;
  } else {
    std::size_t length = std::strtoul(std::string(header(head, "content-length")).c_str(), nullptr, 10);
    if (in_.size() < end + 4 + length) return Event::None;
    if (in_.size() > end + 4 + length) return give_up(Fault::Protocol, "more bytes than Content-Length says");
  }
  busy_ = false;
  if (strncasecmp(header(head, "connection").data(), "close", header(head, "connection").empty() ? 0 : 5) == 0 &&
      !header(head, "connection").empty()) {
    drop();
  }
  in_.clear();
  return Event::Answered;
}

Connection::Event Connection::give_up(Fault fault, std::string detail) {
  fault_ = fault;
  detail_ = std::move(detail);
  drop();
  return Event::Broken;
}

void Connection::drop() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
  busy_ = false;
}

}  // namespace load
