#include <algorithm>
#include <functional>
#include <utility>

#include "api/kinds/release_rules.h"
#include "api/meta.h"
#include "api/resource.h"
#include "delivery/begun.h"
#include "delivery/controllers.h"
#include "delivery/decide/decide.h"
#include "delivery/names.h"
#include "delivery/notify/decide.h"
#include "delivery/observe_config.h"
#include "delivery/observe_preview.h"
#include "delivery/state.h"
#include "delivery/traffic/router.h"

namespace slipway::delivery {
namespace {

using client::ObjectName;
using control::World;
using data::Value;
using Names = std::vector<ObjectName>;

ObjectName name_of(const Value& o) { return {std::string(api::space_of(o)), std::string(api::name_of(o))}; }

// Releases of a namespace for which `matches` holds.
Names releases(const World& world, std::string_view space, const std::function<bool(const Value&)>& matches) {
  Names out;
  for (const Value& r : world.cache(api::kReleases).in_space(space))
    if (matches(r)) out.push_back(name_of(r));
  return out;
}

// Releases of a workload.
Names of_target(const World& world, plan::WorkloadKind kind, std::string_view space, std::string_view name) {
  return releases(world, space, [&](const Value& r) {
    return r["spec"]["target"]["name"].as_string() == name && plan::target_kind_of(r) == kind;
  });
}

// Of the workload that owns a pod or a ControllerRevision; nullopt: no such workload does.
std::optional<Names> of_owner_in_place(const World& world, const Value& object) {
  const Value& owner = api::controller_of(object);
  const auto kind = plan::workload_kind_of(owner["kind"].as_string());
  if (!kind || !plan::is_in_place(*kind)) return std::nullopt;
  return of_target(world, *kind, api::space_of(object), owner["name"].as_string());
}

Names of_revision(const World& world, const Value& revision) {
  if (auto names = of_owner_in_place(world, revision)) return *std::move(names);
  return control::owner_of_kind(api::kReleases)(world, revision);
}

// An object of another namespace: the Release that it is a preview of, and nobody else.
std::optional<Names> of_preview(const Value& object) {
  ObjectName release = previewed_release(object);
  return release.name.empty() ? std::nullopt : std::optional(Names{std::move(release)});
}

Names of_replica_set(const World& world, const Value& rs) {
  if (auto names = of_preview(rs)) return *std::move(names);
  if (const auto holder = api::label(rs, kReleaseLabel); !holder.empty())
    return {{std::string(api::space_of(rs)), std::string(holder)}};
  const Value& owner = api::controller_of(rs);
  if (owner["kind"].as_string() == "Deployment")
    return of_target(world, plan::WorkloadKind::Deployment, api::space_of(rs), owner["name"].as_string());
  // Orphaned for a moment, on its way to the Deployment, which it refers to all the while (turn.h).
  for (const Value& ref : rs["metadata"]["ownerReferences"].items())
    if (ref["kind"].as_string() == "Deployment")
      return of_target(world, plan::WorkloadKind::Deployment, api::space_of(rs), ref["name"].as_string());
  return releases(world, api::space_of(rs),
                  [](const Value& r) { return r["status"]["phase"].as_string() != "Idle" || api::is_deleting(r); });
}

Names of_pod(const World& world, const Value& pod) {
  if (auto names = of_preview(pod)) return *std::move(names);
  if (const auto kept_of = api::label(pod, kKeptLabel); !kept_of.empty())
    return {{std::string(api::space_of(pod)), std::string(kept_of)}};
  const Value& owner = api::controller_of(pod);
  if (auto names = of_owner_in_place(world, pod)) return *std::move(names);
  if (owner["kind"].as_string() != "ReplicaSet") return {};
  const Value& rs = world.find(api::kReplicaSets, {std::string(api::space_of(pod)), owner["name"].str()});
  return rs.is_null() ? Names{} : of_replica_set(world, rs);
}

bool uses_service(const Value& live, std::string_view service) {
  const Value release = as_begun(live);
  if (!release["spec"]["traffic"].is_object()) return false;
  const plan::Routing routing = plan::routing_of(release);
  return plan::names(routing, service);
}

Names of_service_name(const World& world, std::string_view space, std::string_view service) {
  return releases(world, space, [&](const Value& r) { return uses_service(r, service); });
}

Names of_service(const World& world, const Value& service) {
  if (auto names = of_preview(service)) return *std::move(names);
  return of_service_name(world, api::space_of(service), api::name_of(service));
}

// Releases that want to make a preview in this Namespace, or have one there.
Names of_namespace(const World& world, const Value& space) {
  const std::string_view name = api::name_of(space);
  Names out;
  for (const auto& [release, r] : world.cache(api::kReleases).all())
    if (preview_space_of(r) == name || r["status"]["preview"]["namespace"].as_string() == name) out.push_back(release);
  return out;
}

// Is this object the route of the Release, or the second object of its router?
bool reads(const Value& live, const api::Resource& kind, std::string_view name) {
  const Value release = as_begun(live);
  if (!release["spec"]["traffic"].is_object()) return false;
  const plan::Routing routing = plan::routing_of(release);
  const Router& router = router_of(routing.kind);
  if (router.route_kind() == kind && routing.route == name) return true;
  const auto second = router.companion(routing);
  return second && second->kind == kind && second->name == name;
}

bool uses_cohort(const Value& release, std::string_view name) {
  const std::vector<std::string> named = plan::cohorts_of(release["spec"]);
  return std::ranges::find(named, name) != named.end();
}

// A copy that a Release made, or a ConfigMap that the template of its workload names.
Names of_config_map(const World& world, const Value& config_map) {
  const Value& owner = api::controller_of(config_map);
  if (owner["kind"].as_string() == api::kReleases.kind)
    return control::owner_of_kind(api::kReleases)(world, config_map);
  return releases(world, api::space_of(config_map), [&](const Value& r) {
    return has_versioned_config(r) &&  // most have not
           uses_config(r,
                       world.find(plan::resource_of(plan::target_kind_of(r)),
                                  {std::string(api::space_of(r)), r["spec"]["target"]["name"].str()}),
                       api::name_of(config_map));
  });
}

bool uses_template(const Value& release, std::string_view name, bool cluster) {
  for (const Value& analysis : plan::analyses_of(release["spec"]))
    for (const Value& t : analysis["templates"].items())
      if (t["name"].as_string() == name && t["clusterScope"].as_bool() == cluster) return true;
  return false;
}

bool waits(const Value& release) { return release["status"]["phase"].as_string() == to_text(Phase::Waiting); }

// Whom a change of the ReleasePolicy may concern. Its spec: all that are under way or wait. Its status: those that it
// names and that wait; the many others behind them are left alone.
Names of_policy(const World& world, const Value& policy) {
  if (api::name_of(policy) != api::kPolicyName) return {};
  const bool told = policy["status"]["observedGeneration"].as_int() == api::generation_of(policy);
  const bool gone = world.find(api::kReleasePolicies, name_of(policy)).is_null();
  Names out;
  if (!told || gone) {
    for (const auto& [name, r] : world.cache(api::kReleases).all())
      if (waits(r) || r["status"]["candidate"].is_object()) out.push_back(name);
    return out;
  }
  for (const char* list : {"places", "queue"})
    for (const Value& entry : policy["status"][list].items()) {
      ObjectName name{entry["namespace"].str(), entry["name"].str()};
      if (waits(world.find(api::kReleases, name))) out.push_back(std::move(name));
    }
  return out;
}

// What Notifications of the namespace ask for of this Release.
std::set<std::string, std::less<>> told(const World& world, const Value& release) {
  std::set<std::string, std::less<>> out;
  for (const Value& each : world.cache(api::kNotifications).in_space(api::space_of(release)))
    if (notify::means(each, release)) out.merge(notify::wanted_types(each));
  return out;
}

// A right, a quota, an admission policy, an object that is not valid: no later picture of ours mends that.
bool needs_somebody(base::Code code) {
  return code == base::Code::Forbidden || base::retry_of(code) == base::Retry::Never;
}

class ReleaseController final : public control::Controller {
 public:
  ReleaseController(plan::RouterCapabilities router, std::function<MetricSources()> sources)
      : router_(std::move(router)), sources_(std::move(sources)) {}

