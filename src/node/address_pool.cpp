#include "node/address_pool.h"

#include <algorithm>

#include "base/strings.h"

namespace slipway::node {

namespace {
constexpr unsigned kFirst = 2, kEnd = 1u << 16;
}

void AddressPool::take(const std::string& address) {
  if (!address.starts_with(range_ + ".")) return;
  used_.insert(address);
  const auto parts = base::split(address, '.');
  if (parts.size() != 4) return;
  const auto host =
      static_cast<unsigned>(base::parse_uint(parts[2]).value_or(0) * 256 + base::parse_uint(parts[3]).value_or(0));
  next_ = std::max(next_, host + 1);
}

std::optional<std::string> AddressPool::allocate() {
  for (unsigned tries = kFirst; tries < kEnd; ++tries, ++next_) {
    if (next_ >= kEnd) next_ = kFirst;
    if (next_ % 256 == 0 || next_ % 256 == 255) continue;  // look like network and broadcast addresses
    const std::string address = range_ + "." + std::to_string(next_ / 256) + "." + std::to_string(next_ % 256);
    if (!used_.insert(address).second) continue;
    ++next_;
    return address;
  }
  return std::nullopt;
}

void AddressPool::release(const std::string& address) { used_.erase(address); }

}  // namespace slipway::node
