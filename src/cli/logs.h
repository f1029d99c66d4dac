// Which pods `logs` reads, and where. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/verdict.h"

namespace slipway::cli {

// Pods of the version that is asked for: of a revision, of the candidate (--canary; after a rollback of the one that
// was rejected), of the stable version, or of all. NotFound, saying what to do instead, when there are none.
base::Result<std::vector<data::Value>> pods_for_logs(const Sight& sight, const Logs& logs,
                                                     std::optional<std::int64_t> revision);

struct LogSource {
  std::string pod;
  std::string container;
};
// The path of its log at the API server, as `logs` says: following, the one before, the last lines.
std::string log_path(const Setting& s, const LogSource& source, const Logs& logs);

}  // namespace slipway::cli
