// Commands to a Release, and the controller's answers.
#pragma once

#include <optional>
#include <string>

#include "cli/commands.h"
#include "delivery/commands.h"

namespace slipway::cli {

// How long the controller may take to answer a command.
inline constexpr base::Duration kPatience = base::seconds(15);

// A command before it that nobody has answered yet, and for which it has to wait: a Release has one place for them. An
// abort takes the place of others.
std::optional<delivery::Command> in_the_way(const data::Value& release, const delivery::Command& command);

// What became of a command that was recorded.
struct Answer {
  bool accepted = false;
  std::string text = {};
  bool operator==(const Answer&) const = default;
};
// nullopt: nothing yet.
std::optional<Answer> answer_to(const data::Value& release, const delivery::Command& command);

// Sends the command, as soon as it may, and waits until the controller says what became of it.
ExitCode send(Setting& s, const std::string& name, delivery::Command command);

}  // namespace slipway::cli
