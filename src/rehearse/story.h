// What the user does in one seed, and when: drawn before anything happens.
#pragma once

#include <string>
#include <vector>

#include "rehearse/app.h"

namespace slipway::rehearse {

// Things a person may do in the middle of a release.
enum class Deed {
  NewerVersion,
  Scale,
  Revert,  // to the version before
  Pause,   // and resume a while later
  DeletePods,
  DeleteCandidateSet,
  Cordon,  // a node, and uncordon it a while later
  // Only where there is a Release:
  Abort,
  Promote,
  PromoteFull,
  Undo,
  DeleteRelease,  // always the last one
  // Only in stories of gray releases:
  Back,
  EditCohort,
  // Only in stories of tests:
  ChooseVariant,
};
std::string_view to_text(Deed deed);

struct Act {
  base::Duration after{};  // the act before
  Deed deed = Deed::Scale;
  std::int64_t number = 0;    // replicas to scale to, pods to delete
  base::Duration lasts{};     // Pause, Cordon
  app::Version version = {};  // NewerVersion
};

struct Story {
  app::Choices choices;
  app::Version first, second;
  std::vector<Act> acts;

  std::string text() const;  // "canary of 4, v2-slow, then paused"
  bool has(Deed deed) const;
  std::int64_t most_replicas() const;

 private:
  std::string text_in_place() const;
  std::string acts_text() const;
};

// The same random numbers tell the same story with every router.
// `blue_green`: what would be canaries are that.
// `opt_in`: canaries begin with one.
// `gray`: what would be canaries are mostly that.
// `ab_test`: the same.
// `workload`: of another kind than Deployment, rolling updates in batches instead of canaries.
Story draw_story(runtime::Random& random, Router router = Router::HttpRoute, bool blue_green = false,
                 bool opt_in = false, bool gray = false, bool ab_test = false,
                 delivery::plan::WorkloadKind workload = delivery::plan::WorkloadKind::Deployment);

}  // namespace slipway::rehearse
