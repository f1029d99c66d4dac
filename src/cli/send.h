// Commands to a Release, and the controller's answers.
#pragma once

#include <string>

#include "cli/commands.h"
#include "delivery/commands.h"

namespace slipway::cli {

// How long the controller may take to answer a command.
inline constexpr base::Duration kPatience = base::seconds(15);

// Sends the command and waits until the controller says what became of it.
ExitCode send(Setting& s, const std::string& name, delivery::Command command);

}  // namespace slipway::cli