  std::string_view name() const override { return kReleaseManager; }
  const api::Resource& resource() const override { return api::kReleases; }

  std::vector<control::Watch> watches() const override {
    std::vector<control::Watch> all = {
        {api::kReplicaSets, of_replica_set},
        {api::kPods, of_pod},
        {api::kServices, of_service},
        {api::kEndpointSlices,
         [](const World& w, const Value& o) {
           return of_service_name(w, api::space_of(o), api::label(o, kServiceNameLabel));
         }},
        {api::kCohorts,
         [](const World& w, const Value& o) {
           return releases(w, api::space_of(o), [&](const Value& r) { return uses_cohort(r, api::name_of(o)); });
         }},
        {api::kConfigMaps, of_config_map, .optional = true},
        {api::kAnalysisRuns, control::owner_of_kind(api::kReleases)},
        {api::kControllerRevisions, of_revision},
        {api::kAnalysisTemplates,
         [](const World& w, const Value& o) {
           return releases(w, api::space_of(o),
                           [&](const Value& r) { return uses_template(r, api::name_of(o), false); });
         }},
        {api::kClusterAnalysisTemplates,
         [](const World& w, const Value& o) {
           Names out;
           for (const auto& [name, r] : w.cache(api::kReleases).all())
             if (uses_template(r, api::name_of(o), true)) out.push_back(name);
           return out;
         },
         .optional = true},
    };
    // The rights to the younger kinds may be missing in a cluster that was set up before there were any.
    for (const plan::WorkloadKind kind : plan::all_workload_kinds())
      all.push_back(
          {plan::resource_of(kind),
           [kind](const World& w, const Value& o) { return of_target(w, kind, api::space_of(o), api::name_of(o)); },
           .optional = plan::is_in_place(kind)});
    all.push_back({api::kReleasePolicies, of_policy, .optional = true});
    all.push_back({api::kNamespaces, of_namespace, .optional = true});
    // Only read: who is told changes no decision.
    all.push_back({api::kNotifications, [](const World&, const Value&) { return Names(); }, .optional = true});
    for (const api::Resource& kind : router_resources())
      all.push_back({kind,
                     [kind](const World& w, const Value& o) {
                       return releases(w, api::space_of(o),
                                       [&](const Value& r) { return reads(r, kind, api::name_of(o)); });
                     },
                     .optional = true});
    return all;
  }

  std::optional<control::Decision> reconcile(const World& world, const ObjectName& name,
                                             base::Time now) const override {
    const Value& release = world.find(api::kReleases, name);
    if (release.is_null()) return std::nullopt;
    Observation o = observe(world, release, now);
    o.told = told(world, release);
    if (sources_) o.sources = sources_();
    if (const control::Failure* last = world.failure(); last && needs_somebody(last->error.code))
      o.refused = last->error;
    return decide(o, router_, now);
  }

 private:
  plan::RouterCapabilities router_;
  std::function<MetricSources()> sources_;
};

}  // namespace

std::unique_ptr<control::Controller> make_release_controller(plan::RouterCapabilities router,
                                                             std::function<MetricSources()> sources) {
  return std::make_unique<ReleaseController>(std::move(router), std::move(sources));
}

}  // namespace slipway::delivery
