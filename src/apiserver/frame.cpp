#include "apiserver/frame.h"

#include "data/json.h"

namespace slipway::apiserver {
namespace {

using data::Value;

constexpr std::string_view kInitialEventsEnd = "k8s.io/initial-events-end";

// A bookmark has a version and nothing else, so that its table has no row.
Value shaped_bookmark(const KindPtr& kind, const Value& object, const Form& form, base::Time now) {
  if (form.shape == Shape::Table) return api::make_table(*kind, {}, object["metadata"], form.include, now);
  return shaped(kind, object, form, now);
}

}  // namespace

std::string_view text_of(FrameType type) {
  switch (type) {
    case FrameType::Added:
      return "ADDED";
    case FrameType::Modified:
      return "MODIFIED";
    case FrameType::Deleted:
      return "DELETED";
    case FrameType::Bookmark:
      return "BOOKMARK";
    case FrameType::Error:
      return "ERROR";
  }
  return "";
}

const Bytes& Frame::bytes(const Form& form, base::Time now) {
  Bytes& bytes = bytes_[form];
  if (bytes != nullptr) return bytes;
  Value object =
      type_ == FrameType::Bookmark ? shaped_bookmark(kind_, object_, form, now) : shaped(kind_, object_, form, now);
  std::string line = "{\"type\":\"" + std::string(text_of(type_)) + "\",\"object\":";
  data::append_json(line, object);
  line += "}\n";
  return bytes = std::make_shared<const std::string>(std::move(line));
}

FramePtr bookmark_frame(KindPtr kind, store::Revision revision, bool ends_initial_events) {
  Value object = Value::object({{"apiVersion", kind->resource.api_version()},
                                {"kind", kind->resource.kind},
                                {"metadata", Value::object({{"resourceVersion", std::to_string(revision)}})}});
  if (ends_initial_events) object.set({"metadata", "annotations", kInitialEventsEnd}, "true");
  return std::make_shared<Frame>(FrameType::Bookmark, std::move(kind), std::move(object));
}

FramePtr error_frame(const base::Error& error) {
  return std::make_shared<Frame>(FrameType::Error, nullptr, api::make_status(error));
}

FramePtr Frames::find(FrameType type, const KindPtr& kind, const store::EntryPtr& entry, store::Revision revision) {
  Slot& slot = slots_[(revision * 4 + static_cast<std::size_t>(type)) % kSlots];
  bool same = slot.frame != nullptr && slot.revision == revision && slot.type == type && slot.kind == kind;
  if (!same)
    slot = {revision, type, kind, std::make_shared<Frame>(type, kind, visible(*kind, entry->object, revision))};
  return slot.frame;
}

}  // namespace slipway::apiserver
