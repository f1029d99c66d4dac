#include "delivery/decide/modelled_cluster.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/meta.h"
#include "api/resource.h"
#include "control/pod_template.h"
#include "data/json.h"
#include "data/patch.h"
#include "delivery/names.h"
#include "delivery/observe_config.h"
#include "delivery/observe_preview.h"

namespace slipway::delivery {

using data::Value;

Value json(std::string_view text) {
  auto v = data::parse_json(text);
  SLIPWAY_CHECK(v.has_value());
  return *v;
}

namespace {

constexpr const char* kPreviewSpace = "shop-preview";

bool is_apart(const Value& object) { return api::space_of(object) == kPreviewSpace; }

Value replica_set_like(const Value& deployment, const std::string& name, std::int64_t replicas) {
  const Value& pod_template = deployment["spec"]["template"];
  const std::string hash = control::template_hash(pod_template);
  Value owner = api::controller_reference(deployment, api::kDeployments);
  return Value::object(
      {{"metadata",
        Value::object({{"name", name},
                       {"namespace", "shop"},
                       {"uid", "uid-" + name},
                       {"resourceVersion", "1"},
                       {"labels", pod_template["metadata"]["labels"].with(control::kTemplateHashLabel, hash)},
                       {"annotations", Value::object({{kRevisionAnnotation, "1"}})},
                       {"ownerReferences", Value::array({owner})}})},
       {"spec", Value::object({{"replicas", replicas}, {"template", control::with_hash_label(pod_template, hash)}})}});
}

}  // namespace

std::string ModelledCluster::key_of(std::string_view space, const std::string& name) {
  return space == "shop" ? name : fmt::format("{}/{}", space, name);
}

ModelledCluster::ModelledCluster(Value release_spec, std::int64_t replicas, Value route, Value companion)
    : companion_(std::move(companion)), now_(*base::parse_time("2026-11-23T12:00:00Z")) {
  deployment_ =
      json(R"({"metadata":{"name":"web","namespace":"shop","uid":"uid-web","generation":1,"resourceVersion":"1"},
    "spec":{"selector":{"matchLabels":{"app":"web"}},"strategy":{"rollingUpdate":{"maxSurge":"25%","maxUnavailable":"25%"}},
    "template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"web","image":"shop/web:v1"}]}}}})");
  deployment_.set({"spec", "replicas"}, replicas);
  release_ = json(
      R"({"metadata":{"name":"web","namespace":"shop","uid":"uid-release","generation":1,"resourceVersion":"1"}})");
  release_.set("spec", std::move(release_spec));
  route_ =
      route.is_object()
          ? std::move(route)
          : json(
                R"({"metadata":{"name":"web","namespace":"shop","uid":"uid-route","generation":1,"resourceVersion":"1"},
    "spec":{"rules":[{"backendRefs":[{"name":"web","port":80}]}]}})");
  services_["web"] = json(R"({"metadata":{"name":"web","namespace":"shop","uid":"uid-svc","resourceVersion":"1"},
    "spec":{"selector":{"app":"web"},"ports":[{"name":"http","port":80}]}})");
  templates_["slo"] = json(
      R"({"metadata":{"name":"slo","namespace":"shop"},"spec":{"metrics":[{"name":"error-rate","interval":"1s","count":3,
    "successCondition":"result < 0.01","provider":{"gateway":{"query":"error-rate"}}}]}})");
  const std::string rs = "web-" + control::template_hash(deployment_["spec"]["template"]);
  sets_[rs] = replica_set_like(deployment_, rs, replicas);
  programmed_ = route_;
  for (int i = 0; i < 20; ++i) {
    run_replica_sets();
    now_ += base::seconds(1);
  }
}

void ModelledCluster::bump(Value& object) { object.set({"metadata", "resourceVersion"}, std::to_string(++versions_)); }

void ModelledCluster::set_image(const std::string& tag) {
  Value container = deployment_["spec"]["template"]["spec"]["containers"].at(0);
  container.set("image", "shop/web:" + tag);
  deployment_.set({"spec", "template", "spec", "containers"}, Value::array({container}));
  bump(deployment_);
}

void ModelledCluster::use_config(const std::string& name, bool optional) {
  Value container = deployment_["spec"]["template"]["spec"]["containers"].at(0);
  Value source = Value::object({{"name", name}});
  if (optional) source.set("optional", true);
  Value from = container["envFrom"];
  from.push_back(Value::object({{"configMapRef", std::move(source)}}));
  container.set("envFrom", std::move(from));
  deployment_.set({"spec", "template", "spec", "containers"}, Value::array({container}));
  bump(deployment_);
}

