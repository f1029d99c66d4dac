// What a controller wants done: plain data, made by pure code, acted on by the runner and nobody else.
//
// Effects are carried out in order; the first failure stops the rest, and the controller observes and decides again.
// Each effect is idempotent by identity or precondition, so that repeating a decision after a crash is harmless.
// The status is written last, and only when everything before it succeeded.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "api/resource.h"
#include "base/time.h"
#include "client/api_client.h"
#include "data/value.h"

namespace slipway::control {

// AlreadyExists counts as a failure: the next observation sees what is there.
struct Create {
  api::Resource resource;
  data::Value object;  // with a deterministic name wherever one can be derived
  // "binding": the object is posted to this subresource of the object it names. "finalize" is put there instead.
  std::string subresource = {};
  bool operator==(const Create&) const = default;
};

// Server-side apply of our own fields under the controller's field manager, with force.
struct Apply {
  api::Resource resource;
  data::Value object;
  std::string subresource = {};  // "status"
  bool operator==(const Apply&) const = default;
};

// What stands at a place of the observed object.
struct Seen {
  std::vector<std::string> path;  // of members
  data::Value value;
  bool operator==(const Seen&) const = default;
};

// A patch with preconditions: `uid` and `version` must be those of the observed object (version may be empty where the
// patch cannot clash, e.g. adding one's own finalizer). Where only a part of the object matters, `seen` takes the place
// of `version`: what else changes meanwhile does not refuse the patch. Such a body only sets members, of objects that
// are there.
struct Patch {
  api::Resource resource;
  std::string space;
  std::string name;
  std::string uid;
  std::string version;
  data::Value body;  // merge patch
  std::string subresource = {};
  std::vector<Seen> seen = {};
  bool operator==(const Patch&) const = default;
};

struct Delete {
  api::Resource resource;
  std::string space;
  std::string name;
  std::string uid;
  std::string version = {};  // optional precondition
  std::string propagation = "Background";
  std::optional<std::int64_t> grace_seconds = {};
  bool operator==(const Delete&) const = default;
};

// Asks the outside world a question; the answer is *recorded* as a fact under `id` and observed by a later decision.
// `port` names who answers ("metrics/gateway", "metrics/prometheus", "node" ...), registered with the runner.
struct Ask {
  std::string id;  // deterministic: the same question has the same id
  std::string port;
  data::Value question;
  base::Duration timeout = base::seconds(10);
  bool operator==(const Ask&) const = default;
};

// Tells the outside world to do something idempotent (start a container, program the proxy). Its outcome is a fact too,
// as for Ask.
struct Tell {
  std::string id;
  std::string port;
  data::Value order;
  base::Duration timeout = base::seconds(30);
  bool operator==(const Tell&) const = default;
};

// Drops a recorded fact that the status has taken over.
struct Forget {
  std::string id;
  bool operator==(const Forget&) const = default;
};

using Effect = std::variant<Create, Apply, Patch, Delete, Ask, Tell, Forget>;

// Something for people, written as a core/v1 Event (repeats are counted, not multiplied).
struct Note {
  enum class Kind { Normal, Warning };
  Kind kind = Kind::Normal;
  std::string reason;  // CamelCase, stable
  std::string message;
  data::Value about = {};  // null: the decided object
  bool operator==(const Note&) const = default;
};

// Why: a small tree of rule, inputs and outcome, for the decision log and `explain`.
struct Reason {
  std::string rule;  // stable identifier: "canary.step.analysis"
  std::string text;  // one sentence with the numbers
  data::Value inputs = {};
  std::vector<Reason> parts = {};
  bool operator==(const Reason&) const = default;
};

struct Decision {
  std::vector<Effect> effects = {};
  // The whole desired status; not written when null or when equal to the observed one.
  data::Value status = {};
  // It differs from the observed one only in what people watch: it need not be written sooner than this after the last
  // time that a status of this object was. Zero: at once.
  base::Duration status_may_wait = {};
  // Decide again at this time even if nothing changes; when the wall clock jumps back, after as long as it was away.
  std::optional<base::Time> wake_at = {};
  // Not again before this much time has passed, whatever changes. For decisions that look at very many objects: their
  // cost stays a small share of the time, and a storm of changes is looked at once.
  base::Duration rest = {};
  std::vector<Note> notes = {};
  std::vector<Reason> reasons = {};
  bool operator==(const Decision&) const = default;
};

}  // namespace slipway::control
