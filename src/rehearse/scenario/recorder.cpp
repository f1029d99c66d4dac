#include "rehearse/scenario/recorder.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/meta.h"
#include "base/strings.h"
#include "control/pod.h"
#include "delivery/names.h"

namespace slipway::rehearse::scenario {

using data::Value;

namespace {

// "web=shop/web:v2" -> "v2"; "none" without a revision.
std::string version_of_revision(const Value& revision) {
  if (revision.is_null()) return "none";
  const std::string images = revision["images"].str();
  return images.substr(images.rfind(':') + 1);
}

std::string percent(const Value& number) { return fmt::format("{:g}", number.as_double()); }

std::string text_of_weights(const Value& route, const std::string& app) {
  std::string text;
  for (const auto& [service, percent] : weights_of(route, app).members())
    text += fmt::format("{}{} {:g} %", text.empty() ? "" : ", ", service.view(), percent.as_double());
  return text;
}

Rollback rollback_of(const Value& retreat) {
  return {retreat["cause"].str(), retreat["metric"].str(), retreat["verification"]["phase"].str("Pending")};
}

std::string text_of(const Rollback& r) { return r.cause + (r.metric.empty() ? "" : " of " + r.metric); }

}  // namespace

void Recorder::add(const std::string& track, std::string step) {
  auto& steps = outcome_.tracks[track];
  if (steps.empty() || steps.back() != step) steps.push_back(std::move(step));
}

void Recorder::begin() {
  const auto keep_last = [](std::vector<std::string>& steps) {
    if (!steps.empty()) steps.erase(steps.begin(), steps.end() - 1);
  };
  for (auto& [name, track] : outcome_.tracks) keep_last(track);
  keep_last(outcome_.phases);
}

void Recorder::changed(const api::Resource& resource, const Value& before, const Value& after) {
  const Value& object = after.is_null() ? before : after;
  ++changes_[resource.plural + "/" + std::string(api::name_of(object))];
  if (resource == api::kPods) return see_pod(object);
  if (resource == api::kReplicaSets) return see_owner(object, after.is_null() ? "gone" : owner_text(after));
  if (api::name_of(object) != app_) return;
  if (resource == api::kReleases) see_release(before, after);
  if (resource == api::kHttpRoutes && !after.is_null()) add("route", text_of_weights(after, app_));
}

void Recorder::changed_in_preview(const api::Resource& resource, const Value& object) {
  ++changes_["preview " + resource.plural + "/" + std::string(api::name_of(object))];
}

// Between two owners a ReplicaSet is nobody's for a moment, which a watch that had to begin anew does not show.
void Recorder::see_owner(const Value& replica_set, const std::string& owner) {
  versions_[std::string(api::name_of(replica_set))] = version_of(replica_set["spec"]["template"]);
  // Versions that differ in their ConfigMaps only look the same here, and their ReplicaSets change hands side by side.
  if (!api::annotation(replica_set, delivery::kConfigAnnotation).empty()) return;
  if (owner != "nobody") add("owner of " + version_of(replica_set["spec"]["template"]), owner);
}

// --- the Release ------------------------------------------------------------------------------------------

void Recorder::see_release(const Value& before, const Value& after) {
  if (after.is_null()) return add("release", "gone");
  const Value &was = before["status"], &is = after["status"];
  if (was["candidate"]["images"] != is["candidate"]["images"])
    add("release", "candidate " + version_of_revision(is["candidate"]));
  if (const std::string phase = is["phase"].str(); !phase.empty() && phase != was["phase"].as_string()) {
    add("release", "phase " + phase);
    outcome_.phases.push_back(phase);
  }
  const Value& verified = is["traffic"]["verified"];
  if (!verified.is_null() && verified != was["traffic"]["verified"]) {
    add("release", "verified " + percent(verified) + " %");
    outcome_.verified.push_back(percent(verified));
  }
  see_retreat(was, is);
  const Value& command = is["command"];
  if (!command.is_null() && command["id"] != was["command"]["id"])
    add("release", "command " + command["verb"].str() + ": " + without_names(command["result"].str()));
}

// The names of ReplicaSets are made from hashes, which each control plane computes in its own way.
std::string Recorder::without_names(std::string text) const {
  for (const auto& [name, version] : versions_) text = base::replace_all(text, name, version);
  return text;
}

void Recorder::see_retreat(const Value& was, const Value& is) {
  if (!is["rollback"].is_null() && is["rollback"]["cause"] != was["rollback"]["cause"])
    add("release", "turns back: " + text_of(rollback_of(is["rollback"])));
  const Value& last = is["lastRollback"];
  if (last.is_null() || last["startedAt"] == was["lastRollback"]["startedAt"]) return;
  const Rollback rollback = rollback_of(last);
  add("release", "rolled back: " + text_of(rollback) + ", verification " + rollback.verification);
  outcome_.rollbacks.push_back(rollback);
}

// --- pods -------------------------------------------------------------------------------------------------

void Recorder::see_pod(const Value& pod) {
  auto& [version, restarts] = pods_[std::string(api::uid_of(pod))];
  version = version_of(pod);
  restarts = std::max(restarts, control::restarts_of(pod));
  if (!api::label(pod, delivery::kKeptLabel).empty()) kept_[version].insert(std::string(api::uid_of(pod)));
}

Value Recorder::started(const std::vector<std::string>& versions) const {
  Value counts = Value::object();
  for (const std::string& version : versions) counts.set(version, 0);
  for (const auto& [uid, pod] : pods_) counts.set(pod.first, counts[pod.first].as_int() + 1);
  return counts;
}

// How often a container restarts is a matter of time; whether it does is not. And whether its ReplicaSet comes to make
// one pod more in place of one that is kept aside.
void Recorder::describe_pods() {
  for (const auto& [uid, pod] : pods_) {
    if (!kept_.contains(pod.first)) ++outcome_.started[pod.first];
    outcome_.restarts[pod.first] += pod.second;
  }
  auto& track = outcome_.tracks["pods"];
  for (const auto& [version, count] : outcome_.started)
    track.push_back(fmt::format("{}: {} started, {}", version, count,
                                outcome_.restarts[version] > 0 ? "with restarts" : "no restart"));
  for (const auto& [version, pods] : kept_) track.push_back(fmt::format("{}: {} kept aside", version, pods.size()));
}

// --- the end ----------------------------------------------------------------------------------------------

void Recorder::describe_end(const Observer& observer, const std::string& space) {
  auto& track = outcome_.tracks["end"];
  if (const Value& d = observer.of(api::kDeployments).find({space, app_}); !d.is_null())
    track.push_back(fmt::format("deployment: {}, {} of {} available{}", version_of(d["spec"]["template"]),
                                d["status"]["availableReplicas"].as_int(), d["spec"]["replicas"].as_int(1),
                                d["spec"]["paused"].as_bool() ? ", paused" : ""));
  for (const api::Resource* kind : {&api::kStatefulSets, &api::kDaemonSets})
    if (const Value& set = observer.of(*kind).find({space, app_}); !set.is_null())
      track.push_back(fmt::format("{}: {}, {}", base::to_lower(kind->kind), version_of(set["spec"]["template"]),
                                  api::annotation(set, delivery::kHeldAnnotation).empty() ? "free" : "held"));
  std::vector<std::string> sets;
  for (const Value& set : observer.of(api::kReplicaSets).in_space(space))
    sets.push_back(fmt::format("replica set {}: {} replicas, {}", version_of(set["spec"]["template"]),
                               set["spec"]["replicas"].as_int(1), owner_text(set)));
  std::ranges::sort(sets);
  track.insert(track.end(), sets.begin(), sets.end());
  if (const Value& r = observer.of(api::kReleases).find({space, app_}); !r.is_null()) {
    const Value& status = r["status"];
    track.push_back(fmt::format("release: {}, stable {}, candidate {}, rejected {}", status["phase"].as_string(),
                                version_of_revision(status["stable"]), version_of_revision(status["candidate"]),
                                version_of_revision(status["rejected"])));
    for (const Value& entry : status["history"].items())
      track.push_back(fmt::format("history: {} {}", version_of_revision(entry), entry["result"].as_string()));
  }
  if (const Value& route = observer.of(api::kHttpRoutes).find({space, app_}); !route.is_null())
    track.push_back("route: " + text_of_weights(route, app_));
  std::string services;
  for (const Value& service : observer.of(api::kServices).in_space(space))
    services += " " + std::string(api::name_of(service));
  track.push_back("services:" + services);
}

Outcome Recorder::finish(const Observer& observer, const std::string& space) {
  describe_pods();
  describe_end(observer, space);
  return outcome_;
}

}  // namespace slipway::rehearse::scenario