void ModelledCluster::set_config(const std::string& name, const std::string& mode) {
  Value& object = configs_[name];
  if (object.is_null())
    object.set(
        "metadata",
        Value::object({{"name", name}, {"namespace", "shop"}, {"uid", fmt::format("uid-{}-{}", name, ++names_)}}));
  object.set("data", Value::object({{"mode", mode}}));
  bump(object);
}

std::string ModelledCluster::config(const std::string& name) const {
  const auto found = configs_.find(name);
  return found == configs_.end() ? "" : found->second["data"]["mode"].str();
}

std::vector<std::string> ModelledCluster::copies() const {
  std::vector<std::string> out;
  for (const auto& [name, object] : configs_)
    if (object["immutable"].as_bool()) out.push_back(name);
  return out;
}

std::map<std::string, std::int64_t> ModelledCluster::pods_reading(const std::string& name) const {
  std::map<std::string, std::int64_t> out;
  for (const auto& [pod, p] : pods_) {
    const Value& container = sets_.at(p.rs)["spec"]["template"]["spec"]["containers"].at(0);
    for (const Value& from : container["envFrom"].items()) {
      const std::string source = from["configMapRef"]["name"].str();
      if (source != name && !source.starts_with(name + "-")) continue;
      const std::string mode = config(source);
      ++out[mode.empty() ? "-" : mode];
    }
  }
  return out;
}

void ModelledCluster::patch_release(const Value& merge_patch) {
  const Value spec = release_["spec"];
  release_ = data::apply_merge_patch(release_, merge_patch);
  if (release_["spec"] != spec) release_.set({"metadata", "generation"}, api::generation_of(release_) + 1);
  bump(release_);
}

void ModelledCluster::command(Verb verb, const std::string& reason) {
  patch_release(command_patch({.id = std::to_string(++commands_), .verb = verb, .by = "alice", .reason = reason}));
}

void ModelledCluster::delete_release() {
  release_.set({"metadata", "deletionTimestamp"}, base::format_time(now_));
  bump(release_);
}

void ModelledCluster::write_route(const Value& rules) {
  route_.set({"spec", "rules"}, rules);
  route_.set({"metadata", "generation"}, api::generation_of(route_) + 1);
  bump(route_);
}

void ModelledCluster::patch_route(const Value& merge_patch) {
  Value& route = is_switched() ? services_["web"] : route_;
  const Value spec = route["spec"];
  route = data::apply_merge_patch(route, merge_patch);
  if (route["spec"] != spec && !is_switched()) route.set({"metadata", "generation"}, api::generation_of(route) + 1);
  bump(route);
}

RouteView ModelledCluster::view() const { return router_of(routing().kind).look_at(observe().objects(), routing()); }

void ModelledCluster::occupy_preview() {
  services_[key_of(kPreviewSpace, "web-preview")] =
      json(R"({"metadata":{"name":"web-preview","namespace":"shop-preview","uid":"uid-foreign"}})");
}

void ModelledCluster::delete_set(const std::string& tag) {
  const auto is_it = [&](const std::string& rs) { return image_of(rs) == "shop/web:" + tag; };
  std::erase_if(pods_, [&](const auto& p) { return is_it(p.second.rs); });
  std::erase_if(sets_, [&](const auto& s) {
    return s.second["spec"]["template"]["spec"]["containers"].at(0)["image"].as_string() == "shop/web:" + tag;
  });
}

void ModelledCluster::delete_deployment() {
  gone_ = std::exchange(deployment_, Value());
  std::erase_if(pods_, [&](const auto& p) { return !is_apart(set_of(p.second)); });
  std::erase_if(sets_, [](const auto& s) { return !is_apart(s.second); });
  std::erase_if(services_, [](const auto& s) { return s.first != "web" && !is_apart(s.second); });
}

void ModelledCluster::create_deployment() {
  deployment_ = gone_;
  deployment_.set({"metadata", "uid"}, "uid-web-again");
  deployment_.erase({"spec", "paused"});
  const std::string rs = "web-again";
  sets_[rs] = replica_set_like(deployment_, rs, deployment_["spec"]["replicas"].as_int());
}

