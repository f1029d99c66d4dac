// Listening sockets, by hand: one way for TCP, unix sockets and descriptors that somebody else has opened.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"
#include "http/server.h"

namespace slipway::http {

struct Listening {
  int fd;
  std::uint16_t port;  // 0 for a unix socket
};
// Non-blocking and close-on-exec.
base::Result<Listening> listen_on(const Listener& listener);

struct Accepted {
  int fd = -1;    // -1: see `error`
  int error = 0;  // errno: EAGAIN when nobody waits
  int family = 0;
  std::string address;  // as Peer::address
};
Accepted accept_from(int fd);

// Raises the soft limit on open files to the hard one and returns it.
std::size_t raise_file_limit();

}  // namespace slipway::http
