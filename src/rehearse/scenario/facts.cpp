#include "rehearse/scenario/facts.h"

#include <algorithm>
#include <array>

#include "api/meta.h"
#include "control/pod.h"
#include "delivery/names.h"

namespace slipway::rehearse::scenario {

using data::Value;

namespace {

const std::vector<api::Resource>& watched_kinds() {
  static const std::vector<api::Resource> kinds = {api::kDeployments, api::kStatefulSets, api::kDaemonSets,
                                                   api::kReplicaSets, api::kPods,         api::kServices,
                                                   api::kHttpRoutes,  api::kReleases,     api::kAnalysisRuns};
  return kinds;
}

// "web-canary" -> "canary", in a story of "web".
std::string_view short_name(std::string_view name, const std::string& app) {
  return name.starts_with(app + "-") ? name.substr(app.size() + 1) : name;
}

Value by_name(const std::vector<Value>& objects, const std::string& app) {
  Value all = Value::object();
  for (const Value& object : objects) all.set(short_name(api::name_of(object), app), object);
  return all;
}

void count(Value& counts, const std::string& version, std::int64_t by) {
  counts.set(version, counts[version].as_int() + by);
}

constexpr std::array<std::string_view, 16> kFacts = {
    "preview", "deployment", "workload", "release", "route",    "releases", "replicasets", "services",
    "runs",    "weights",    "running",  "ready",   "restarts", "owner",    "started",     "pods"};

// Pods by version.
struct PodCounts {
  Value running, ready, restarts, all = Value::object({{"running", 0}, {"ready", 0}});
};
PodCounts counts_in(const Observer& observer, const std::string& space, const Value& zeros) {
  PodCounts out{zeros, zeros, zeros};
  for (const Value& pod : observer.of(api::kPods).in_space(space)) {
    if (!control::is_active(pod)) continue;
    const std::string version = version_of(pod);
    const std::int64_t is_ready = control::is_ready(pod) ? 1 : 0;
    count(out.running, version, 1), count(out.all, "running", 1);
    count(out.ready, version, is_ready), count(out.all, "ready", is_ready);
    count(out.restarts, version, control::restarts_of(pod));
  }
  return out;
}

Value preview_facts(const Observer& observer, const std::string& space, const std::string& app, const Value& zeros) {
  const PodCounts pods = counts_in(observer, space, zeros);
  return Value::object({{"running", pods.running},
                        {"ready", pods.ready},
                        {"services", by_name(observer.of(api::kServices).in_space(space), app)},
                        {"replicasets", by_name(observer.of(api::kReplicaSets).in_space(space), app)}});
}

}  // namespace

std::string preview_of(const std::string& space) { return space + "-preview"; }

Observer::Observer(Stage& stage) {
  for (const api::Resource& kind : watched_kinds()) {
    auto cache = std::make_unique<client::Cache>(stage.api(), stage.loop(), stage.random(), kind);
    cache->add_listener([this, kind](const Value& before, const Value& after) {
      const auto listener = listeners_.find(std::string(api::space_of(after.is_null() ? before : after)));
      if (listener != listeners_.end()) listener->second(kind, before, after);
    });
    caches_[kind] = std::move(cache);
  }
}

void Observer::start() {
  for (auto& [kind, cache] : caches_) cache->start();
}

bool Observer::synced() const {
  return std::ranges::all_of(caches_, [](const auto& entry) { return entry.second->synced(); });
}

bool is_fact(const std::string& name) { return std::ranges::find(kFacts, name) != kFacts.end(); }

std::string version_of(const Value& pod_or_template) {
  const std::string image = pod_or_template["spec"]["containers"].at(0)["image"].str();
  return image.substr(image.rfind(':') + 1);
}

std::string owner_text(const Value& replica_set) {
  if (const Value& owner = api::controller_of(replica_set); !owner.is_null())
    return owner["kind"].str() + " " + owner["name"].str();
  const std::string release(api::label(replica_set, delivery::kReleaseLabel));
  return release.empty() ? "nobody" : "held by Release " + release;
}

Value weights_of(const Value& route, const std::string& app) {
  Value weights = Value::object();
  std::int64_t sum = 0;
  for (const Value& ref : route["spec"]["rules"].at(0)["backendRefs"].items()) sum += ref["weight"].as_int(1);
  for (const Value& ref : route["spec"]["rules"].at(0)["backendRefs"].items()) {
    const double share = sum == 0 ? 0 : 100.0 * static_cast<double>(ref["weight"].as_int(1)) / static_cast<double>(sum);
    weights.set(short_name(ref["name"].as_string(), app), share);
  }
  return weights;
}

const api::Resource& workload_of(const Observer& observer, const std::string& space, const std::string& app) {
  for (const api::Resource* kind : {&api::kStatefulSets, &api::kDaemonSets})
    if (!observer.of(*kind).find({space, app}).is_null()) return *kind;
  return api::kDeployments;
}

Value facts(const Observer& observer, const std::string& space, const std::string& app,
            const std::vector<std::string>& versions) {
  const auto own = [&](const api::Resource& kind) { return observer.of(kind).find({space, app}); };
  const auto all = [&](const api::Resource& kind) { return by_name(observer.of(kind).in_space(space), app); };
  Value zeros = Value::object(), owners = Value::object();
  for (const std::string& version : versions) zeros.set(version, 0), owners.set(version, "");
  const PodCounts pods = counts_in(observer, space, zeros);
  for (const Value& set : observer.of(api::kReplicaSets).in_space(space))
    owners.set(version_of(set["spec"]["template"]), owner_text(set));
  return Value::object({{"deployment", own(api::kDeployments)},
                        {"workload", own(workload_of(observer, space, app))},
                        {"release", own(api::kReleases)},
                        {"route", own(api::kHttpRoutes)},
                        {"releases", all(api::kReleases)},
                        {"replicasets", all(api::kReplicaSets)},
                        {"services", all(api::kServices)},
                        {"runs", all(api::kAnalysisRuns)},
                        {"weights", weights_of(own(api::kHttpRoutes), app)},
                        {"running", pods.running},
                        {"ready", pods.ready},
                        {"restarts", pods.restarts},
                        {"owner", owners},
                        {"preview", preview_facts(observer, preview_of(space), app, zeros)},
                        {"pods", pods.all}});
}

}  // namespace slipway::rehearse::scenario
