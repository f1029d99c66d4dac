// Addresses of pods: from a /16, each free one once around before any comes again, so that a late packet never meets a
// newer pod.
#pragma once

#include <optional>
#include <set>
#include <string>

namespace slipway::node {

class AddressPool {
 public:
  explicit AddressPool(std::string range = "10.244") : range_(std::move(range)) {}  // the first two bytes

  void take(const std::string& address);  // in use already, found at start; others than of the range are no matter
  std::optional<std::string> allocate();  // nullopt: all 65,000 are in use
  void release(const std::string& address);
  std::size_t used() const { return used_.size(); }

 private:
  std::string range_;
  std::set<std::string> used_;
  unsigned next_ = 2;  // .0.1 is the bridge
};

}  // namespace slipway::node