void ModelledCluster::unpause_and_roll(std::int64_t pods) {
  deployment_.erase({"spec", "paused"});
  bump(deployment_);
  const std::string name = fmt::format("web-native-{}", ++names_);
  Value rs = replica_set_like(deployment_, name, pods);
  rs.set({"metadata", "labels", control::kTemplateHashLabel}, fmt::format("native{}", names_));
  rs.set({"spec", "template", "metadata", "labels", control::kTemplateHashLabel}, fmt::format("native{}", names_));
  sets_[name] = rs;
}

// --- observing and going on -------------------------------------------------------------------------------

const Value& ModelledCluster::set_of(const Pod& pod) const {
  const auto found = sets_.find(pod.rs);
  return found == sets_.end() ? data::kNull : found->second;
}

void ModelledCluster::count_pods(Version& v) const {
  for (const auto& [pod, p] : pods_) {
    if (p.rs != v.name) continue;
    ++v.pods, ++v.remaining, v.ready += pod_ready(p), v.restarts += p.restarts;
    const Value status = pod_ready(p) ? Value() : ailment(image_of(p.rs));
    if (status.is_object())
      v.ailing.push_back(
          Value::object({{"metadata", Value::object({{"name", pod}, {"uid", pod}})}, {"status", status}}));
  }
  v.available = std::min(v.ready, v.rs["status"]["availableReplicas"].as_int());
}

PreviewSight ModelledCluster::preview_sight() const {
  const Value space =
      lets_in ? Value::object({{"metadata",
                                Value::object({{"name", kPreviewSpace},
                                               {"annotations", Value::object({{kPreviewForAnnotation, *lets_in}})}})}})
              : Value();
  PreviewSight out{.refusal = preview_refusal(space, kPreviewSpace, release_)};
  for (const auto& [name, rs] : sets_) {
    if (!is_apart(rs) || !is_preview_of(rs, release_)) continue;
    Version v{.rs = rs, .name = name, .hash = std::string(api::label(rs, control::kTemplateHashLabel))};
    v.owner = Owner::Release;
    v.spec = rs["spec"]["replicas"].as_int();
    count_pods(v);
    out.remaining += v.remaining;
    out.versions.push_back(std::move(v));
  }
  for (const auto& [key, service] : services_)
    if (is_apart(service))
      is_preview_of(service, release_) ? out.services.push_back(service) : void(out.taken = service);
  return out;
}

// A Service selects by its labels, and by the hash when it has one.
void ModelledCluster::count_ready(const Version& v, Observation& o) const {
  for (const auto& [service, s] : services_) {
    if (is_apart(s)) continue;
    const std::string_view hash = s["spec"]["selector"][control::kTemplateHashLabel].as_string();
    if (!hash.empty() && hash != v.hash) continue;
    o.ready_endpoints[service] += v.ready;
    if (service == "web" && v.ready > 0) o.ready_by_hash[v.hash] += v.ready;
  }
}

void ModelledCluster::observe_configs(Observation& o) const {
  for (const auto& [name, object] : configs_)
    if (api::controller_of(object)["uid"].as_string() == api::uid_of(release_)) o.config.copies[name] = object;
  o.config.versioned = has_versioned_config(release_);
  if (!o.config.versioned || o.workload.is_null()) return;
  for (const std::string& name : config_maps_of(o)) {
    LiveConfig& live = o.config.live[name];
    if (configs_.contains(name)) live.hash = content_hash(configs_.at(name));
    const auto read = read_configs_.find(config_fact(release_, name));
    if (read == read_configs_.end()) continue;
    live.read = read->second;
    if (live.read.is_null()) live.failed_at = now_;
  }
  resolve_config(o);
}

