// Small files and programs of the machine, for the gateway's edges.
#pragma once

#include <optional>
#include <string>

#include "base/error.h"

namespace slipway::gateway {

// Replaces the file at once (temporary file, rename), readable by the owner only unless `mode` says more.
base::Result<void> write_file(const std::string& path, const std::string& text, int mode = 0600);
// The absolute path of a program: itself if it has a slash, else looked for in PATH and in the sbin folders.
std::optional<std::string> find_program(const std::string& name);
// The same; Unavailable with the Debian package to install when it is absent. `title` is its name for people.
base::Result<std::string> require_program(const std::string& name, const std::string& title,
                                          const std::string& package);

}  // namespace slipway::gateway
