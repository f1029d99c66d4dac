// The safety invariants of delivery. One rule, one file; each is checked by the runner on every decision before it
// acts.
#pragma once

#include <memory>
#include <optional>

#include "control/invariant.h"
#include "delivery/observation.h"

namespace slipway::delivery::invariants {

// The weights of a written route are not negative, and somebody gets the traffic.
std::unique_ptr<control::Invariant> weights_add_up();
// No write moves traffic to a version that cannot carry it, and none to a version without pods while another has some.
std::unique_ptr<control::Invariant> capacity_before_traffic();
// After a failed analysis neither step nor weight go forward.
std::unique_ptr<control::Invariant> never_past_failed_gate();
// With a route, the stable version keeps its pods until the candidate has been handed over and can carry everything;
// where they follow the traffic, those for what the router has not been seen to give to the candidate.
std::unique_ptr<control::Invariant> old_version_stays();
// Without a route, available pods do not fall below the budget by a write.
std::unique_ptr<control::Invariant> available_within_budget();
// Where pods are replaced in place: no more of them are deleted than may be unavailable.
std::unique_ptr<control::Invariant> in_place_within_budget();
// No ReplicaSet is made before the copies of its ConfigMaps, and none of them goes while pods read it.
std::unique_ptr<control::Invariant> config_with_pods();

// While windows or a stop keep a release from going forward, its candidate gets no more than it had been given: it does
// not begin, gets no larger share and is not promoted. Ways back are not forward.
std::unique_ptr<control::Invariant> nothing_forward_while_closed();

// Nothing is made in another namespace than the Release's, unless that one lets its previews in.
std::unique_ptr<control::Invariant> previews_let_in();

// What these rules look at, when the decision is one of the Release controller; nullopt otherwise.
struct Scene {
  Observation o;
  plan::ReleasePlan plan;
};
std::optional<Scene> scene_of(const control::World& world, const control::Controller& controller,
                              const control::ObjectName& name, base::Time now);

// What would go forward in spite of windows and stop; empty: nothing.
std::string forward_while_closed(const Scene& scene, const control::Decision& decision, base::Time now);

// The router's objects as `effect` would leave them, when it writes one of them.
std::optional<RouterObjects> written_route(const Scene& scene, const control::Effect& effect);
RouteView view_of(const Scene& scene, const RouterObjects& objects);
// The replicas that `effect` writes to this version.
std::optional<std::int64_t> written_replicas(const Version& version, const control::Effect& effect);

}  // namespace slipway::delivery::invariants
