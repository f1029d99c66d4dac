// From AnalysisTemplates and arguments to the spec of an AnalysisRun that stands on its own. Pure.
//
// Placeholders: {{args.NAME}} is replaced when the run is made; {{service}}, {{hash}}, {{namespace}}, {{route}},
// {{audience}} and {{variant}} when a metric is measured, once for the candidate and once for the stable version. The
// audience is an expression: the name of the batch whose users are looked at, or ".*" for all requests. The variant is
// the name of that of an A/B test that is looked at, "stable" where the stable version is asked beside it, and ".*"
// where there is no test.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "data/value.h"

namespace slipway::delivery::analysis {

using Values = std::map<std::string, std::string>;

// Replaces placeholders that `values` knows ("args.limit", "service"); the names of others go to `unknown` when given.
std::string substitute(std::string_view text, const Values& values, std::vector<std::string>* unknown = nullptr);

// What the late placeholders mean for one version: `subject` is spec.candidate or spec.stable of the run.
Values placeholders(const data::Value& run, const data::Value& subject);
// The variant that a measurement is about, as above.
std::string variant_of(const data::Value& run, const data::Value& subject);
// Every string of the tree, with these placeholders replaced.
data::Value substitute_late(const data::Value& tree, const Values& values);

// The metrics of all templates with arguments filled in: {"args": [...], "metrics": [...]}. An argument that is given
// goes to every template that declares it; a default counts for its own template only. A metric name used twice gets
// its template's name in front. Invalid, with all reasons: a required argument without a value, an argument that no
// template takes, a placeholder that the metric's template does not declare, a condition that cannot be read.
base::Result<data::Value> resolve(const std::vector<data::Value>& templates, const Values& given);

}  // namespace slipway::delivery::analysis
