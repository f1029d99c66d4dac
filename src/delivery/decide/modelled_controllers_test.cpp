// Everybody else in the modelled cluster: the controllers of Deployments, ReplicaSets and pods, the router, analyses.
#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "api/meta.h"
#include "api/resource.h"
#include "control/pod_template.h"
#include "data/patch.h"
#include "delivery/decide/modelled_cluster.h"
#include "delivery/names.h"

namespace slipway::delivery {

using data::Value;

std::vector<std::string> ModelledCluster::sets_owned(std::string_view kind) const {
  std::vector<std::string> out;
  for (const auto& [name, rs] : sets_)
    if (api::controller_of(rs)["kind"].as_string() == kind) out.push_back(name);
  return out;
}

std::vector<std::string> ModelledCluster::newest_owned() const {
  std::vector<std::string> owned = sets_owned("Deployment");
  std::ranges::sort(owned, std::greater{}, [&](const std::string& name) {
    const Value& rs = sets_.at(name);
    return std::tuple(control::same_template(rs["spec"]["template"], deployment_["spec"]["template"]),
                      rs["metadata"]["creationTimestamp"].str(), name);
  });
  owned.resize(std::min<std::size_t>(owned.size(), 1));
  return owned;
}

// What a paused Deployment does: adopts orphans, and sees to it that its only active ReplicaSet has the wanted size.
// Several active ones it would scale in proportion, which nobody wants here.
void ModelledCluster::run_deployment() {
  if (deployment_.is_null()) return;
  for (auto& [name, rs] : sets_)
    if (api::controller_of(rs).is_null() && api::label(rs, "app") == "web") {
      rs.set({"metadata", "ownerReferences"},
             Value::array({api::controller_reference(deployment_, api::kDeployments)}));
      bump(rs);
    }
  std::vector<std::string> active;
  for (const std::string& name : sets_owned("Deployment"))
    if (sets_[name]["spec"]["replicas"].as_int() > 0) active.push_back(name);
  if (active.size() > 1) ++turns_in_proportion_;
  if (active.empty() && deployment_["spec"]["replicas"].as_int() > 0)
    active = newest_owned();  // upstream: FindActiveOrLatest
  if (active.size() == 1 && sets_[active[0]]["spec"]["replicas"] != deployment_["spec"]["replicas"]) {
    sets_[active[0]].set({"spec", "replicas"}, deployment_["spec"]["replicas"]);
    bump(sets_[active[0]]);
  }
}

std::string ModelledCluster::image_of(const std::string& rs) const {
  const auto found = sets_.find(rs);
  return found == sets_.end() ? "" : found->second["spec"]["template"]["spec"]["containers"].at(0)["image"].str();
}

bool ModelledCluster::pod_ready(const Pod& pod) const {
  return now_ >= pod.born + pod.starts_in && becomes_ready(image_of(pod.rs));
}

void ModelledCluster::run_replica_sets() {
  for (auto& [name, rs] : sets_) {
    std::vector<std::string> mine;
    for (const auto& [pod, p] : pods_)
      if (p.rs == name) mine.push_back(pod);
    const auto wanted = static_cast<std::size_t>(rs["spec"]["replicas"].as_int());
    for (std::size_t i = mine.size(); i < wanted; ++i)
      pods_[fmt::format("{}-{:04}", name, ++names_)] = {name, now_, starts_in()};
    std::ranges::sort(mine, {}, [&](const std::string& p) { return std::pair(pod_ready(pods_[p]), p); });
    for (std::size_t i = 0; i + wanted < mine.size(); ++i) pods_.erase(mine[i]);
    const auto ready =
        std::ranges::count_if(pods_, [&](const auto& p) { return p.second.rs == name && pod_ready(p.second); });
    const Value status = Value::object({{"availableReplicas", ready}});
    if (rs["status"] != status) {
      rs.set("status", status);
      bump(rs);
    }
  }
}

void ModelledCluster::write_route_status() {
  Value conditions = Value::array();
  for (const char* type : {"Accepted", "ResolvedRefs"})
    conditions.push_back(Value::object({{"type", type},
                                        {"status", router_answers ? "True" : "False"},
                                        {"reason", type},
                                        {"message", ""},
                                        {"observedGeneration", api::generation_of(programmed_)}}));
  route_.set("status", Value::object({{"parents", Value::array({Value::object({{"controllerName", "example.com/router"},
                                                                               {"conditions", conditions}})})}}));
}

void ModelledCluster::run_router() {
  if (programmed_ != route_ && !programmed_at_) programmed_at_ = now_ + base::milliseconds(60);
  if (programmed_at_ && now_ >= *programmed_at_) programmed_ = route_, programmed_at_.reset();
  if (routing().kind != plan::RouterKind::HttpRoute) return;
  if (other_router) return write_route_status();
  if (requests_keep_coming) ++candidate_requests_;
  if (!asked_ || now_ < *asked_ + base::milliseconds(20)) return;
  ReadBack rb{.asked = *asked_, .answered = now_};
  rb.generation = api::generation_of(programmed_);
  if (!router_answers) rb.error = "nobody answers";
  std::int64_t sum = 0;
  for (const Value& ref : programmed_["spec"]["rules"].at(0)["backendRefs"].items()) sum += ref["weight"].as_int(1);
  const plan::Routing r = routing();
  std::vector<ReadBack::Side> versions(r.versions());
  for (const Value& ref : programmed_["spec"]["rules"].at(0)["backendRefs"].items()) {
    const std::string name = ref["name"].str();
    ReadBack::Side* side = name == "web" ? &rb.plain : name == "web-stable" ? &rb.stable : nullptr;
    for (std::size_t i = 0; !side && i < versions.size(); ++i)
      if (name == r.service_of(i)) side = &versions[i];
    if (!side) continue;
    const std::int64_t share = side->share + ref["weight"].as_int(1) * 10000 / std::max<std::int64_t>(sum, 1);
    *side = {.present = true, .share = share, .servers = 4, .requests = 50};
  }
  rb.stable.requests += ++answers_;
  for (ReadBack::Side& side : versions)
    if (side.present) side.requests += answers_;
  rb.set_versions(std::move(versions));
  if (rb.candidate.share > 0) candidate_requests_ += 3;
  rb.candidate.requests = candidate_requests_;
  rb.candidate.sessions = sessions_on_candidate;
  fact_ = rb;
  asked_.reset();
}

void ModelledCluster::run_analyses() {
  for (auto& [name, run] : runs_) {
    if (run["status"].has("completedAt")) continue;
    const auto born = api::time_at(run["metadata"]["creationTimestamp"]);
    const bool background = run["spec"]["kind"].as_string() == "Background";
    std::string phase = now_ >= *born + base::seconds(2) ? verdict(run) : "";
    if (background && phase == "Successful") phase = "";
    if (run["spec"]["terminate"].as_bool() && phase.empty()) phase = "Successful";
    if (phase.empty()) continue;
    const Value measurement = Value::object(
        {{"verdict", phase == "Failed" ? "Failed" : "Passed"}, {"value", 0.2}, {"finishedAt", stamp(now_)}});
    run.set("status",
            Value::object(
                {{"phase", phase},
                 {"message", "error-rate: " + phase},
                 {"completedAt", stamp(now_)},
                 {"metricResults",
                  Value::array({Value::object(
                      {{"name", "error-rate"}, {"phase", phase}, {"measurements", Value::array({measurement})}})})}}));
    bump(run);
  }
}

}  // namespace slipway::delivery
