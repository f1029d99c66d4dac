// Exit codes: which failure gives which, and how they are explained.
#pragma once

#include <string_view>

#include "base/error.h"
#include "cli/cli.h"

namespace slipway::cli {

ExitCode exit_code_of(const base::Error& error);
std::string_view exit_codes_help();

}  // namespace slipway::cli
