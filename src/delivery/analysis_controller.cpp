#include "api/meta.h"
#include "api/resource.h"
#include "delivery/analysis/run.h"
#include "delivery/controllers.h"

namespace slipway::delivery {
namespace {

// A right, a quota, a pod that is not valid: no later picture of ours mends that.
bool needs_somebody(base::Code code) {
  return code == base::Code::Forbidden || base::retry_of(code) == base::Retry::Never;
}

class AnalysisController final : public control::Controller {
 public:
  std::string_view name() const override { return "analysis"; }
  const api::Resource& resource() const override { return api::kAnalysisRuns; }
  std::vector<control::Watch> watches() const override {
    return {{api::kPods, control::owner_of_kind(api::kAnalysisRuns)}};
  }

  std::optional<control::Decision> reconcile(const control::World& world, const client::ObjectName& name,
                                             base::Time now) const override {
    analysis::RunObservation o{.run = world.find(api::kAnalysisRuns, name)};
    if (o.run.is_null()) return std::nullopt;
    for (const std::string& id : analysis::current_questions(o.run)) {
      if (const control::Fact* fact = world.fact(id)) o.answers.emplace(id, *fact);
      if (world.is_pending(id)) o.pending.insert(id);
    }
    o.pods = world.cache(api::kPods).owned_by(api::uid_of(o.run));
    if (const control::Failure* last = world.failure(); last && needs_somebody(last->error.code))
      o.refused = last->error, o.refused_at = last->at;
    return analysis::decide_run(o, now);
  }
};

}  // namespace

std::unique_ptr<control::Controller> make_analysis_controller() { return std::make_unique<AnalysisController>(); }

}  // namespace slipway::delivery
