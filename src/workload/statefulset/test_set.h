// StatefulSets and their pods for tests, and a small world that carries decisions out at once.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "api/meta.h"
#include "control/pod.h"
#include "data/patch.h"
#include "workload/statefulset/decide.h"
#include "workload/statefulset/identity.h"

namespace slipway::workload::statefulset::testing {

using data::Value;

inline const base::Time kStart = *base::parse_time("2026-11-23T12:00:00Z");

inline Value set_of(std::int64_t replicas, std::string_view image = "db:1") {
  const Value labels = Value::object({{"app", "db"}});
  const Value container = Value::object({{"name", "db"}, {"image", image}});
  const Value pod_template = Value::object({{"metadata", Value::object({{"labels", labels}})},
                                            {"spec", Value::object({{"containers", Value::array({container})}})}});
  const Value strategy =
      Value::object({{"type", "RollingUpdate"}, {"rollingUpdate", Value::object({{"partition", 0}})}});
  return Value::object(
      {{"apiVersion", "apps/v1"},
       {"kind", "StatefulSet"},
       {"metadata", Value::object({{"name", "db"}, {"namespace", "shop"}, {"uid", "set-1"}, {"generation", 1}})},
       {"spec", Value::object({{"replicas", replicas},
                               {"serviceName", "db"},
                               {"podManagementPolicy", "OrderedReady"},
                               {"updateStrategy", strategy},
                               {"revisionHistoryLimit", 10},
                               {"selector", Value::object({{"matchLabels", labels}})},
                               {"template", pod_template}})}});
}

inline void set_image(Value& set, std::string_view image) {
  set.member("spec").member("template").member("spec").member("containers").element(0).set("image", image);
  set.set({"metadata", "generation"}, api::generation_of(set) + 1);
}

inline std::string image_of(const Value& pod) { return pod["spec"]["containers"].at(0)["image"].str(); }

// The objects of one set. `decide` carries a decision out as an API server would; what nodes do is up to the test.
class Cluster {
 public:
  static constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();

  explicit Cluster(Value set) : set(std::move(set)) {}

  Value set;
  std::map<std::string, Value> pods, revisions, claims;
  base::Time now = kStart;
  control::Decision last;
  int created = 0, deleted = 0;  // pods, by us

  // A crash loses what comes after the first `effects` of them, and the status.
  control::Decision decide(std::size_t effects = kAll) {
    Observation seen{.set = set, .pods = {}, .revisions = {}, .claim = [this](const std::string& name) -> const Value& {
                       const auto it = claims.find(name);
                       return it == claims.end() ? data::kNull : it->second;
                     }};
    for (const auto& [name, pod] : pods) seen.pods.push_back(pod);
    for (const auto& [name, revision] : revisions) seen.revisions.push_back(revision);
    last = statefulset::decide(seen, now);
    for (std::size_t i = 0; i < std::min(effects, last.effects.size()); ++i) carry_out(last.effects[i]);
    if (effects == kAll && !last.status.is_null()) set.set("status", last.status);
    return last;
  }

  void make_ready(const std::string& name, std::string_view phase = "Running", bool ready = true) {
    Value& pod = pods.at(name);
    pod.set({"status", "phase"}, phase);
    api::set_condition(pod.member("status"), "Ready", ready ? "True" : "False", "", "", now);
  }
  void forget(const std::string& name) { pods.erase(name); }
  // Nodes do all that they have to; decisions are made until nothing happens any more.
  void settle() {
    for (int round = 0; round < 1000; ++round) {
      const std::map<std::string, Value> before = pods;
      const Value status = set["status"];
      decide();
      for (const auto& [name, pod] : std::map(pods)) {
        if (api::is_deleting(pod))
          forget(name);
        else if (!control::is_ready(pod) && !control::is_terminal(pod))
          make_ready(name);
      }
      if (pods == before && set["status"] == status && last.effects.empty()) return;
    }
    ADD_FAILURE() << "it never comes to rest";
  }
  // "db-0=db:1 db-1=db:2", those that are not being deleted.
  std::string images() const {
    std::string text;
    for (const auto& [name, pod] : pods)
      if (!api::is_deleting(pod)) text += (text.empty() ? "" : " ") + name + "=" + image_of(pod);
    return text;
  }

 private:
  void carry_out(const control::Effect& effect) {
    if (const auto* create = std::get_if<control::Create>(&effect)) return add(*create);
    if (const auto* patch = std::get_if<control::Patch>(&effect)) {
      Value& object = of(patch->resource).at(patch->name);
      object = data::apply_merge_patch(object, patch->body);
    }
    if (const auto* gone = std::get_if<control::Delete>(&effect)) {
      if (gone->resource != api::kPods) {
        revisions.erase(gone->name);
        return;
      }
      ++deleted;
      EXPECT_EQ(api::uid_of(pods.at(gone->name)), gone->uid);
      EXPECT_FALSE(api::is_deleting(pods.at(gone->name))) << gone->name << " is deleted twice";
      pods.at(gone->name).set({"metadata", "deletionTimestamp"}, base::format_time(now));
    }
  }
  void add(const control::Create& create) {
    const std::string name(api::name_of(create.object));
    EXPECT_FALSE(of(create.resource).contains(name)) << name << " is there already";
    Value object = create.object;
    object.set({"metadata", "uid"}, name + "#" + std::to_string(++uids_));
    object.set({"metadata", "creationTimestamp"}, base::format_time(now));
    if (create.resource == api::kPods) {
      ++created;
      object.set({"status", "phase"}, "Pending");
    }
    of(create.resource)[name] = std::move(object);
  }
  std::map<std::string, Value>& of(const api::Resource& resource) {
    return resource == api::kPods ? pods : resource == api::kPersistentVolumeClaims ? claims : revisions;
  }
  int uids_ = 0;
};

}  // namespace slipway::workload::statefulset::testing
