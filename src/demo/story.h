// `slipway demo`: the story from a bare machine to a verified rollback, told by what is observed from outside.
#pragma once

#include <string>
#include <vector>

namespace slipway::demo {

// Exit code 0 only if every outcome was observed; 2 on wrong usage.
int run(const std::vector<std::string>& arguments);

}  // namespace slipway::demo
