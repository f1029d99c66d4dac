// One watch: what exists, then every change, as the selectors of the watcher see it. Control loop only.
//
// An object that stops matching is told as DELETED, one that starts matching as ADDED. All watchers of one change share
// its frame.
#pragma once

#include <memory>
#include <optional>

#include "apiserver/core.h"
#include "apiserver/response.h"
#include "apiserver/selection.h"

namespace slipway::apiserver {

class WatchStream final : public Stream, private store::Watcher {
 public:
  // BadRequest for options that do not go together; a revision that is too old becomes an ERROR event.
  static base::Result<std::unique_ptr<Stream>> open(Core& core, KindPtr kind, const ApiRequest& request);

  std::string content_type() const override { return "application/json"; }
  void start(StreamSink& sink) override;

 private:
  WatchStream(Core& core, KindPtr kind, Selection selection, Options options, Form form);
  void changed(const store::Change& change) override;
  void progressed(store::Revision revision) override { last_ = std::max(last_, revision); }

  void send(const FramePtr& frame) { sink_->frame(frame, form_); }
  void send_existing(const store::Snapshot& snapshot);
  void follow();
  void fail_with(const base::Error& error);
  void arm_bookmark();
  void arm_timeout();

  Core& core_;
  KindPtr kind_;
  Selection selection_;
  Options options_;
  Form form_;
  StreamSink* sink_ = nullptr;
  store::Revision last_ = 0;  // everything up to here has been told
  bool ended_ = false;
  std::unique_ptr<store::Subscription> subscription_;
  runtime::Timer bookmark_, timeout_;
};

}  // namespace slipway::apiserver
