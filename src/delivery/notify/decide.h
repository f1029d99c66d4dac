// The decision about a Notification: which events of which Releases are sent now. Pure.
//
// Events come from the Releases (happenings.h); what has been dealt with is in the Notification's own status, one
// number for each Release. So a crash loses nothing: an event whose answer was not written down is sent again, with the
// same id. Of one Release an event is sent when the one before it has been dealt with. When the receiver fails, one
// event at a time is tried, at growing intervals; an event is given up `giveUpAfter` its time, and after a few attempts
// when the receiver says that it will never take it. Docs: docs/notifications.md; decision record 15.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/time.h"
#include "control/controller.h"
#include "control/decision.h"
#include "data/value.h"

namespace slipway::delivery::notify {

inline constexpr std::size_t kInFlight = 8;         // requests of one Notification at once, each of another Release
inline constexpr std::size_t kPositionsKept = 500;  // Releases whose last event is remembered
inline constexpr base::Duration kFirstWait = base::seconds(1);  // after a failure; twice as long after each in a row
inline constexpr base::Duration kLongestWait = base::minutes(5);
inline constexpr int kRefusals = 5;  // attempts with an event that the receiver does not want

struct Observation {
  data::Value notification;
  std::vector<data::Value> releases = {};             // of its namespace that have events, in name order
  std::map<std::string, control::Fact> answers = {};  // by question id
  std::set<std::string> pending = {};                 // questions under way
};

control::Decision decide(const Observation& observation, base::Time now);

// Does this Notification mean this Release?
bool means(const data::Value& notification, const data::Value& release);
// The types of events that it asks for, as in spec.events.
std::set<std::string, std::less<>> wanted_types(const data::Value& notification);
// The ids of questions that `decide` may look for.
std::vector<std::string> questions_of(const data::Value& notification, const std::vector<data::Value>& releases);

}  // namespace slipway::delivery::notify
