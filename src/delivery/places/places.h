// How many releases are under way at once: places, which the ReleasePolicy gives in the order in which releases wanted
// to begin.
//
// A Release that wants to begin claims a place with a ticket in its status (state.h) and begins once `status.places` of
// the ReleasePolicy has that ticket. One decision at a time writes that list, with the version it was decided from as
// precondition, so the cap holds exactly, also over a change of leadership: a place is taken back only from a Release
// that was seen to have dropped its claim, never from one that is not yet seen to have made it. Releases that are under
// way when the cap comes keep on, and ways back do not ask; both count.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "control/decision.h"
#include "data/value.h"

namespace slipway::delivery::places {

inline constexpr std::size_t kQueueShown = 10;

struct Caps {
  std::optional<std::int64_t> cluster = {}, space = {};
  bool any() const { return cluster || space; }
};
Caps caps_of(const data::Value& policy);

bool has_place(const data::Value& policy, std::string_view uid, std::int64_t ticket);
// Why this Release waits: "waits for its turn: 3 releases are under way, the cap is 3; 2nd in the queue"
std::string queue_text(const data::Value& policy, const data::Value& release);

// Does this Release's status ask for another decision about the places?
bool concerns(const data::Value& policy, const data::Value& release);

control::Decision decide(const data::Value& policy, const std::vector<data::Value>& releases);

}  // namespace slipway::delivery::places
