#include "rehearse/seed.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/sanitizer.h"
#include "control/mutants.h"
#include "rehearse/mutant_names.h"

namespace slipway::rehearse {
namespace {

using control::Mutant;
using control::PlantedMutant;
using delivery::plan::WorkloadKind;

constexpr int kSeeds = 200;
constexpr int kSeedsOfARouter = 40;

TEST(Simulation, EverySeedEndsWell) {
  for (int seed = 1; seed <= base::rounds_here(kSeeds); ++seed) {
    const SeedResult result = run_seed(seed);
    EXPECT_FALSE(result.problem) << "seed " << seed << " (" << result.story << "): " << result.problem.value_or("");
  }
}

TEST(Simulation, WithoutFaultsToo) {
  for (int seed = 1; seed <= base::rounds_here(20); ++seed) {
    const SeedResult result = run_seed(seed, {.faults = false});
    EXPECT_FALSE(result.problem) << "seed " << seed << " (" << result.story << "): " << result.problem.value_or("");
  }
}

class OtherRouters : public ::testing::TestWithParam<Router> {};

// Fewer seeds of each: what they have in common is decided in one place for all of them.
TEST_P(OtherRouters, EverySeedEndsWell) {
  const int seeds = GetParam() == Router::Service ? kSeeds : kSeedsOfARouter;
  for (int seed = 1; seed <= base::rounds_here(seeds); ++seed) {
    const SeedResult result = run_seed(seed, {.router = GetParam()});
    EXPECT_FALSE(result.problem) << "seed " << seed << " (" << result.story << "): " << result.problem.value_or("");
  }
}

INSTANTIATE_TEST_SUITE_P(All, OtherRouters, ::testing::ValuesIn(std::begin(kRouters) + 1, std::end(kRouters)),
                         [](const auto& info) { return std::string(to_text(info.param)); });

TEST(Simulation, BlueGreenToo) {
  for (const Router router : {Router::HttpRoute, Router::Service})
    for (int seed = 1; seed <= base::rounds_here(kSeedsOfARouter); ++seed) {
      const SeedResult result = run_seed(seed, {.router = router, .blue_green = true});
      EXPECT_FALSE(result.problem) << "seed " << seed << " (" << result.story << "): " << result.problem.value_or("");
    }
}

TEST(Simulation, PreviewsInANamespaceOfTheirOwnToo) {
  for (const Router router : {Router::HttpRoute, Router::Service})
    for (int seed = 1; seed <= base::rounds_here(kSeedsOfARouter); ++seed) {
      const SeedResult result = run_seed(seed, {.router = router, .preview = true});
      EXPECT_FALSE(result.problem) << "seed " << seed << " (" << result.story << "): " << result.problem.value_or("");
    }
}

TEST(Simulation, StablePodsThatFollowTheTrafficToo) {
  for (const Router router : {Router::HttpRoute, Router::VirtualServiceSubsets, Router::IngressRoute})
    for (int seed = 1; seed <= base::rounds_here(kSeedsOfARouter); ++seed) {
      const SeedResult result = run_seed(seed, {.router = router, .dynamic_stable = true});
      EXPECT_FALSE(result.problem) << "seed " << seed << " (" << result.story << "): " << result.problem.value_or("");
    }
}

TEST(Simulation, OptInsToo) {
  for (const Router router : {Router::HttpRoute, Router::VirtualService})
    for (int seed = 1; seed <= base::rounds_here(kSeedsOfARouter); ++seed) {
      const SeedResult result = run_seed(seed, {.router = router, .opt_in = true});
      EXPECT_FALSE(result.problem) << "seed " << seed << " (" << result.story << "): " << result.problem.value_or("");
    }
}

TEST(Simulation, GroupsOfUsersToo) {
  for (const Router router : {Router::HttpRoute, Router::VirtualService})
    for (int seed = 1; seed <= base::rounds_here(kSeedsOfARouter); ++seed) {
      const SeedResult result = run_seed(seed, {.router = router, .gray = true});
      EXPECT_FALSE(result.problem) << "seed " << seed << " (" << result.story << "): " << result.problem.value_or("");
    }
}

TEST(Simulation, WindowsToo) {
  for (const Router router : {Router::HttpRoute, Router::Service})
    for (int seed = 1; seed <= base::rounds_here(kSeedsOfARouter); ++seed) {
      const SeedResult result = run_seed(seed, {.router = router, .windows = true});
      EXPECT_FALSE(result.problem) << "seed " << seed << " (" << result.story << "): " << result.problem.value_or("");
    }
}

TEST(Simulation, ConfigMapsToo) {
  for (int seed = 1; seed <= base::rounds_here(kSeedsOfARouter); ++seed) {
    const SeedResult result = run_seed(seed, {.ab_test = seed % 2 == 0, .config = true});
    EXPECT_FALSE(result.problem) << "seed " << seed << " (" << result.story << "): " << result.problem.value_or("");
  }
}

TEST(Simulation, KeptPodsToo) {
  for (const Router router : {Router::HttpRoute, Router::VirtualService, Router::Service})
    for (int seed = 1; seed <= base::rounds_here(kSeedsOfARouter); ++seed) {
      const bool gray = router != Router::Service && seed % 3 == 0, test = router != Router::Service && seed % 3 == 1;
      const SeedResult result =
          run_seed(seed, {.router = router, .gray = gray, .ab_test = test, .config = seed % 2 == 0, .keep_pods = true});
      EXPECT_FALSE(result.problem) << "seed " << seed << " (" << result.story << "): " << result.problem.value_or("");
    }
}

TEST(Simulation, HooksToo) {
  for (const WorkloadKind kind : {WorkloadKind::Deployment, WorkloadKind::StatefulSet})
    for (int seed = 1; seed <= base::rounds_here(kSeedsOfARouter); ++seed) {
      const bool config = kind == WorkloadKind::Deployment && seed % 2 == 0;
      const SeedResult result = run_seed(seed, {.hooks = true, .config = config, .workload = kind});
      EXPECT_FALSE(result.problem) << "seed " << seed << " (" << result.story << "): " << result.problem.value_or("");
    }
}

TEST(Simulation, PodsReplacedInPlaceToo) {
  for (const WorkloadKind kind : {WorkloadKind::StatefulSet, WorkloadKind::DaemonSet})
    for (int seed = 1; seed <= base::rounds_here(kSeedsOfARouter); ++seed) {
      const SeedResult result = run_seed(seed, {.workload = kind});
      EXPECT_FALSE(result.problem) << "seed " << seed << " (" << result.story << "): " << result.problem.value_or("");
    }
}

// A version was asked for in passing, while nobody looked, and a pod was made of it.
TEST(Simulation, ADaemonSetKeepsNoPodOfAVersionAskedForInPassing) {
  const SeedResult result = run_seed(3034, {.workload = WorkloadKind::DaemonSet});
  EXPECT_FALSE(result.problem) << result.story << ": " << result.problem.value_or("");
}

TEST(Simulation, ASeedDeterminesEverything) {
  for (std::uint64_t seed : {3u, 11u, 42u}) {
    const SeedResult first = run_seed(seed), second = run_seed(seed);
    EXPECT_EQ(first.writes, second.writes);
    EXPECT_EQ(first.decisions, second.decisions);
    EXPECT_EQ(first.virtual_time, second.virtual_time);
  }
}

// --- planted mistakes -------------------------------------------------------------------------------------
// A mistake that no seed catches would mean that the checkers prove nothing. It counts as caught by a seed that ends
// well without it.

// `first` is the seed to try first, for speed; when it catches nothing any more, all are tried.
struct Planted {
  Mutant mutant;
  std::uint64_t first;
  Router router = Router::HttpRoute;
  bool opt_in = false;
  SeedOptions options() const { return {.router = router, .opt_in = opt_in}; }
};
class Mutants : public ::testing::TestWithParam<Planted> {};

bool catches(std::uint64_t seed, const Planted& p) {
  {
    const PlantedMutant planted(p.mutant);
    if (!run_seed(seed, p.options()).problem) return false;
  }
  return !run_seed(seed, p.options()).problem;
}

TEST_P(Mutants, AreCaught) {
  const auto [mutant, first, router, opt_in] = GetParam();
  if (catches(first, GetParam())) return;
  for (int seed = 1; seed <= kSeeds; ++seed) {
    if (!catches(seed, GetParam())) continue;
    std::printf("%s is caught by seed %llu, not by %llu any more: name it in this test\n",
                std::string(name_of(mutant)).c_str(), static_cast<unsigned long long>(seed),
                static_cast<unsigned long long>(first));
    return;
  }
  ADD_FAILURE() << name_of(mutant) << " was not caught by " << kSeeds << " seeds";
}

INSTANTIATE_TEST_SUITE_P(All, Mutants,
                         ::testing::Values(Planted{Mutant::SkipTermFence, 1}, Planted{Mutant::StatusBeforeEffects, 9},
                                           Planted{Mutant::ForgetOwnWrite, 10},
                                           Planted{Mutant::IgnoreFailureOfEffect, 9},
                                           Planted{Mutant::DecideOnStaleCache, 10}, Planted{Mutant::SkipReadiness, 3},
                                           Planted{Mutant::IgnoreMinReady, 3}, Planted{Mutant::ScaleDownFirst, 1},
                                           Planted{Mutant::WeightWithoutCapacity, 27},
                                           Planted{Mutant::SkipVerification, 12}, Planted{Mutant::PassFailedGate, 33},
                                           Planted{Mutant::NoDataIsSuccess, 5}, Planted{Mutant::ScaleDownEarly, 140},
                                           Planted{Mutant::TroubleAtOnce, 7}),
                         [](const auto& info) { return std::string(name_of(info.param.mutant)); });

// Those that are about traffic, once each with other routers.
INSTANTIATE_TEST_SUITE_P(OtherRouters, Mutants,
                         ::testing::Values(Planted{Mutant::WeightWithoutCapacity, 69, Router::VirtualServiceSubsets},
                                           Planted{Mutant::SkipVerification, 12, Router::VirtualServiceSubsets},
                                           Planted{Mutant::SkipVerification, 19, Router::Ingress},
                                           Planted{Mutant::WeightWithoutCapacity, 31, Router::IngressRoute},
                                           Planted{Mutant::NoDataIsSuccess, 37, Router::TraefikService},
                                           Planted{Mutant::PassFailedGate, 33, Router::VirtualService},
                                           Planted{Mutant::ScaleDownEarly, 140, Router::Ingress},
                                           Planted{Mutant::KeepAudience, 13, Router::HttpRoute, true},
                                           Planted{Mutant::KeepAudience, 13, Router::VirtualService, true}),
                         [](const auto& info) {
                           return std::string(name_of(info.param.mutant)).append(to_text(info.param.router));
                         });

// The invariants are a second line: what is decided well is never refused, so leaving them out harms nobody by itself.
// With a mistake in a decision it does: the invariants keep it from the world (the Deployment then makes no progress),
// and without them a safety rule breaks.
TEST(Mutants, SkipInvariantsLetsAMistakeThrough) {
  const PlantedMutant mistake(Mutant::ScaleDownFirst);
  for (int seed = 1; seed <= kSeeds; ++seed) {
    const std::string held = run_seed(seed).rule;
    const PlantedMutant skipped(Mutant::SkipInvariants);
    const std::string through = run_seed(seed).rule;
    if (through == "available-budget" && held != through) return;
  }
  ADD_FAILURE() << "SkipInvariants was not caught by " << kSeeds << " seeds";
}

// The invariant keeps the first from the world; nothing but the checkers can see the second.
TEST(Mutants, OfPodsReplacedInPlaceAreCaught) {
  const auto caught = [](Mutant which, WorkloadKind kind, std::string_view rule, bool without_invariants) {
    const PlantedMutant mistake(which);
    std::optional<PlantedMutant> skipped;
    if (without_invariants) skipped.emplace(Mutant::SkipInvariants);
    for (int seed = 1; seed <= kSeeds; ++seed)
      if (run_seed(seed, {.workload = kind}).rule == rule) return true;
    return false;
  };
  EXPECT_TRUE(caught(Mutant::TakeTooManyPods, WorkloadKind::DaemonSet, "placed-budget", true));
  EXPECT_TRUE(caught(Mutant::LetAllPodsGo, WorkloadKind::StatefulSet, "placed-batches", false));
}

// The invariant keeps both from the world; the checker sees them without it.
TEST(Mutants, OfConfigMapsAreCaught) {
  for (const Mutant which : {Mutant::PodsBeforeConfig, Mutant::TrimConfigInUse}) {
    const PlantedMutant mistake(which);
    const PlantedMutant skipped(Mutant::SkipInvariants);
    bool caught = false;
    for (int seed = 1; seed <= kSeeds && !caught; ++seed)
      caught = run_seed(seed, {.config = true}).rule == "config-in-use";
    EXPECT_TRUE(caught) << name_of(which);
  }
}

// The invariant keeps the first from the world.
TEST(Mutants, OfStablePodsThatFollowTheTrafficAreCaught) {
  const auto caught = [](Mutant which, std::string_view rule, std::uint64_t first) {
    const PlantedMutant mistake(which);
    const PlantedMutant skipped(Mutant::SkipInvariants);
    for (std::uint64_t seed = first; seed < first + kSeeds; ++seed)
      if (run_seed(seed, {.dynamic_stable = true}).rule == rule) return true;
    return false;
  };
  EXPECT_TRUE(caught(Mutant::ShrinkStableEarly, "verified-before-use", 1));
  EXPECT_TRUE(caught(Mutant::BackWithoutCapacity, "capacity-before-traffic", 270));
}

TEST(Mutants, OfKeptPodsAreCaught) {
  const PlantedMutant mistake(Mutant::KeepPodsEarly);
  bool caught = false;
  for (int seed = 1; seed <= kSeeds && !caught; ++seed)
    caught = run_seed(seed, {.keep_pods = true}).rule == "kept-pods-aside";
  EXPECT_TRUE(caught);
}

TEST(Mutants, OfPreviewsAreCaught) {
  const auto caught = [](Mutant which, std::string_view rule, bool without_invariants) {
    const PlantedMutant mistake(which);
    std::optional<PlantedMutant> skipped;
    if (without_invariants) skipped.emplace(Mutant::SkipInvariants);
    for (int seed = 1; seed <= kSeeds; ++seed)
      if (run_seed(seed, {.preview = true}).rule == rule) return true;
    return false;
  };
  EXPECT_TRUE(caught(Mutant::PreviewUninvited, "previews-let-in", true));
  EXPECT_TRUE(caught(Mutant::LeavePreview, "previews-go", false));
}

// Each by the rule that is about it.
TEST(Mutants, OfHooksAreCaught) {
  const auto caught = [](Mutant which, std::string_view rule, bool faults = true) {
    const PlantedMutant mistake(which);
    for (int seed = 1; seed <= kSeeds; ++seed)
      if (run_seed(seed, {.faults = faults, .hooks = true}).rule == rule) return true;
    return false;
  };
  EXPECT_TRUE(caught(Mutant::WaitForNoHook, "hooks-in-order"));
  EXPECT_TRUE(caught(Mutant::PassFailedHook, "hooks-in-order"));
  EXPECT_TRUE(caught(Mutant::RepeatHook, "hooks-in-order"));
  EXPECT_TRUE(caught(Mutant::ForgetRollbackHooks, "hooks-on-the-way-back"));
  EXPECT_TRUE(caught(Mutant::WaitForRollbackHooks, "hooks-on-the-way-back", false));
}

TEST(Mutants, IgnoringWindowsIsKeptFromTheWorldByTheInvariantAndSeenWithoutIt) {
  const PlantedMutant mistake(Mutant::IgnoreWindows);
  std::int64_t refused = 0;
  for (int seed = 1; seed <= kSeedsOfARouter; ++seed) {
    const SeedResult held = run_seed(seed, {.windows = true});
    EXPECT_NE(held.rule, "paused-holds") << "seed " << seed;
    refused += held.refusals;
    const PlantedMutant skipped(Mutant::SkipInvariants);
    if (refused > 0 && run_seed(seed, {.windows = true}).rule == "paused-holds") return;
  }
  ADD_FAILURE() << "not caught; " << refused << " decisions were refused";
}

}  // namespace
}  // namespace slipway::rehearse
