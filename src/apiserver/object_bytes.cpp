#include "apiserver/object_bytes.h"

#include "data/json.h"

namespace slipway::apiserver {

Bytes ObjectBytes::find(const KindPtr& kind, const store::Entry& entry) {
  std::string version = kind->resource.api_version();
  {
    std::lock_guard lock(mutex_);
    if (Bytes bytes = known(entry.modified, version)) return bytes;
  }
  return encode(*kind, entry, version);
}

std::vector<Bytes> ObjectBytes::find_all(const Listing& listing) {
  std::string version = listing.kind->resource.api_version();
  std::vector<Bytes> out;
  out.reserve(listing.entries.size());
  {
    std::lock_guard lock(mutex_);
    for (const store::EntryPtr& entry : listing.entries) out.push_back(known(entry->modified, version));
  }
  for (std::size_t i = 0; i < out.size(); ++i)
    if (out[i] == nullptr) out[i] = encode(*listing.kind, *listing.entries[i], version);
  return out;
}

Bytes ObjectBytes::encode(const api::Kind& kind, const store::Entry& entry, const std::string& version) {
  auto bytes = std::make_shared<const std::string>(data::to_json(visible(kind, entry)));
  keep(entry.modified, {version, bytes});
  return bytes;
}

std::size_t ObjectBytes::size() const {
  std::lock_guard lock(mutex_);
  return size_;
}

Bytes ObjectBytes::known(store::Revision revision, const std::string& version) const {
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
  std::vector<Bytes> items = objects.find_all(listing);
  std::size_t size = 0;
  for (const Bytes& item : items) size += item->size() + 1;
  std::string out =
      "{\"apiVersion\":" + data::to_json(data::Value(listing.kind->resource.api_version())) + ",\"items\":[";
  std::string tail = "],\"kind\":" + data::to_json(data::Value(listing.kind->list_kind)) +
                     ",\"metadata\":" + data::to_json(listing.metadata) + "}\n";
  out.reserve(out.size() + size + tail.size() + 1);
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += ',';
    out += *items[i];
  }
  return std::move(out.append(tail));
}

}  // namespace slipway::apiserver
