#include "delivery/observation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "api/kinds/release_rules.h"
#include "api/meta.h"
#include "api/resource.h"
#include "control/pod.h"
#include "control/pod_template.h"
#include "data/selector.h"
#include "delivery/begun.h"
#include "delivery/names.h"
#include "delivery/observe_config.h"
#include "delivery/observe_in_place.h"
#include "delivery/observe_preview.h"
#include "delivery/observe_troubles.h"
#include "delivery/plan/compile.h"

namespace slipway::delivery {
namespace {

using client::ObjectName;
using control::World;
using data::Value;

Owner owner_of(const Value& rs, const Value& release, const Value& deployment) {
  const Value& owner = api::controller_of(rs);
  if (!owner.is_null()) return owner["uid"].as_string() == api::uid_of(deployment) ? Owner::Deployment : Owner::Other;
  const std::string_view holder = api::label(rs, kReleaseLabel);
  if (holder.empty()) return Owner::Nobody;
  return holder == api::name_of(release) ? Owner::Release : Owner::Other;
}

Version version_of(const World& world, const Value& rs, const Value& release, const Value& deployment) {
  Version v = version_of_set(rs, world.cache(api::kPods).owned_by(api::uid_of(rs)));
  v.owner = owner_of(rs, release, deployment);
  return v;
}

bool is_ours(const Value& rs, const data::LabelSelector& selector, const Value& release, const Value& deployment) {
  return owner_of(rs, release, deployment) != Owner::Other &&
         selector.matches(rs["spec"]["template"]["metadata"]["labels"]) && !api::is_deleting(rs);
}

std::vector<Version> versions_of(const World& world, const Value& release, const Value& deployment) {
  std::vector<Version> out;
  const auto selector = data::LabelSelector::from_value(deployment["spec"]["selector"]);
  if (!selector) return out;
  // Those that we hold, or that wait to be adopted, refer to it as well.
  const std::vector<Value> sets = world.cache(api::kReplicaSets).dependents_of(api::uid_of(deployment));
  for (const Value& rs : sets)
    if (is_ours(rs, *selector, release, deployment)) out.push_back(version_of(world, rs, release, deployment));
  return out;
}

std::int64_t ready_in(const Value& slice) {
  return std::ranges::count_if(slice["endpoints"].items(),
                               [](const Value& e) { return e["conditions"]["ready"].as_bool(true); });
}

// The versions are told apart inside the user's Service.
bool by_hash(const plan::Routing& routing) {
  return routing.kind == plan::RouterKind::Service || !routing.own_services();
}

void count_by_hash(const World& world, const Value& slice, std::map<std::string, std::int64_t>& ready) {
  for (const Value& endpoint : slice["endpoints"].items()) {
    if (!endpoint["conditions"]["ready"].as_bool(true)) continue;
    const Value& pod = world.find(api::kPods, {std::string(api::space_of(slice)), endpoint["targetRef"]["name"].str()});
    if (const auto hash = api::label(pod, control::kTemplateHashLabel); !hash.empty()) ++ready[std::string(hash)];
  }
}

// {"value": the part of them that failed, null without any; "samples": how many; "failures": gateway/failures.h}
AnswerCount count_of(const control::Fact& fact) {
  AnswerCount out{.answered = true};
  if (!fact.answer || !(*fact.answer)["samples"].is_number()) return out;
  const Value& answer = *fact.answer;
  out.requests = answer["samples"].as_int();
  out.failed = std::llround(answer["value"].as_double() * static_cast<double>(out.requests));
  for (const Value& kind : answer["failures"].items()) out.failures.push_back(read_failed_requests(kind));
  return out;
}

void observe_count(const World& world, std::string id, Observation& o) {
  if (const control::Fact* fact = world.fact(id))
    o.answer_counts[std::move(id)] = count_of(*fact);
  else if (world.is_pending(id))
    o.answer_counts[std::move(id)].pending = true;
}

void observe_counts(const World& world, const Value& release, const plan::Routing& routing, Observation& o) {
  if (release["status"]["switch"].is_object())
    for (const std::string& service : {routing.stable_service, routing.canary_service})
      observe_count(world, switch_fact(release, service), o);
  if (release["status"]["rollback"].is_object())
    for (std::size_t i = 0; i < routing.versions(); ++i)
      observe_count(world, damage_fact(release, routing.service_of(i)), o);
}

void observe_traffic(const World& world, const Value& release, Observation& o) {
  if (!release["spec"]["traffic"].is_object()) return;
  const std::string space(api::space_of(release));
  const plan::Routing routing = plan::routing_of(release);
  const Router& router = router_of(routing.kind);
  o.route = world.find(router.route_kind(), {space, routing.route});
  o.router_missing = absence_of(world, router.route_kind());
  if (const auto second = router.companion(routing)) {
    o.companion = world.find(second->kind, {space, second->name});
    if (o.router_missing.empty()) o.router_missing = absence_of(world, second->kind);
  }
  o.service = world.find(api::kServices, {space, routing.service});
  o.stable_service = world.find(api::kServices, {space, routing.stable_service});
  o.canary_service = world.find(api::kServices, {space, routing.canary_service});
  for (const plan::Variant& v : routing.variants)
    o.variant_services.push_back(world.find(api::kServices, {space, v.service}));
  const bool at_rest = release["status"]["phase"].as_string() == "Idle" && !api::is_deleting(release);
  if (at_rest && router.look_at(o.objects(), routing).shape != RouteView::Shape::Split) return;
  for (const Value& slice : world.cache(api::kEndpointSlices).in_space(space)) {
    const std::string name(api::label(slice, kServiceNameLabel));
    if (plan::names(routing, name)) o.ready_endpoints[name] += ready_in(slice);
    if (name == routing.service && by_hash(routing)) count_by_hash(world, slice, o.ready_by_hash);
  }
  observe_counts(world, release, routing, o);
  o.traffic = router.read_back(o.objects(), routing);
  if (o.traffic) return;
  if (const control::Fact* fact = world.fact(traffic_fact(release))) o.traffic = read_back(*fact, o.route, routing);
  if (o.traffic && routing.kind == plan::RouterKind::HttpRoute) limit_by_others(*o.traffic, o.route);
  o.traffic_pending = world.is_pending(traffic_fact(release));
}

// A workload has one Release: the one that has taken it already, else the first. Asked only by one that has not, so
// that those at rest cost nothing.
std::string rival_of(const World& world, const Value& release) {
  if (release["status"]["stable"].is_object()) return "";
  const auto order = [](const Value& r) {
    return std::pair(r["metadata"]["creationTimestamp"].str(), api::name_of(r));
  };
  const auto same_workload = [&](const Value& other) {
    return other["spec"]["target"]["name"] == release["spec"]["target"]["name"] &&
           plan::target_kind_of(other) == plan::target_kind_of(release);
  };
  for (const Value& other : world.cache(api::kReleases).in_space(api::space_of(release)))
    if (api::uid_of(other) != api::uid_of(release) && same_workload(other) &&
        (other["status"]["stable"].is_object() || order(other) < order(release)))
      return std::string(api::name_of(other));
  return "";
}

std::string missing_template(const World& world, const std::string& name) {
  const std::string why = absence_of(world, api::kClusterAnalysisTemplates);
  return fmt::format("ClusterAnalysisTemplate {} {}", name, why.empty() ? "does not exist" : "cannot be read: " + why);
}

void observe_templates(const World& world, const Value& release, const Value& analysis, Observation& o) {
  for (const Value& t : analysis["templates"].items()) {
    const std::string name = t["name"].str();
    const bool cluster = t["clusterScope"].as_bool();
    const Value& found = cluster ? world.find(api::kClusterAnalysisTemplates, {"", name})
                                 : world.find(api::kAnalysisTemplates, {std::string(api::space_of(release)), name});
    if (!found.is_null())
      o.templates[name] = found;
    else if (cluster)
      o.template_missing[name] = missing_template(world, name);
  }
}

void observe_kept(const World& world, const Value& release, Observation& o) {
  for (const Value& object : world.cache(api::kControllerRevisions).owned_by(api::uid_of(release))) {
    const std::string hash(api::label(object, control::kTemplateHashLabel));
    KeptRevision kept{.object = object};
    const std::string id = revision_fact(release, hash);
    kept.pending = world.is_pending(id);
    if (const control::Fact* fact = world.fact(id)) {
      if (fact->answer) read_kept(kept, release, (*fact->answer)["data"]);
      if (!kept.pod_template.is_object()) kept.failed_at = fact->answered;
    }
    o.kept[hash] = std::move(kept);
  }
}

// Pods that are kept, and those from which they are chosen.
void observe_kept_pods(const World& world, const Value& release, Observation& o) {
  const Value& status = release["status"];
  for (const Value& kept : status["keptPods"].items()) {
    const Value& pod = world.find(api::kPods, {std::string(api::space_of(release)), kept["name"].str()});
    if (pod.is_object() && api::uid_of(pod) == kept["uid"].as_string()) o.kept_pods[kept["uid"].str()] = pod;
  }
  for (const Value& pod : world.cache(api::kPods).dependents_of(api::uid_of(release)))
    if (!api::label(pod, kKeptLabel).empty()) o.kept_pods[std::string(api::uid_of(pod))] = pod;
  if (!release["spec"]["rollback"].has("keepPods") || !status["rollback"].is_object()) return;
  std::set<std::string_view> hashes = {status["candidate"]["hash"].as_string()};
  for (const Value& variant : status["variants"].items()) hashes.insert(variant["hash"].as_string());
  for (const Version& v : o.versions) {
    if (!hashes.contains(v.hash)) continue;
    for (const Value& pod : world.cache(api::kPods).owned_by(api::uid_of(v.rs)))
      if (control::is_active(pod)) o.retreating.push_back(pod);
  }
}

void observe_made_services(const World& world, const Value& release, Observation& o) {
  if (!o.workload.is_object()) return;
  for (const Value& service : world.cache(api::kServices).dependents_of(api::uid_of(o.workload)))
    if (api::label(service, kReleaseLabel) == api::name_of(release)) o.made_services.push_back(service);
}

}  // namespace

std::string absence_of(const World& world, const api::Resource& kind) {
  const base::Error* why = world.cache(kind).absence();
  if (why == nullptr) return "";
  if (why->code == base::Code::Forbidden)
    return fmt::format("the controllers may not read {} ({}): give them get, list and watch of it (docs/rbac.md)",
                       kind.kind, why->message);
  return fmt::format("this cluster does not know {} ({}): install its CustomResourceDefinition, or name another kind",
                     kind.kind, kind.qualified());
}

void count_pod(Version& v, const Value& pod) {
  if (!control::is_terminal(pod)) ++v.remaining;
  if (!control::is_active(pod)) return;
  ++v.pods;
  v.restarts += control::restarts_of(pod);
  if (control::is_ready(pod)) ++v.ready;
  if (is_ailing(pod)) v.ailing.push_back(pod);
}

Version version_of_set(const Value& rs, const std::vector<Value>& pods) {
  Version v{.rs = rs,
            .name = std::string(api::name_of(rs)),
            .hash = std::string(api::label(rs, control::kTemplateHashLabel))};
  v.spec = rs["spec"]["replicas"].as_int(1);
  for (const Value& pod : pods) count_pod(v, pod);
  std::ranges::sort(v.ailing, {}, [](const Value& pod) { return api::name_of(pod); });
  v.unseen = api::generation_of(rs) - rs["status"]["observedGeneration"].as_int();
  v.available = std::min(v.ready, rs["status"]["availableReplicas"].as_int());
  return v;
}

const Version* Observation::find(std::string_view hash) const {
  for (const Version& v : versions)
    if (v.hash == hash) return &v;
  return nullptr;
}

const Value& Observation::asked_template() const {
  return config.versioned ? config.asked_template : workload["spec"]["template"];
}

const Value& Observation::run(std::string_view name) const {
  for (const Value& r : runs)
    if (api::name_of(r) == name) return r;
  return data::kNull;
}

std::int64_t Observation::replicas() const {
  if (kind == plan::WorkloadKind::DaemonSet) return workload["status"]["desiredNumberScheduled"].as_int();
  return workload["spec"]["replicas"].as_int(1);
}

RouterObjects Observation::objects() const {
  return {route, companion, service, stable_service, canary_service, ready_endpoints, ready_by_hash};
}

std::string traffic_fact(const Value& release) {
  return fmt::format("traffic/{}/{}", api::space_of(release), api::uid_of(release));
}

std::string revision_fact(const Value& release, std::string_view hash) {
  return fmt::format("revision/{}/{}/{}", api::space_of(release), api::uid_of(release), hash);
}

std::string switch_fact(const Value& release, std::string_view service) {
  return fmt::format("switch/{}/{}/{}", api::space_of(release), api::uid_of(release), service);
}

std::string damage_fact(const Value& release, std::string_view service) {
  return fmt::format("damage/{}/{}/{}", api::space_of(release), api::uid_of(release), service);
}

std::string config_fact(const Value& release, std::string_view config_map) {
  return fmt::format("config/{}/{}/{}", api::space_of(release), api::uid_of(release), config_map);
}

Observation observe(const World& world, const Value& live, base::Time now) {
  const Value release = as_begun(live);
  Observation o{.release = release};
  o.traffic_edited = is_traffic_edited(live);
  const std::string space(api::space_of(release));
  o.policy = world.find(api::kReleasePolicies, {"", std::string(api::kPolicyName)});
  o.kind = plan::target_kind_of(release);
  o.rival = rival_of(world, release);
  o.workload = world.find(plan::resource_of(o.kind), {space, release["spec"]["target"]["name"].str()});
  o.workload_missing = absence_of(world, plan::resource_of(o.kind));
  if (o.in_place())
    observe_in_place(world, o, now);
  else
    o.versions = versions_of(world, release, o.workload);
  observe_traffic(world, release, o);
  observe_made_services(world, release, o);
  observe_previews(world, o);
  for (const Value& analysis : plan::analyses_of(release["spec"])) observe_templates(world, release, analysis, o);
  for (const std::string& name : plan::cohorts_of(release["spec"]))
    if (const Value& cohort = world.find(api::kCohorts, {space, name}); !cohort.is_null())
      o.cohorts[name] = cohort["spec"];
  o.runs = world.cache(api::kAnalysisRuns).owned_by(api::uid_of(release));
  observe_kept(world, release, o);
  observe_kept_pods(world, release, o);
  observe_config(world, o);
  observe_warnings(world, o);
  return o;
}

}  // namespace slipway::delivery
