// How a release stands, and whether that is what a person waits for. Pure.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "cli/command_line.h"
#include "data/value.h"
#include "view/view.h"

namespace slipway::cli {

// A release and what belongs to it, read at one time.
struct Sight {
  view::Objects objects = {};
  data::Value deployment = {};  // null: absent. Without a Release it stands for itself and rolls alone
  base::Time now = {};
  // What is asked for: the workload's template, with copies of its ConfigMaps where they are versioned; null: unknown.
  data::Value asked_template = {};

  bool has_release() const { return !objects.release.is_null(); }
  bool is_something() const { return has_release() || !deployment.is_null(); }  // false: nothing was read yet
};

enum class Verdict {
  Working,     // something is under way, or has not been noticed yet
  Healthy,     // what the Deployment asks for serves all users
  Paused,      // a person must say how to go on
  RolledBack,  // what the Deployment asks for was tried and rejected
  Invalid,     // the Release cannot be carried out
};
std::string_view to_text(Verdict verdict);

Verdict judge(const Sight& sight);

// What keeps it from going on: of a Release what its status says, of a Deployment alone what its pods show, since they
// were made.
std::vector<delivery::Trouble> troubles_of(const Sight& sight);

// The trouble for which waiting is in vain: it does not pass by itself, has lasted a while, and neither is expected nor
// turns the release back. Empty: there is none.
std::string hopeless(const Sight& sight);

// Why the goal can never be reached: a step that the plan does not have. Empty: nothing speaks against it.
std::string impossible(const Until& until, const Sight& sight);

// The exit code that ends the wait; nothing while it goes on.
std::optional<ExitCode> reached(const Until& until, const Sight& sight);

}  // namespace slipway::cli
