// Objects as JSON, kept from one list to the next, so that a long list costs little more than copying its bytes.
//
// A revision names one state of one object forever, so an entry never goes stale; the oldest ones leave when the limit
// is reached. Any thread.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "apiserver/response.h"

namespace slipway::apiserver {

class ObjectBytes {
 public:
  explicit ObjectBytes(std::size_t limit) : limit_(limit) {}

  // The bytes of `visible(kind, entry)`.
  Bytes find(const KindPtr& kind, const store::Entry& entry);
  std::vector<Bytes> find_all(const Listing& listing);  // in its order
  std::size_t size() const;                             // bytes kept

 private:
  struct Slot {
    std::string version;  // the API version it is shown in
    Bytes bytes;
  };
  Bytes known(store::Revision revision, const std::string& version) const;  // under the lock
  Bytes encode(const api::Kind& kind, const store::Entry& entry, const std::string& version);
  void keep(store::Revision revision, Slot slot);

  const std::size_t limit_;
  mutable std::mutex mutex_;
  std::unordered_map<store::Revision, Slot> slots_;
  std::deque<store::Revision> order_;  // oldest first
  std::size_t size_ = 0;
};

// A listing as JSON text, with a newline at its end.
std::string list_json(const Listing& listing, ObjectBytes& objects);

}  // namespace slipway::apiserver
