#include "api/meta.h"
#include "api/resource.h"
#include "delivery/analysis/run.h"
#include "delivery/controllers.h"

namespace slipway::delivery {
namespace {

class AnalysisController final : public control::Controller {
 public:
  std::string_view name() const override { return "analysis"; }
  const api::Resource& resource() const override { return api::kAnalysisRuns; }
  std::vector<control::Watch> watches() const override { return {}; }

  std::optional<control::Decision> reconcile(const control::World& world, const client::ObjectName& name,
                                             base::Time now) const override {
    analysis::RunObservation o{.run = world.find(api::kAnalysisRuns, name)};
    if (o.run.is_null()) return std::nullopt;
    for (const std::string& id : analysis::current_questions(o.run)) {
      if (const control::Fact* fact = world.fact(id)) o.answers.emplace(id, *fact);
      if (world.is_pending(id)) o.pending.insert(id);
    }
    return analysis::decide_run(o, now);
  }
};

}  // namespace

std::unique_ptr<control::Controller> make_analysis_controller() { return std::make_unique<AnalysisController>(); }

}  // namespace slipway::delivery
