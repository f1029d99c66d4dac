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

  // Has it a hook that nothing going forward gets past by itself?
  bool is_stopped_by_hook() const;

 private:
  std::string text_in_place() const;
  std::string hooks_text() const;
  std::string acts_text() const;
};

// Which stories are drawn.
struct StoryKind {
  Router router = Router::HttpRoute;
  bool blue_green = false;      // what would be canaries are that
  bool opt_in = false;          // canaries begin with one
  bool gray = false;            // what would be canaries are mostly that
  bool ab_test = false;         // the same
  bool dynamic_stable = false;  // stable pods of canaries follow the traffic
  bool hooks = false;           // every Release has some
  // Of another kind than Deployment: rolling updates in batches instead of canaries.
  delivery::plan::WorkloadKind workload = delivery::plan::WorkloadKind::Deployment;
};

// The same random numbers tell the same story with every router, and with hooks.
Story draw_story(runtime::Random& random, const StoryKind& kind = {});

}  // namespace slipway::rehearse
