// The names of the planted mistakes (control/mutants.h), for the command line and for reports of tests.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "control/mutants.h"

namespace slipway::rehearse {

constexpr std::string_view name_of(control::Mutant which) {
  constexpr std::array<std::string_view, static_cast<std::size_t>(control::Mutant::kCount)> kNames = {
      "SkipTermFence",         "StatusBeforeEffects", "ForgetOwnWrite",
      "IgnoreFailureOfEffect", "DecideOnStaleCache",  "SkipInvariants",
      "SkipReadiness",         "IgnoreMinReady",      "ScaleDownFirst",
      "WeightWithoutCapacity", "SkipVerification",    "PassFailedGate",
      "NoDataIsSuccess",       "ScaleDownEarly",      "KeepAudience",
      "IgnoreWindows",         "GiveOnePlaceTooMany", "TakeTooManyPods",
      "LetAllPodsGo",          "PodsBeforeConfig",    "TrimConfigInUse",
      "PreviewUninvited",      "LeavePreview",        "WaitForNoHook",
      "PassFailedHook",        "RepeatHook",          "ForgetRollbackHooks",
      "WaitForRollbackHooks",  "ShrinkStableEarly",   "BackWithoutCapacity",
      "TroubleAtOnce",         "KeepPodsEarly"};
  return kNames[static_cast<std::size_t>(which)];
}

}  // namespace slipway::rehearse
