// What one Release shows to Prometheus at this moment: its lines, made when it changes and only copied when it is asked
// for, so that Releases at rest cost nothing. Pure.
//
// Everything here follows from the object, and is true again after a restart. Families and labels: docs/metrics.md.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "data/value.h"

namespace slipway::delivery::evidence {

struct FamilyHead {
  std::string_view name, type, help;
};

// One index for each family, in the order of `release_families()`.
enum class Shown : std::uint8_t {
  Info,
  Replicas,
  Traffic,
  VariantReplicas,
  VariantTraffic,
  VariantRequests,
  VariantStopped,
  Step,
  Steps,
  Started,
  StepStarted,
  Waiting,
  Halted,
  Stalled,
  Trouble,
  LastResult,
  LastVerification,
  Finished,
  kCount,
};
inline constexpr std::size_t kShown = static_cast<std::size_t>(Shown::kCount);
const std::array<FamilyHead, kShown>& release_families();

// How a release can end, as status.history says it.
inline constexpr std::array<std::string_view, 6> kResults = {"Released",   "RolledBack", "Aborted",
                                                             "Superseded", "Reverted",   "Withdrawn"};
// How often this Release came to each end since this process counts; nothing is shown while `counting` is false.
struct Ends {
  bool counting = false;
  std::array<std::uint64_t, kResults.size()> ends = {};
};

// The lines of one Release, those of one family after those of another.
class Figures {
 public:
  Figures(const data::Value& release, const Ends& ends);
  std::string_view of(std::size_t family) const;
  const std::string& strategy() const { return strategy_; }
  const std::string& phase() const { return phase_; }

 private:
  void end(Shown family) { ends_[static_cast<std::size_t>(family)] = static_cast<std::uint32_t>(text_.size()); }

  std::string text_;
  std::array<std::uint32_t, kShown> ends_ = {};
  std::string strategy_, phase_;
};

// "canary", "blueGreen", "rolling", "gray" ...: the one that spec.strategy names; "unknown" for others.
std::string_view strategy_of(const data::Value& release);
// What it waits for: "Window", "PolicyWindow", "Stop", "Place" while Waiting; "Halt" or "Person" while Paused; "".
std::string_view wait_of(const data::Value& release);

}  // namespace slipway::delivery::evidence
