// The life of an AnalysisRun: when to measure, how verdicts add up, when it is over. Pure.
//
// A measurement is due one interval after the one before it was begun. When the time to begin has passed by more than
// two intervals, we were away: what a window that overlaps this time would say is not trusted, and the measurement is
// put off by a whole window (`discarded` counts them).
//
// A metric of provider job is measured by a pod (job.h), which is an effect of the decision and observed; all others
// are asked for.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/time.h"
#include "control/decision.h"
#include "data/value.h"
#include "delivery/analysis/measurement.h"

namespace slipway::delivery::analysis {

struct RunObservation {
  data::Value run;
  Answers answers = {};                // by question id
  std::set<std::string> pending = {};  // ids of questions under way
  std::vector<data::Value> pods = {};  // that belong to the run
  // Why the API did not take what was decided last, and when it said so, where trying again will not help.
  std::optional<base::Error> refused = {};
  base::Time refused_at = {};
};

control::Decision decide_run(const RunObservation& observation, base::Time now);

// The ids that `decide_run` may look for: those of every metric's current measurement.
std::vector<std::string> current_questions(const data::Value& run);

}  // namespace slipway::delivery::analysis
