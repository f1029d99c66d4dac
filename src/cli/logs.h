// Which pods `logs` reads. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "cli/command_line.h"
#include "cli/verdict.h"

namespace slipway::cli {

// Pods of the version that is asked for: of a revision, of the candidate (--canary; after a rollback of the one that
// was rejected), of the stable version, or of all. NotFound, saying what to do instead, when there are none.
base::Result<std::vector<data::Value>> pods_for_logs(const Sight& sight, const Logs& logs,
                                                     std::optional<std::int64_t> revision);

}  // namespace slipway::cli
