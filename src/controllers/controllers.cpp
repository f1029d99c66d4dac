#include "controllers/controllers.h"

#include "delivery/controllers.h"
#include "delivery/kept.h"
#include "workload/controllers.h"

namespace slipway::controllers {

std::vector<std::string> port_names() {
  return {"traffic", "metrics/gateway", "metrics/prometheus", "metrics/web", "metrics/process", "notify"};
}

void add_to(control::Runner& runner, std::function<delivery::MetricSources()> sources) {
  for (auto& controller : workload::make_controllers(workload::builtin_kinds())) runner.add(std::move(controller));
  add_releases_to(runner, std::move(sources));
}

void add_releases_to(control::Runner& runner, std::function<delivery::MetricSources()> sources) {
  for (auto& invariant : workload::make_invariants()) runner.add_invariant(std::move(invariant));
  runner.add(delivery::make_release_controller(delivery::plan::gateway_capabilities(), std::move(sources)));
  runner.add(delivery::make_policy_controller());
  runner.add(delivery::make_analysis_controller());
  runner.add(delivery::make_notification_controller());
  for (auto& invariant : delivery::make_invariants()) runner.add_invariant(std::move(invariant));
}

client::Projection kept_by_releases(const api::Resource& resource) { return delivery::kept_of(resource); }

}  // namespace slipway::controllers
