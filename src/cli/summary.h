// What came of a release, appended to a file as Markdown: the summary of a pipeline's job.
#pragma once

#include <string>

#include "base/error.h"
#include "cli/verdict.h"

namespace slipway::cli {

// The file that --summary names, else $GITHUB_STEP_SUMMARY; empty: none.
std::string summary_path(const Until& until);

// `ended`: why nobody waits any more; empty when the release has ended itself.
base::Result<void> append_summary(const std::string& path, const Sight& sight, const std::string& ended);

}  // namespace slipway::cli
