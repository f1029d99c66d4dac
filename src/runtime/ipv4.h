// Socket addresses of IPv4.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstdint>
#include <string>

namespace slipway::runtime {

// 0.0.0.0 when `address` is none.
inline sockaddr_in ipv4(const std::string& address, int port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(static_cast<std::uint16_t>(port));
  inet_pton(AF_INET, address.c_str(), &out.sin_addr);
  return out;
}

}  // namespace slipway::runtime
