// The life of a pod: from what is known to what is to be done next. Pure and total; called after every note and at
// `wake_at`.
//
// Actions are asked for once: the record that comes back remembers what is under way, and the agent must note the
// outcome of each.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "data/value.h"
#include "node/lifecycle/record.h"

namespace slipway::node::lifecycle {

struct Prepare {
  auto operator<=>(const Prepare&) const = default;
};  // sandbox and volumes: note_prepared, note_prepare_failed
struct Start {
  std::string container;
  std::int64_t attempt;
  auto operator<=>(const Start&) const = default;
};
struct Signal {
  ContainerKey key;
  int signal;
  auto operator<=>(const Signal&) const = default;
};
struct Check {
  ContainerKey key;
  ProbeKind kind;
  auto operator<=>(const Check&) const = default;
};
struct PostStart {
  ContainerKey key;
  auto operator<=>(const PostStart&) const = default;
};
struct PreStop {
  ContainerKey key;
  base::Duration limit;
  auto operator<=>(const PreStop&) const = default;
};
struct Drain {
  auto operator<=>(const Drain&) const = default;
};  // sets record.drained
struct Remove {
  auto operator<=>(const Remove&) const = default;
};  // the sandbox; sets record.removed
struct Finish {
  auto operator<=>(const Finish&) const = default;
};  // the last delete, grace 0, once the status is written
struct Forget {
  ContainerKey key;
  auto operator<=>(const Forget&) const = default;
};
struct Tell {
  bool warning;
  std::string reason, message;
  auto operator<=>(const Tell&) const = default;
};  // an Event

using Action = std::variant<Prepare, Start, Signal, Check, PostStart, PreStop, Drain, Remove, Finish, Forget, Tell>;

struct Limits {
  base::Duration drain = base::seconds(10);  // longest wait for the gateway, also bounded by the grace period
};

struct Step {
  PodRecord record;  // with `status` computed
  std::vector<Action> actions;
  std::optional<base::MonoTime> wake_at;
};

Step decide(const data::Value& pod, PodRecord record, const Clock& clock, const Limits& limits = {});

}  // namespace slipway::node::lifecycle
