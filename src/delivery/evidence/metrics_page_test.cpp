// docs/metrics.md says which labels the series of releases have: all families are made to show at least one series
// here.
#include <gtest/gtest.h>
#include <re2/re2.h>

#include <fstream>
#include <map>
#include <sstream>

#include "api/resource.h"
#include "api/testing.h"
#include "base/strings.h"
#include "delivery/evidence/release_metrics.h"
#include "runtime/sim/loop.h"

namespace slipway::delivery::evidence {
namespace {

using data::Value;
using LabelsByName = std::map<std::string, std::string>;  // "namespace, name"

// Of the rows about releases, ways back and analyses.
LabelsByName of_the_page() {
  std::ifstream in("docs/metrics.md");
  std::stringstream text;
  text << in.rdbuf();
  const std::string page = text.str();
  const re2::RE2 row(R"(\| `(slipway_(?:release|rollback|analysis)[a-z_]*)` \| [a-z]+ \|([a-z, ]*)\|)");
  LabelsByName all;
  re2::StringPiece rest = page;
  std::string name, labels;
  while (re2::RE2::FindAndConsume(&rest, row, &name, &labels)) all[name] = base::trim(labels);
  return all;
}

LabelsByName of_the_text(const std::string& text) {
  LabelsByName all;
  std::map<std::string, std::string> types;
  for (const std::string_view line : base::split(text, '\n')) {
    std::string name, labels, type;
    if (re2::RE2::FullMatch(re2::StringPiece(line), R"(# TYPE (\S+) (\S+))", &name, &type)) types[name] = type;
    if (line.starts_with("#") ||
        !re2::RE2::PartialMatch(re2::StringPiece(line), R"(^([a-z_]+)(?:\{(.*)\})? \S+$)", &name, &labels))
      continue;
    const re2::RE2 part(R"re(([a-z]+)="[^"]*",?)re");
    std::string names, label;
    re2::StringPiece rest = labels;
    while (re2::RE2::Consume(&rest, part, &label))
      if (label != "le") names += (names.empty() ? "" : ", ") + label;
    for (const char* suffix : {"_bucket", "_sum", "_count"})
      if (name.ends_with(suffix) && types.contains(name.substr(0, name.size() - std::string_view(suffix).size())))
        name.resize(name.size() - std::string_view(suffix).size());
    all[name] = names;
  }
  return all;
}

Value object(const char* kind, const std::string& name, const std::string& spec, const std::string& status) {
  return api::testing::yaml(std::string("{apiVersion: slipway.dev/v1alpha1, kind: ") + kind + ", metadata: {name: " +
                            name + ", namespace: shop}, spec: {" + spec + "}, status: {" + status + "}}");
}

TEST(MetricsPage, LabelsAreThoseOfTheSeries) {
  runtime::sim::Loop loop;
  runtime::Metrics metrics;
  ReleaseMetrics shown(metrics, loop);
  shown.led(true);
  const char* spec = "strategy: {canary: {}}, traffic: {route: web}";
  const std::string zero = "cause: Deadline, startedAt: '2026-11-29T12:00:00Z', trafficZeroAt: '2026-11-29T12:00:01Z'";
  const Value before = object("Release", "web", spec, "phase: Paused");
  const Value after = object(
      "Release", "web", spec,
      "phase: Waiting, waiting: {reason: Stop}, candidate: {startedAt: '2026-11-29T12:00:00Z'}, step: {index: 0, "
      "count: 2}, position: "
      "{since: '2026-11-29T12:00:00Z'}, traffic: {wanted: 5}, replicas: {stable: 1}, variants: [{name: red, share: 5, "
      "requests: 1, stoppedAt: "
      "'2026-11-29T12:00:00Z', cause: Deadline}], halt: {cause: Deadline}, "
      "troubles: [{name: ImagePull, cure: Version}], "
      "conditions: [{type: "
      "Stalled, status: 'True', reason: Forbidden}], history: [{result: RolledBack, verification: Passed, startedAt: "
      "'2026-11-29T12:00:00Z', finishedAt: '2026-11-29T12:00:02Z'}], rollback: {" +
          zero +
          ", verification: {phase: Passed, startedAt: "
          "'2026-11-29T12:00:01Z', finishedAt: '2026-11-29T12:00:02Z'}}");
  shown.changed(api::kReleases, Value(), before);
  shown.changed(api::kReleases, before, after);
  const char* measured = "metrics: [{name: errors, provider: {gateway: {}}}], kind: Step";
  const Value run = object("AnalysisRun", "r", measured, "metricResults: [{name: errors}]");
  shown.changed(api::kAnalysisRuns, run,
                object("AnalysisRun", "r", measured,
                       "phase: Failed, completedAt: x, metricResults: [{name: errors, failed: 1}]"));
  shown.changed(api::kReleasePolicies, Value(), object("ReleasePolicy", "cluster", "", ""));
  EXPECT_EQ(of_the_text(metrics.text()), of_the_page());
}

}  // namespace
}  // namespace slipway::delivery::evidence
