#include "http/listen.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace slipway::http {
namespace {

constexpr int kWaiting = 1024;  // connections that the kernel holds for us

union Address {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
  sockaddr_un local;
};

struct Named {
  Address address{};
  socklen_t size = 0;
};

base::Result<Named> address_of(const Listener& listener) {
  Named named;
  Address& a = named.address;
  if (listener.address.contains('/')) {
    if (listener.address.size() >= sizeof a.local.sun_path)
      return base::fail(base::Code::Invalid, "the path of the socket is too long: " + listener.address);
    a.local.sun_family = AF_UNIX;
    std::memcpy(a.local.sun_path, listener.address.c_str(), listener.address.size() + 1);
    named.size = sizeof a.local;
  } else if (::inet_pton(AF_INET, listener.address.c_str(), &a.v4.sin_addr) == 1) {
    a.v4.sin_family = AF_INET;
    a.v4.sin_port = htons(listener.port);
    named.size = sizeof a.v4;
  } else if (::inet_pton(AF_INET6, listener.address.c_str(), &a.v6.sin6_addr) == 1) {
    a.v6.sin6_family = AF_INET6;
    a.v6.sin6_port = htons(listener.port);
    named.size = sizeof a.v6;
  } else {
    return base::fail(base::Code::Invalid, "not an IP address to listen on: " + listener.address);
  }
  return named;
}

std::uint16_t port_of(const Address& a) {
  if (a.any.sa_family == AF_INET) return ntohs(a.v4.sin_port);
  return a.any.sa_family == AF_INET6 ? ntohs(a.v6.sin6_port) : 0;
}

std::string text_of(const Address& a) {
  char text[INET6_ADDRSTRLEN] = {};
  if (a.any.sa_family == AF_INET) {
    ::inet_ntop(AF_INET, &a.v4.sin_addr, text, sizeof text);
    return std::string(text) + ":" + std::to_string(port_of(a));
  }
  if (a.any.sa_family != AF_INET6) return "unix";
  ::inet_ntop(AF_INET6, &a.v6.sin6_addr, text, sizeof text);
  return "[" + std::string(text) + "]:" + std::to_string(port_of(a));
}

// A socket file that a dead server left behind is in the way; one that answers is not ours to remove.
void remove_stale(const Named& named) {
  struct stat status{};
  const char* path = named.address.local.sun_path;
  if (::lstat(path, &status) != 0 || !S_ISSOCK(status.st_mode)) return;
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (probe < 0) return;
  if (::connect(probe, &named.address.any, named.size) != 0 && errno == ECONNREFUSED) ::unlink(path);
  ::close(probe);
}

base::Result<void> bind_and_listen(int fd, const Named& named) {
  const int on = 1;
  const bool local = named.address.any.sa_family == AF_UNIX;
  if (local) remove_stale(named);
  if (!local) ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(fd, &named.address.any, named.size) != 0) return base::fail(base::Code::Unavailable, std::strerror(errno));
  if (local) ::chmod(named.address.local.sun_path, 0600);
  if (::listen(fd, kWaiting) != 0) return base::fail(base::Code::Unavailable, std::strerror(errno));
  return {};
}

std::uint16_t bound_port(int fd) {
  Address bound{};
  socklen_t size = sizeof bound;
  ::getsockname(fd, &bound.any, &size);
  return port_of(bound);
}

}  // namespace

base::Result<Listening> listen_on(const Listener& listener) {
  if (listener.fd >= 0) {
    ::fcntl(listener.fd, F_SETFD, FD_CLOEXEC);
    ::fcntl(listener.fd, F_SETFL, ::fcntl(listener.fd, F_GETFL) | O_NONBLOCK);
    return Listening{listener.fd, bound_port(listener.fd)};
  }
  const auto named = address_of(listener);
  if (!named) return base::fail(named.error());
  const int fd = ::socket(named->address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  auto bound = fd < 0 ? base::Result<void>(base::fail(base::Code::Unavailable, std::strerror(errno)))
                      : bind_and_listen(fd, *named);
  if (bound) return Listening{fd, bound_port(fd)};
  if (fd >= 0) ::close(fd);
  const bool local = listener.address.contains('/');
  return base::fail(base::Code::Unavailable, "cannot listen on " + listener.address +
                                                 (local ? "" : ":" + std::to_string(listener.port)) + ": " +
                                                 bound.error().message);
}

Accepted accept_from(int fd) {
  Address from{};
  socklen_t size = sizeof from;
  const int accepted = ::accept4(fd, &from.any, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (accepted < 0) return {.error = errno};
  return {.fd = accepted, .family = from.any.sa_family, .address = text_of(from)};
}

std::size_t raise_file_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

}  // namespace slipway::http