Observation ModelledCluster::observe() const {
  Observation o{.release = as_begun(release_),
                .traffic_edited = is_traffic_edited(release_),
                .workload = deployment_,
                .policy = policy,
                .route = route_,
                .templates = templates_,
                .traffic = fact_,
                .answer_counts = counted_};
  for (const auto& [name, rs] : sets_) {
    if (is_apart(rs)) continue;
    Version v{.rs = rs,
              .name = name,
              .hash = std::string(api::label(rs, control::kTemplateHashLabel)),
              .spec = rs["spec"]["replicas"].as_int()};
    const bool held = api::label(rs, kReleaseLabel) == api::name_of(release_);
    v.owner = !api::controller_of(rs).is_null() ? Owner::Deployment : held ? Owner::Release : Owner::Nobody;
    count_pods(v);
    count_ready(v, o);
    o.versions.push_back(std::move(v));
  }
  const auto service = [&](const char* name) { return services_.contains(name) ? services_.at(name) : Value(); };
  o.service = service("web");
  o.stable_service = service(routing().stable_service.c_str());
  o.canary_service = service(routing().canary_service.c_str());
  for (const auto& [name, service] : services_)
    if (!is_apart(service) && api::label(service, kReleaseLabel) == api::name_of(release_))
      o.made_services.push_back(service);
  for (const plan::Variant& v : routing().variants) o.variant_services.push_back(service(v.service.c_str()));
  if (is_switched()) o.route = o.service;
  o.companion = companion_;
  o.router_missing = router_missing;
  o.cohorts = cohorts;
  if (auto said = router_of(routing().kind).read_back(o.objects(), routing())) o.traffic = said;
  for (const auto& [name, run] : runs_) o.runs.push_back(run);
  for (const auto& [name, revision] : revisions_) {
    const std::string hash(api::label(revision, control::kTemplateHashLabel));
    const bool read = read_.contains(revision_fact(release_, hash));
    o.kept[hash] = {.object = revision.without("data")};
    if (read) read_kept(o.kept[hash], release_, revision["data"]);
  }
  observe_configs(o);
  o.traffic_pending = asked_.has_value();
  for (const std::string& space : {preview_space_of(release_), release_["status"]["preview"]["namespace"].str()})
    if (space == kPreviewSpace) o.previews[space] = preview_sight();
  return o;
}

void ModelledCluster::turn(base::Duration step) {
  if (!release_.is_null()) {
    const Observation o = observe();
    const control::Decision decision = decide(o, plan::gateway_capabilities(), now_);
    watch(o, decision);
    bool complete = true;
    for (const control::Effect& effect : decision.effects)
      if (complete) complete = !crashes() && carry_out(effect);
    const bool waits = now_ < status_written_ + decision.status_may_wait;
    if (complete && !release_.is_null() && !decision.status.is_null() && decision.status != release_["status"] &&
        !waits && !crashes()) {
      status_written_ = now_;
      release_.set("status", decision.status);
      ++status_writes_;
    }
  }
  run_deployment();
  run_replica_sets();
  run_router();
  run_analyses();
  now_ += step;
}

bool ModelledCluster::run_until(const std::function<bool()>& done, int turns) {
  for (int i = 0; i < turns; ++i) {
    if (done()) return true;
    turn();
  }
  return done();
}

bool ModelledCluster::reaches(Phase phase, int turns) {
  return run_until([&] { return !release_.is_null() && state().phase == phase; }, turns);
}

std::int64_t ModelledCluster::pods_of(const std::string& tag) const {
  return std::ranges::count_if(
      pods_, [&](const auto& p) { return image_of(p.second.rs) == "shop/web:" + tag && !is_apart(set_of(p.second)); });
}

std::int64_t ModelledCluster::preview_pods(const std::string& tag) const {
  return std::ranges::count_if(
      pods_, [&](const auto& p) { return image_of(p.second.rs) == "shop/web:" + tag && is_apart(set_of(p.second)); });
}

bool ModelledCluster::preview_is_clear() const {
  const PreviewSight there = preview_sight();
  return there.versions.empty() && there.services.empty() && there.remaining == 0;
}

const Value& ModelledCluster::preview_service() const {
  const auto found = services_.find(key_of(kPreviewSpace, "web-preview"));
  return found == services_.end() ? data::kNull : found->second;
}

const Value& ModelledCluster::run(const std::string& name) const {
  const auto found = runs_.find(name);
  return found == runs_.end() ? data::kNull : found->second;
}

std::string ModelledCluster::selected_by(const std::string& service) const {
  const auto found = services_.find(service);
  if (found == services_.end()) return "";
  const std::string_view hash = found->second["spec"]["selector"][control::kTemplateHashLabel].as_string();
  for (const auto& [name, rs] : sets_)
    if (api::label(rs, control::kTemplateHashLabel) == hash) return image_of(name).substr(image_of(name).find(':') + 1);
  return "";
}

std::string ModelledCluster::owner_of(const std::string& tag) const {
  for (const auto& [name, rs] : sets_)
    if (image_of(name) == "shop/web:" + tag) return api::controller_of(rs)["kind"].str();
  return "absent";
}

void ModelledCluster::crash_pod(const std::string& tag) {
  for (auto& [name, pod] : pods_)
    if (image_of(pod.rs) == "shop/web:" + tag) {
      ++pod.restarts;
      pod.born = now_;
      return;
    }
}

}  // namespace slipway::delivery
