// The one way to talk to a Kubernetes API: in process, over HTTPS, or in the simulator.
//
// Completion-based even in process: an answer never arrives before `call` has returned, and always on the control loop.
// An implementation may lose the answer of a request that took effect (`Timeout`, `Unavailable`); callers decide again
// from what they observe, they never assume.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/resource.h"
#include "base/error.h"
#include "base/time.h"
#include "data/value.h"

namespace slipway::client {

using api::Resource;

enum class Verb { Get, List, Create, Update, Patch, Delete };
enum class PatchType { Json, Merge, Strategic, Apply };

struct Request {
  Verb verb = Verb::Get;
  Resource resource;
  std::string space = {};        // namespace; empty for cluster scope, or for a list over all
  std::string name = {};
  std::string subresource = {};  // "status", "scale", "binding" ...
  data::Value body = {};         // object, patch, or DeleteOptions
  PatchType patch_type = PatchType::Merge;
  // Query options.
  std::string label_selector = {};
  std::string field_selector = {};
  std::string field_manager = {};
  bool force = false;    // apply: take conflicting fields over
  bool dry_run = false;
  bool strict = false;   // writes: unknown and duplicate fields are refused, not only warned of
  std::int64_t limit = 0;
  std::string continue_token = {};
  std::string resource_version = {};
};

using Answer = base::Result<data::Value>;  // the object, the list, or a Status of success
using Completion = std::move_only_function<void(Answer)>;

struct WatchEvent {
  enum class Kind { Added, Modified, Deleted, Bookmark };
  Kind kind;
  data::Value object;
};

class WatchSink {
 public:
  virtual ~WatchSink() = default;
  virtual void event(const WatchEvent& event) = 0;
  // Once, last; not after the handle is destroyed. Timeout: the server has ended it in its time, nothing is wrong.
  // Expired asks for a new list.
  virtual void ended(base::Error why) = 0;
};

// Destroying it ends the watch; the sink is not called any more.
class WatchHandle {
 public:
  virtual ~WatchHandle() = default;
};

struct WatchRequest {
  Resource resource;
  std::string space = {};
  std::string label_selector = {};
  std::string field_selector = {};
  std::string resource_version = {};  // strictly after; empty: start with all that exists
  std::int64_t timeout_seconds = 0;   // the server ends the watch then; 0: when it likes
};

class ApiClient {
 public:
  virtual ~ApiClient() = default;
  // A refusal with TooManyRequests did not take effect; Error::retry_after says when to come back.
  virtual void call(Request request, Completion done) = 0;
  // Always with bookmarks.
  [[nodiscard]] virtual std::unique_ptr<WatchHandle> watch(WatchRequest request, WatchSink& sink) = 0;
};

}  // namespace slipway::client
