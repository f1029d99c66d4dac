// The runner's memory about one object of one controller. Private to the runner.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/controller.h"
#include "control/own_writes.h"
#include "control/runner.h"
#include "runtime/loop.h"

namespace slipway::control {

struct Loaded;

// A decision being carried out.
struct Run {
  Decision decision;
  std::uint64_t serial = 0;  // tells answers of an abandoned run
  std::uint64_t term = 0;
  std::size_t next = 0;  // next step: the effects, then the status
  bool writes_status = false;
  data::Value observed;  // the object as it was decided about
  std::string version;   // its resourceVersion, moved on by our own effects on it
  int lookups = 0;       // tries to find out what became of a request
};

struct Slot {
  enum class State { Idle, Queued, Waiting, Running };
  Slot(Loaded& of, ObjectName name) : of(of), name(std::move(name)) {}

  Loaded& of;
  ObjectName name;
  State state = State::Idle;
  bool dirty = false;  // changed while running
  OwnWrites writes;
  std::optional<Run> run;
  std::optional<base::Time> wake_at;
  base::MonoTime wake_by{};  // the latest: when `wake_at` was to come, had the wall clock not jumped back
  runtime::Timer wake;
  runtime::Timer pause;             // until `not_before`, when something changed meanwhile
  runtime::Timer retry;             // until `hold_until`
  base::MonoTime status_written{};  // the last time, while the slot lives
  base::MonoTime not_before{};      // no decision until then: after a failure, or to keep the controller's interval
  // After a failure: the same effects not before `hold_until`.
  std::optional<Failure> failure;
  std::vector<Effect> failed_effects;
  base::MonoTime hold_until{};
};
using SlotPtr = std::shared_ptr<Slot>;

// One controller and its queue.
struct Loaded {
  std::unique_ptr<Controller> controller;
  std::map<ObjectName, SlotPtr> slots;
  std::deque<SlotPtr> queue;
  OwnWrites writes;             // of a controller whose objects compete
  bool busy = false;            // the same: one of its decisions is being carried out
  base::MonoTime not_before{};  // the same: keeps the interval
  runtime::Timer pause;
};

}  // namespace slipway::control
