// What the API does with the effects of a decision, in the modelled cluster.
#include <fmt/format.h>

#include <algorithm>

#include "api/meta.h"
#include "api/resource.h"
#include "control/pod_template.h"
#include "data/patch.h"
#include "delivery/decide/modelled_cluster.h"
#include "delivery/names.h"

namespace slipway::delivery {

using data::Value;

namespace {
const FailedRequests kFailures{.method = "POST", .path = "/cart/*", .status = 500, .count = 2};
}

Value* ModelledCluster::object_of(const api::Resource& resource, const std::string& name, const std::string& space) {
  const auto in = [&](std::map<std::string, Value>& all) { return all.contains(name) ? &all[name] : nullptr; };
  if (resource == api::kReleases) return &release_;
  if (resource == api::kDeployments) return &deployment_;
  const plan::Routing r = routing();
  const Router& router = router_of(r.kind);
  if (!is_switched() && resource == router.route_kind() && name == r.route) return &route_;
  if (const auto second = router.companion(r); second && resource == second->kind && name == second->name)
    return companion_.is_null() ? nullptr : &companion_;
  if (resource == api::kReplicaSets) return in(sets_);
  const auto service = services_.find(key_of(space, name));
  if (resource == api::kServices) return service == services_.end() ? nullptr : &service->second;
  if (resource == api::kAnalysisRuns) return in(runs_);
  if (resource == api::kConfigMaps) return in(configs_);
  return nullptr;
}

bool ModelledCluster::create(const control::Create& effect) {
  const std::string name(api::name_of(effect.object));
  if (const auto second = router_of(routing().kind).companion(routing()); second && effect.resource == second->kind) {
    if (!companion_.is_null()) return false;
    companion_ = effect.object;
    companion_.set({"metadata", "uid"}, fmt::format("uid-{}-{}", name, ++names_));
    bump(companion_);
    return true;
  }
  auto& all = effect.resource == api::kReplicaSets           ? sets_
              : effect.resource == api::kServices            ? services_
              : effect.resource == api::kControllerRevisions ? revisions_
              : effect.resource == api::kConfigMaps          ? configs_
                                                             : runs_;
  const std::string key = effect.resource == api::kServices ? key_of(api::space_of(effect.object), name) : name;
  if (all.contains(key)) return false;
  Value object = effect.object;
  object.set({"metadata", "uid"}, fmt::format("uid-{}-{}", name, ++names_));
  object.set({"metadata", "creationTimestamp"}, base::format_time(now_));
  object.set({"metadata", "generation"}, 1);
  bump(object);
  all[key] = object;
  return true;
}

bool ModelledCluster::patch(const control::Patch& effect) {
  Value* object = object_of(effect.resource, effect.name, effect.space);
  if (!object || api::uid_of(*object) != effect.uid) return false;
  if (!effect.version.empty() && api::version_of(*object) != effect.version) return false;
  const auto is_as_seen = [&](const control::Seen& seen) {
    const Value* at = object;
    for (const std::string& name : seen.path) at = &(*at)[name];
    return *at == seen.value;
  };
  if (!std::ranges::all_of(effect.seen, is_as_seen)) return false;
  const Value spec = (*object)["spec"];
  if ((*object)["immutable"].as_bool() && (effect.body.has("data") || effect.body.has("binaryData"))) return false;
  *object = data::apply_merge_patch(*object, effect.body);
  if ((*object)["spec"] != spec) object->set({"metadata", "generation"}, api::generation_of(*object) + 1);
  bump(*object);
  if (effect.resource == api::kReleases && api::is_deleting(release_) && release_["metadata"]["finalizers"].size() == 0)
    release_ = Value();
  return true;
}

bool ModelledCluster::carry_out(const control::Effect& effect) {
  if (const auto* create_ = std::get_if<control::Create>(&effect)) return ++writes_, create(*create_);
  if (const auto* patch_ = std::get_if<control::Patch>(&effect)) return ++writes_, patch(*patch_);
  if (const auto* apply = std::get_if<control::Apply>(&effect)) {
    if (apply->subresource == "status") {
      deployment_.set({"status", "conditions"}, apply->object["status"]["conditions"]);
      bump(deployment_);
      return ++writes_, true;
    }
    if (apply->object["spec"].has("paused"))
      deployment_.set({"spec", "paused"}, true);
    else
      deployment_.erase({"spec", "paused"});
    bump(deployment_);
    return ++writes_, true;
  }
  if (const auto* erase = std::get_if<control::Delete>(&effect)) {
    if (erase->uid == api::uid_of(companion_)) companion_ = Value();
    services_.erase(key_of(erase->space, erase->name));
    runs_.erase(erase->name);
    sets_.erase(erase->name);
    revisions_.erase(erase->name);
    configs_.erase(erase->name);
    return ++writes_, true;
  }
  if (const auto* ask = std::get_if<control::Ask>(&effect)) {
    const std::string name = ask->question["name"].str();
    if (ask->port == "object" && ask->question["resource"] == Value(api::kConfigMaps.plural))
      read_configs_[ask->id] = configs_.contains(name) ? configs_.at(name) : Value();
    else if (ask->port == "object")
      read_.insert(ask->id);
    else if (ask->port == kGatewayMetricsPort)
      counted_[ask->id] = !counts_answers                       ? AnswerCount{false, true}
                          : ask->question["failures"].as_bool() ? AnswerCount{false, true, 1000, 2, {kFailures}}
                                                                : AnswerCount{false, true, 1000, 2};
    else if (!fact_)
      asked_ = now_;
  }
  if (const auto* drop = std::get_if<control::Forget>(&effect))
    if (read_.erase(drop->id) + read_configs_.erase(drop->id) + counted_.erase(drop->id) == 0) fact_.reset();
  return true;
}

}  // namespace slipway::delivery
