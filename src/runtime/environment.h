// The environment and arguments of a new process, as posix_spawn wants them.
#pragma once

#include <string>
#include <vector>

namespace slipway::runtime {

// Ours with these "NAME=value" added or replaced.
std::vector<std::string> environment_with(const std::vector<std::string>& added);

// For argv and envp; valid as long as `words` is.
std::vector<char*> pointers_to(const std::vector<std::string>& words);

}  // namespace slipway::runtime
