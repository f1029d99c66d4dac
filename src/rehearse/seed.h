// One seed: a world, a user with an app and a Release, a few changes, faults for a while, and the question whether all
// ends well.
//
// Safety is asked after every durable change (checkers/). Liveness is asked at the end: once faults have stopped, every
// release comes to an end in bounded virtual time, a good version is out, a bad one is held, and then nothing is
// written any more.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"

namespace slipway::rehearse {

struct SeedOptions {
  bool faults = true;
  bool trace = false;  // prints every change of the Release's phase
};

struct SeedResult {
  std::optional<std::string> problem;  // a violated rule, or what did not come to an end
  std::string story;                   // one line: what this seed was about
  base::Duration virtual_time{};
  std::int64_t writes = 0;
  std::int64_t decisions = 0;
};

SeedResult run_seed(std::uint64_t seed, const SeedOptions& options = {});

}  // namespace slipway::rehearse
