// What happened to a Release, told by two of its statuses: the one before a decision and the one after it. Pure.
//
// The Release keeps the last of them in status.events, each with a number that is never used again, and writes them
// together with the status that they come from: so none is lost or told twice by a crash (decision record 15). Only
// what a Notification of the namespace asks for is kept; without Notifications nothing is.
#pragma once

#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "data/value.h"

namespace slipway::delivery::notify {

enum class Happening : std::uint8_t {
  Started,             // a new version begins
  Step,                // a step was done
  Paused,              // waits for a person
  Waiting,             // waits for a window, a stop or its turn
  Commanded,           // a person's command was carried out or refused
  VariantStopped,      // of an A/B test: one version is taken out of it
  Halted,              // a failure that a person has to answer
  RollingBack,         // turns back
  Verified,            // the rollback is proven
  VerificationFailed,  // it is not: `checks` says what is still wrong
  RolledBack,          // the way back is at its end, the version is held
  Withdrawn,           // ended without blame: replaced, taken back or deleted
  Released,            // all users have the new version
  Stalled,             // the API refuses what it needs
  Invalid,             // the spec cannot be carried out
};
inline constexpr std::size_t kHappenings = 15;

// "RollingBack", as spec.events names it.
std::string_view to_text(Happening happening);
// "dev.slipway.release.rolling-back", the type of its CloudEvent.
std::string type_of(std::string_view happening);
// What is sent where spec.events does not say.
const std::set<std::string, std::less<>>& important();

// Events that a Release keeps.
inline constexpr std::size_t kEventsKept = 50;
// Bytes of one text in an event.
inline constexpr std::size_t kMostText = 500;

struct Event {
  Happening what;
  data::Value data;  // what is known of it: docs/notifications.md
};
// In the order in which they are told.
std::vector<Event> happenings(const data::Value& before, const data::Value& after);

// Adds to `status.events` what happened and is among `wanted` (texts of Happenings), with the time `now`. Nothing when
// nothing of it did.
void keep_events(const data::Value& before, data::Value& status, const std::set<std::string, std::less<>>& wanted,
                 base::Time now);

}  // namespace slipway::delivery::notify
