// What people may ask of a Release, and how a client says it: merge patches for the CLI, the dashboard or kubectl.
//
// `pause` and `resume` are the field spec.paused. The others are one annotation, `slipway.dev/command`, a JSON object
// with a fresh id; the controller carries out each id once and records the outcome in status.command {id, verb, by,
// reason, result, at}.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "data/value.h"

namespace slipway::delivery {

enum class Verb {
  Promote,      // go on: approval, wait, undecided analysis
  PromoteFull,  // go on and skip all that follows
  PromoteNow,   // as Promote, and outside of the Release's windows until this release has ended; says why
  PromoteTo,    // go on with a later step, and skip what lies between
  Abort,        // traffic to stable now; the revision is rejected
  Retry,        // start a rejected revision again, or repeat an undecided analysis
  Back,         // the traffic of the step before, and wait there for a person
  Undo,         // the Deployment's template becomes that of an older revision
};
std::string_view to_text(Verb verb);  // in the annotation and in status.command

struct Command {
  std::string id;  // new for every command
  Verb verb = Verb::Promote;
  std::string by = {};  // who, for the log
  std::string reason = {};
  std::optional<std::int64_t> revision = {};  // for Undo; absent: the version before
  std::optional<std::int64_t> step = {};      // for PromoteTo, counted from 1
  bool operator==(const Command&) const = default;
};

// As it is typed: "promote --to-step 3", "undo --to 2".
std::string typed(const Command& command);

data::Value command_patch(const Command& command);  // merge patch of a Release
data::Value pause_patch(bool paused);               // merge patch of a Release

// The command that a Release carries. nullopt: none. An error: an annotation that is no command.
base::Result<std::optional<Command>> command_of(const data::Value& release);

}  // namespace slipway::delivery
