// One measurement of one metric: what to ask, and what the answers mean. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "control/controller.h"
#include "control/decision.h"
#include "data/value.h"

namespace slipway::delivery::analysis {

// Passed, Failed and Inconclusive count; an Error counts in a row; NoData and TooFew prove nothing and are measured
// again.
enum class Verdict { Passed, Failed, Inconclusive, Error, NoData, TooFew };
std::string_view to_text(Verdict verdict);

struct Measurement {
  Verdict verdict = Verdict::NoData;
  data::Value value = {};   // null: no data
  data::Value stable = {};  // the same about the stable version, when there is one to compare with
  std::optional<std::int64_t> samples = {}, stable_samples = {};
  std::string message = {};
  base::Time asked = {};
  base::Time finished = {};
};
data::Value to_value(const Measurement& m);

// The questions, none for provider job, of the measurement `number` of metric `index`, put now. Same number, same ids:
// asking again asks once.
std::vector<control::Ask> questions(const data::Value& run, std::size_t index, std::int64_t number, base::Time now);

// Answers by question id; all questions must be answered.
using Answers = std::map<std::string, control::Fact>;
Measurement evaluate(const data::Value& run, std::size_t index, const std::vector<control::Ask>& asked,
                     const Answers& answers);

// How far back a measurement of this metric looks; nothing when it does not say.
base::Duration window_of(const data::Value& metric);
// Before that there is not enough to measure: what the gateway counted before spec.since is left out. nullopt: at once.
std::optional<base::Time> ripe_at(const data::Value& run, const data::Value& metric, base::Duration interval,
                                  base::Time now);

}  // namespace slipway::delivery::analysis
