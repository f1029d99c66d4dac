#include "apiserver/watch.h"

#include "apiserver/errors.h"
#include "base/strings.h"

namespace slipway::apiserver {
namespace {

using base::fail;

base::Result<void> check_options(const Options& options) {
  if (!options.resource_version.empty() && !base::parse_uint(options.resource_version))
    return fail(bad_request("resourceVersion \"" + options.resource_version + "\" is not a number"));
  if (options.send_initial_events && options.version_match != VersionMatch::NotOlderThan)
    return fail(bad_request("sendInitialEvents requires resourceVersionMatch=NotOlderThan"));
  if (!options.send_initial_events && options.version_match != VersionMatch::Unset)
    return fail(bad_request("resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"));
  return {};
}

bool wants_existing(const Options& options) {
  return options.send_initial_events || options.resource_version.empty() || options.resource_version == "0";
}

// What a change is to a watcher that knew the object before (or not) and cares for it now (or not).
std::optional<FrameType> seen_as(bool before, bool after) {
  if (before && after) return FrameType::Modified;
  if (after) return FrameType::Added;
  if (before) return FrameType::Deleted;
  return std::nullopt;
}

}  // namespace

base::Result<std::unique_ptr<Stream>> WatchStream::open(Core& core, KindPtr kind, const ApiRequest& request) {
  if (auto fine = check_options(request.options); !fine) return fail(fine.error());
  auto selection = Selection::of(*kind, request.target, request.options);
  if (!selection) return fail(selection.error());
  return std::unique_ptr<Stream>(
      new WatchStream(core, std::move(kind), std::move(*selection), request.options, request.form));
}

WatchStream::WatchStream(Core& core, KindPtr kind, Selection selection, Options options, Form form)
    : core_(core), kind_(std::move(kind)), selection_(std::move(selection)), options_(std::move(options)), form_(form) {
  form_.encoding = Encoding::Json;
}

void WatchStream::start(StreamSink& sink) {
  sink_ = &sink;
  auto snapshot = core_.store.published();
  last_ = base::parse_uint(options_.resource_version).value_or(0);
  if (last_ > snapshot->revision()) return fail_with(too_large_version(last_, snapshot->revision()));
  if (wants_existing(options_)) {
    send_existing(*snapshot);
    last_ = snapshot->revision();
  }
  if (options_.send_initial_events && options_.allow_bookmarks) send(bookmark_frame(kind_, last_, true));
  follow();
}

void WatchStream::send_existing(const store::Snapshot& snapshot) {
  snapshot.scan(kind_->resource.qualified(), selection_.space(), nullptr, [&](const store::EntryPtr& entry) {
    if (selection_.matches(*entry)) send(core_.frames.find(FrameType::Added, kind_, entry, entry->modified));
    return true;
  });
}

void WatchStream::follow() {
  auto subscription = core_.store.watch(kind_->resource.qualified(), last_, *this);
  if (!subscription) return fail_with(subscription.error());
  subscription_ = std::move(*subscription);
  if (options_.allow_bookmarks) arm_bookmark();
  if (options_.timeout) arm_timeout();
}

void WatchStream::changed(const store::Change& change) {
  last_ = change.revision;
  if (ended_) return;
  bool before = change.previous != nullptr && selection_.matches(*change.previous);
  bool after = change.kind == store::Change::Kind::Put && selection_.matches(*change.entry);
  auto type = seen_as(before, after);
  if (!type) return;
  // A watcher that no longer cares gets the last state that it knew, under the new revision.
  bool left = *type == FrameType::Deleted && change.kind == store::Change::Kind::Put;
  send(core_.frames.find(*type, kind_, left ? change.previous : change.entry, change.revision));
}

void WatchStream::fail_with(const base::Error& error) {
  ended_ = true;
  send(error_frame(error));
  sink_->ended();
}

void WatchStream::arm_bookmark() {
  bookmark_ = core_.loop.after(core_.settings.bookmark_period, [this] {
    send(bookmark_frame(kind_, last_, false));
    arm_bookmark();
  });
}

void WatchStream::arm_timeout() {
  timeout_ = core_.loop.after(*options_.timeout, [this] {
    ended_ = true;
    bookmark_.cancel();
    subscription_.reset();
    if (options_.allow_bookmarks) send(bookmark_frame(kind_, last_, false));
    sink_->ended();
  });
}

}  // namespace slipway::apiserver
