// Where a server is: what a URL's authority says, a unix socket, or a socket that is already connected.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace slipway::http {

struct Endpoint {
  std::string host;  // DNS name or IP address (IPv6 without brackets); empty with `socket_path` or `fd`
  std::uint16_t port = 0;
  std::string socket_path;        // a unix socket
  int fd = -1;                    // a connected stream socket, taken over; serves one request
  std::string authority() const;  // for the Host field: "host:port", "[::1]:80", "localhost" for the others
  bool operator==(const Endpoint&) const = default;
};

struct Url {
  bool tls = false;    // https
  Endpoint endpoint;   // with the scheme's port when the URL names none
  std::string target;  // path and query, at least "/"
};
// A proxy that opens tunnels (RFC 9110 section 9.3.6, CONNECT).
struct Proxy {
  Endpoint endpoint;
  std::string authorization;  // for the Proxy-Authorization field; empty: none
  bool operator==(const Proxy&) const = default;
};
// "http://user:password@host:port". Invalid otherwise: the connection to the proxy itself is plain.
base::Result<Proxy> parse_proxy(std::string_view text);

// http and https only; no user information. Invalid otherwise.
base::Result<Url> parse_url(std::string_view text);

}  // namespace slipway::http
