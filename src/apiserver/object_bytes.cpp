#include "apiserver/object_bytes.h"

#include "data/json.h"

namespace slipway::apiserver {

Bytes ObjectBytes::find(const KindPtr& kind, const store::Entry& entry) {
  std::string version = kind->resource.api_version();
  if (Bytes bytes = known(entry.modified, version)) return bytes;
  auto bytes = std::make_shared<const std::string>(data::to_json(visible(*kind, entry)));
  keep(entry.modified, {std::move(version), bytes});
  return bytes;
}

std::size_t ObjectBytes::size() const {
  std::lock_guard lock(mutex_);
  return size_;
}

Bytes ObjectBytes::known(store::Revision revision, const std::string& version) const {
  std::lock_guard lock(mutex_);
  auto found = slots_.find(revision);
  return found != slots_.end() && found->second.version == version ? found->second.bytes : nullptr;
}

void ObjectBytes::keep(store::Revision revision, Slot slot) {
  if (slot.bytes->size() > limit_) return;
  std::lock_guard lock(mutex_);
  std::size_t added = slot.bytes->size();
  auto [at, fresh] = slots_.try_emplace(revision, std::move(slot));
  if (!fresh) return;  // another thread was first, or another version of the kind is kept
  order_.push_back(revision);
  size_ += added;
  while (size_ > limit_) {
    auto oldest = slots_.find(order_.front());
    size_ -= oldest->second.bytes->size();
    slots_.erase(oldest);
    order_.pop_front();
  }
}

std::string list_json(const Listing& listing, ObjectBytes& objects) {
  std::vector<Bytes> items;
  items.reserve(listing.entries.size());
  std::size_t size = 0;
  for (const store::EntryPtr& entry : listing.entries) {
    items.push_back(objects.find(listing.kind, *entry));
    size += items.back()->size() + 1;
  }
  std::string out =
      "{\"apiVersion\":" + data::to_json(data::Value(listing.kind->resource.api_version())) + ",\"items\":[";
  std::string tail = "],\"kind\":" + data::to_json(data::Value(listing.kind->list_kind)) +
                     ",\"metadata\":" + data::to_json(listing.metadata) + "}";
  out.reserve(out.size() + size + tail.size() + 1);
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += ',';
    out += *items[i];
  }
  return out + tail;
}

}  // namespace slipway::apiserver
