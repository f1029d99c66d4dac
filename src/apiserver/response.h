// What the API server answers: one object, a list, bytes, or a stream; rendered to bytes only where bytes are needed.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "api/scheme.h"
#include "apiserver/request.h"
#include "base/error.h"
#include "data/value.h"
#include "store/store.h"

namespace slipway::apiserver {

// Keeps the scheme alive that the kind belongs to.
using KindPtr = std::shared_ptr<const api::Kind>;
using Bytes = std::shared_ptr<const std::string>;

class ObjectBytes;

struct Single {
  KindPtr kind;  // null for what is no stored kind: Status, Scale, reviews
  data::Value object;
};

struct Listing {
  KindPtr kind;
  std::vector<store::EntryPtr> entries;
  data::Value metadata;  // resourceVersion, continue, remainingItemCount
  ObjectBytes* bytes = nullptr;  // objects that are known as JSON already; outlives the listing
};

struct Text {
  std::string content_type;
  Bytes bytes;
};

// One watch event; its bytes are made once per form and shared by all watchers. Control loop only.
class Frame;
using FramePtr = std::shared_ptr<Frame>;

// Where a stream goes. Called on the control loop.
class StreamSink {
 public:
  virtual ~StreamSink() = default;
  virtual void frame(const FramePtr& frame, const Form& form) = 0;  // watches
  virtual void data(std::string_view bytes) = 0;                    // logs
  virtual void ended() = 0;                                         // once, last
};

// A long answer that has not begun. Control loop only; destroying it ends the stream, and the sink is not called any
// more. A sink may not destroy the stream from within a call.
class Stream {
 public:
  virtual ~Stream() = default;
  virtual std::string content_type() const = 0;
  virtual void start(StreamSink& sink) = 0;
};

struct Response {
  int status = 200;
  std::variant<std::monostate, Single, Listing, Text, std::unique_ptr<Stream>> body = {};
  std::vector<std::string> warnings = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::optional<base::Error> error = {};  // set on failure; the body is then its Status

  static Response of(base::Error error);
  static Response of(KindPtr kind, data::Value object, int status = 200);
  static Response text(std::string bytes, std::string content_type = "text/plain; charset=utf-8");
};

// Runs exactly once: on the control loop for writes and streams, for reads on the thread that asked.
using Responder = std::move_only_function<void(Response)>;

// The object of `entry` as clients see it: with resourceVersion, in the version of `kind`.
data::Value visible(const api::Kind& kind, const store::Entry& entry);
data::Value visible(const api::Kind& kind, data::Value object, store::Revision revision);
// A listing as a tree: apiVersion, kind, metadata, items.
data::Value list_value(const Listing& listing);

// A response as bytes. Any thread. A response with a stream has no bytes.
struct Rendered {
  int status = 200;
  std::string content_type = {};
  Bytes bytes = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
};
Rendered render(const Response& response, const Form& form, base::Time now);
// One object in the asked form: itself, a one-row Table or its PartialObjectMetadata.
data::Value shaped(const KindPtr& kind, const data::Value& object, const Form& form, base::Time now);

}  // namespace slipway::apiserver
