// The status of a Notification as a typed value: read from the object, changed by decisions, written back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "data/value.h"

namespace slipway::delivery::notify {

// How far the events of one Release have been dealt with.
struct Position {
  std::string release = {}, uid = {};
  std::int64_t event = 0;  // number of the last one
  std::optional<base::Time> at = {};
  bool operator==(const Position&) const = default;
};

// The receiver does not take events.
struct Failing {
  std::int64_t attempts = 0;  // in a row
  std::optional<base::Time> since = {}, next = {};
  std::string reason = {};
  std::string refused = {};  // id of the event that the receiver does not want
  std::int64_t refusals = 0;
  bool operator==(const Failing&) const = default;
};

struct State {
  std::int64_t observed_generation = 0;
  std::optional<base::Time> since = {};  // what happened before is not sent
  std::vector<Position> positions = {};  // in the order of their releases
  // Of Releases without a position everything up to here has been dealt with; unset: no position was ever dropped.
  std::optional<base::Time> dropped = {};
  std::int64_t waiting = 0;  // events that are not under way yet
  std::int64_t delivered = 0, given_up = 0, missed = 0;
  data::Value last_delivery = {}, last_given_up = {};
  std::optional<Failing> failing = {};
  data::Value conditions = {};
  bool operator==(const State&) const = default;
};

State read_state(const data::Value& status);
data::Value write_state(const State& state);

}  // namespace slipway::delivery::notify
