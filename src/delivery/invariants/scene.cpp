#include "api/meta.h"
#include "api/resource.h"
#include "delivery/controllers.h"
#include "delivery/invariants/invariants.h"

namespace slipway::delivery {
namespace invariants {

std::optional<Scene> scene_of(const control::World& world, const control::Controller& controller,
                              const control::ObjectName& name, base::Time now) {
  if (controller.name() != "release") return std::nullopt;
  const data::Value& release = world.find(api::kReleases, name);
  if (release.is_null()) return std::nullopt;
  Observation o = observe(world, release, now);
  auto plan = plan::compile(o.release, plan::gateway_capabilities(), o.cohorts);
  if (!plan) return std::nullopt;
  return Scene{std::move(o), std::move(*plan)};
}

std::optional<RouterObjects> written_route(const Scene& scene, const control::Effect& effect) {
  return scene.plan.routing ? after(scene.o.objects(), *scene.plan.routing, effect) : std::nullopt;
}

RouteView view_of(const Scene& scene, const RouterObjects& objects) {
  return router_of(scene.plan.routing->kind).look_at(objects, *scene.plan.routing);
}

std::optional<std::int64_t> written_replicas(const Version& version, const control::Effect& effect) {
  const auto* patch = std::get_if<control::Patch>(&effect);
  if (!patch || patch->resource != api::kReplicaSets || patch->name != version.name ||
      !patch->body["spec"].has("replicas"))
    return std::nullopt;
  return patch->body["spec"]["replicas"].as_int();
}

}  // namespace invariants

std::vector<std::unique_ptr<control::Invariant>> make_invariants() {
  std::vector<std::unique_ptr<control::Invariant>> all;
  all.push_back(invariants::weights_add_up());
  all.push_back(invariants::capacity_before_traffic());
  all.push_back(invariants::never_past_failed_gate());
  all.push_back(invariants::old_version_stays());
  all.push_back(invariants::available_within_budget());
  all.push_back(invariants::in_place_within_budget());
  all.push_back(invariants::config_with_pods());
  all.push_back(invariants::nothing_forward_while_closed());
  all.push_back(invariants::previews_let_in());
  return all;
}

}  // namespace slipway::delivery
