// One watch event, made once and shared by every watcher that gets it.
//
// A change of an object reaches many watchers; its tree, and its bytes in each form, are made on first use and kept
// with the frame. `Frames` finds the frame again for the next watcher of the same change. Control loop only.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>

#include "apiserver/response.h"
#include "base/error.h"
#include "store/store.h"

namespace slipway::apiserver {

enum class FrameType { Added, Modified, Deleted, Bookmark, Error };
std::string_view text_of(FrameType type);  // "ADDED" ...

class Frame {
 public:
  Frame(FrameType type, KindPtr kind, data::Value object)
      : type_(type), kind_(std::move(kind)), object_(std::move(object)) {}
  FrameType type() const { return type_; }
  const data::Value& object() const { return object_; }
  // `{"type":"ADDED","object":{...}}` and a newline.
  const Bytes& bytes(const Form& form, base::Time now);

 private:
  FrameType type_;
  KindPtr kind_;
  data::Value object_;
  std::map<Form, Bytes> bytes_;
};

FramePtr bookmark_frame(KindPtr kind, store::Revision revision, bool ends_initial_events);
FramePtr error_frame(const base::Error& error);

class Frames {
 public:
  // The frame of `type` for `entry` as changed by `revision`.
  FramePtr find(FrameType type, const KindPtr& kind, const store::EntryPtr& entry, store::Revision revision);

 private:
  struct Slot {
    store::Revision revision = 0;
    FrameType type = FrameType::Added;
    KindPtr kind;
    FramePtr frame;
  };
  // Recent changes, by revision and type: all watchers of one change are told one after the other, so a few slots
  // serve.
  static constexpr std::size_t kSlots = 128;
  std::array<Slot, kSlots> slots_ = {};
};

}  // namespace slipway::apiserver
