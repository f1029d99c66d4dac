// Addresses of Services: clusterIPs from a configured range, node ports from 30000-32767.
//
// What is taken is read off the Services of the snapshot, so there is no second book that could disagree. The first
// address of the range belongs to default/kubernetes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "data/value.h"
#include "store/store.h"

namespace slipway::apiserver {

class AddressRange {
 public:
  static base::Result<AddressRange> parse(std::string_view cidr);  // IPv4, prefix length 8 to 30
  bool contains(std::uint32_t address) const { return address > first_ && address < last_; }
  std::string at(std::uint32_t offset) const;  // 1 is the first usable address
  std::uint32_t usable() const { return last_ - first_ - 1; }
  std::uint32_t first() const { return first_; }  // the network's own, never given out
  const std::string& text() const { return text_; }

 private:
  std::uint32_t first_ = 0, last_ = 0;
  std::string text_;
};

std::optional<std::uint32_t> parse_ipv4(std::string_view text);
std::string format_ipv4(std::uint32_t address);

// Fills in clusterIP(s) and node ports of a Service that is being created (`old` null) or updated; problems with
// asked-for ones are appended. `seed` spreads the choice.
void assign_addresses(const AddressRange& range, const store::Snapshot& snapshot, std::uint64_t seed,
                      data::Value& service, const data::Value& old, std::vector<base::Cause>& problems);

}  // namespace slipway::apiserver
