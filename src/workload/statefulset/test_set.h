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
#include "workload/statefulset/decide.h"
#include "workload/statefulset/identity.h"
#include "workload/test_objects.h"

namespace slipway::workload::statefulset::testing {

using data::Value;

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

using workload::testing::set_image;

inline std::string image_of(const Value& pod) { return pod["spec"]["containers"].at(0)["image"].str(); }

// The objects of one set. `decide` carries a decision out as an API server would; what nodes do is up to the test.
class Cluster : public workload::testing::Objects {
 public:
  static constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();

  explicit Cluster(Value set) : set(std::move(set)) {}

  Value set;
  control::Decision last;

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
};

}  // namespace slipway::workload::statefulset::testing
