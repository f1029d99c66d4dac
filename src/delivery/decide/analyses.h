// The AnalysisRuns of a release: started for a step, in the background, and for the proof after a rollback.
#pragma once

#include <optional>
#include <string>

#include "delivery/decide/turn.h"

namespace slipway::delivery {

enum class RunKind { Step, Background, Verification };  // and hooks (hooks.h)

// What a run has come to. Missing: there is none yet.
enum class Verdict { Missing, Running, Passed, Failed, Inconclusive };
Verdict verdict_of(const data::Value& run);

// `variant`: of an A/B test, which version is measured; nothing else has more than one.
std::string run_name(const Turn& turn, RunKind kind, std::size_t variant = 0);
// Starts the run unless it exists. A template that is missing or cannot be resolved is reported in `wait`.
void ensure_run(Turn& turn, RunKind kind, const plan::Analysis& analysis, std::size_t variant = 0);
// Makes an AnalysisRun of this release. The start of `what` ("analysis web-2-1-1") is logged under `rule`.
void create_run(Turn& turn, const std::string& name, data::Value spec, std::string rule, const std::string& what);
// An attempt that no run is of: one that was begun by a decision whose status got lost is not taken for ours.
std::int64_t fresh_attempt(const Turn& turn);
// What names all runs of this attempt: "web-2-1".
std::string run_prefix(const Turn& turn);
// What a run is about: release, route, stable version and candidate; after a rollback the stable version for both.
data::Value subjects_of(const Turn& turn, bool of_stable);
// Ends runs that are still going; those of a rollback's verification, and hooks of the way back and of the end, only
// when `also_proof`.
void terminate_runs(Turn& turn, bool also_proof = false);
// What the metrics of a run have come to, for the log of decisions: name, value, limit, samples, and the same of the
// stable version.
data::Value numbers_of(const data::Value& run);
// Deletes all but the newest.
void trim_runs(Turn& turn);
// Numbers of all runs of this attempt, for the status.
void summarise_runs(Turn& turn);
// Both at once: what one measures already, or says of an argument, counts.
void add_analysis(plan::Analysis& all, const plan::Analysis& more);
// What is watched in the background of a version now; nullopt: nothing. `variant` as above.
std::optional<plan::Analysis> background_of(const Turn& turn, std::size_t variant);
// Every template of the plan exists and can be resolved; otherwise a sentence.
std::string analysis_problem(const Turn& turn);

// The metric that decided against a run: its name, the measurements, and when the deciding one ended.
struct Evidence {
  std::string metric;
  std::string message;
  data::Value measurements;
  std::optional<base::Time> failing_at;
};
Evidence evidence_of(const data::Value& run);

}  // namespace slipway::delivery
