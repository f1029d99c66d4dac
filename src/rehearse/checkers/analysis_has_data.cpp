// An analysis that succeeds has seen as many real measurements as it asks for: numbers from at least `minSamples`
// requests each, as the gateway really gave them out.
#include <map>
#include <set>

#include "delivery/analysis/resolve.h"
#include "delivery/names.h"
#include "rehearse/checkers/checkers.h"
#include "rehearse/checkers/release_hooks.h"

namespace slipway::rehearse {
namespace {

using data::Value;

ModelledGateway::Subject subject_of(const Value& run, const Value& metric) {
  const Value& candidate = run["spec"]["candidate"];
  if (const Value& gateway = metric["provider"]["gateway"]; gateway.is_object())
    return {.route = {std::string(api::space_of(run)), run["spec"]["route"].str()},
            .service = candidate["service"].str(),
            .query = gateway["query"].str()};
  if (const Value& process = metric["provider"]["process"]; process.is_object())
    return {.route = {std::string(api::space_of(run)), run["spec"]["route"].str()},
            .service = candidate["service"].str(),
            .query = "process " + process["args"]["query"].str()};
  if (const Value& web = metric["provider"]["web"]; web.is_object())
    return {.route = {},
            .service = {},
            .query = delivery::analysis::substitute(web["url"].as_string(),
                                                    delivery::analysis::placeholders(run, candidate))};
  return {.route = {},
          .service = {},
          .query = delivery::analysis::substitute(
              metric["provider"]["prometheus"]["query"].as_string(),
              {{"service", candidate["service"].str()}, {"hash", candidate["hash"].str()}})};
}

class AnalysisHasData final : public Checker {
 public:
  std::string_view name() const override { return "analysis-has-data"; }

  std::optional<std::string> changed(const Truth& truth, const store::Change& change) override {
    if (change.entry->key.resource == api::kPods.qualified()) succeeded(change.entry->object);
    if (change.entry->key.resource != api::kAnalysisRuns.qualified() || change.kind != store::Change::Kind::Put)
      return {};
    const Value& run = change.entry->object;
    const base::Time begun = begun_.try_emplace(std::string(api::uid_of(run)), truth.now).first->second;
    const bool ended_early = run["spec"]["terminate"].as_bool();
    if (run["status"]["phase"].as_string() != "Successful" || ended_early) return {};
    for (const Value& metric : run["spec"]["metrics"].items()) {
      const bool is_call = is_hook_run(run) && !metric["provider"]["job"].is_object();  // hooks_answered.cpp
      if (metric["dryRun"].as_bool() || is_call) continue;
      const std::int64_t real =
          metric["provider"]["job"].is_object()
              ? static_cast<std::int64_t>(succeeded_[std::string(api::uid_of(run))].size())
              : truth.gateway.real_answers(subject_of(run, metric), truth.now - begun, metric["minSamples"].as_int());
      const std::int64_t in_row = metric["consecutiveSuccessLimit"].as_int();
      const std::int64_t wanted = in_row > 0 ? in_row : metric["count"].as_int(1);
      if (real < wanted)
        return "analysis " + std::string(api::name_of(run)) + " succeeded with " + std::to_string(real) + " of " +
               std::to_string(wanted) + " real measurements of " + metric["name"].str();
    }
    return {};
  }

 private:
  // Pods of jobs, by the uid of their run.
  void succeeded(const Value& pod) {
    const std::string run(api::label(pod, delivery::kAnalysisRunLabel));
    if (!run.empty() && pod["status"]["phase"].as_string() == "Succeeded")
      succeeded_[run].insert(std::string(api::name_of(pod)));
  }

  std::map<std::string, base::Time> begun_;  // by uid
  std::map<std::string, std::set<std::string>> succeeded_;
};

}  // namespace

std::unique_ptr<Checker> make_analysis_has_data() { return std::make_unique<AnalysisHasData>(); }

}  // namespace slipway::rehearse
