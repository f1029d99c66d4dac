// What `plan` says beside the steps: what holds them up, what the controllers have to be allowed, and what the metrics
// say today.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "data/value.h"
#include "delivery/plan/plan.h"

namespace slipway::cli {

// Windows and the administrator's, and how many releases there may be at once, as far as they are known. `policy` null:
// none, or not known.
struct Gates {
  std::vector<std::string> windows = {};  // "Mon-Fri 09:00-17:00 Europe/Berlin", those of the policy marked
  std::vector<std::string> caps = {};     // "1 release at once in the cluster: shop/api is under way, 2 wait"
  std::string closed = {};                // why it would not go forward now; empty: it would
};
Gates gates_of(const delivery::plan::ReleasePlan& plan, const data::Value& release, const data::Value& policy,
               base::Time now);

// One resource that the controllers need for this plan.
struct NeededRight {
  std::string resource;  // "deployments.apps"
  std::vector<std::string> verbs = {};
  bool operator==(const NeededRight&) const = default;
};
// In the order of docs/rbac.md; `slipway install` gives them. Secrets that metrics name are not among them.
std::vector<NeededRight> rights_of(const delivery::plan::ReleasePlan& plan);

// Whether the namespace of a preview lets it in. `space`: the Namespace; null when it is not there, nullopt when that
// is not known.
struct PreviewPlace {
  std::string space;  // empty: the plan has no preview in a namespace of its own
  std::optional<bool> let_in = {};
  std::string text = {};  // with the command that lets it in, where that is to be done
};
PreviewPlace preview_place_of(const delivery::plan::ReleasePlan& plan, const data::Value& release,
                              const std::optional<data::Value>& space);

// The metrics of an analysis of the spec with its arguments filled in, from templates of the cluster. Invalid: no
// release could make it; anything else: they could not be read.
base::Result<data::Value> resolve_analysis(Setting& s, const data::Value& analysis);

// What one metric said, asked once about the stable version.
struct MetricToday {
  std::string name;
  std::string value = {};     // for people; empty: it said nothing
  std::int64_t samples = -1;  // -1: not counted
  std::string verdict = {};  // what a release would make of it: Passed, Failed, no data, Error; or why it was not asked
};
// Asks by AnalysisRuns that are gone afterwards; nothing else changes. Metrics that run pods or programs are not asked.
base::Result<std::vector<MetricToday>> measure_today(Setting& s, const data::Value& release,
                                                     const delivery::plan::ReleasePlan& plan);

}  // namespace slipway::cli
