// Watching a release until a goal is reached: in place on a terminal, line by line elsewhere, or in a format for
// programs.
#pragma once

#include <string>

#include "cli/commands.h"
#include "cli/show.h"
#include "cli/verdict.h"

namespace slipway::cli {

// The Release `name`, its Deployment and their pods. Without a Release, a Deployment of that name stands for itself;
// NotFound when there is neither.
base::Result<Sight> look(Setting& s, const std::string& name);

// Follows it; a server that is away for a while is waited for. Ends with the exit code of `reached`, TimedOut or
// Interrupted.
ExitCode follow(Setting& s, const std::string& name, const Until& until, Format format,
                Printed printed = Printed::Changes);

}  // namespace slipway::cli
