// The administrator's stop of all releases, for commands that show how releases stand.
#pragma once

#include <string>

#include "base/time.h"
#include "cli/commands.h"

namespace slipway::cli {

// spec.stop of the ReleasePolicy; null: nothing is stopped, or this person may not know, or the cluster has no such
// kind.
data::Value find_stop(Setting& s);
// One line that ends with a line break: who, since when, why, and what ends it; empty for null.
std::string stop_text(const data::Value& stop, base::Time now);

}  // namespace slipway::cli
