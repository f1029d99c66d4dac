#include "workload/replicaset/decide.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "api/meta.h"
#include "control/mutants.h"
#include "control/pod.h"
#include "workload/replicaset/pod_names.h"

namespace slipway::workload::replicaset {
namespace {

using base::seconds;
using control::Create;
using control::Decision;
using control::Delete;
using control::Effect;
using data::Value;

const base::Time kNow = *base::parse_time("2026-11-23T12:00:00Z");

Value set_of(std::int64_t replicas, int min_ready = 0) {
  return Value::object(
      {{"metadata", Value::object({{"name", "web-abc"}, {"namespace", "shop"}, {"uid", "rs-1"}, {"generation", 1}})},
       {"spec",
        Value::object(
            {{"replicas", replicas},
             {"minReadySeconds", min_ready},
             {"selector", Value::object({{"matchLabels", Value::object({{"app", "web"}})}})},
             {"template", Value::object({{"metadata", Value::object({{"labels", Value::object({{"app", "web"}})}})},
                                         {"spec", Value::object({{"containers", Value::array()}})}})}})}});
}

struct PodOf {
  std::string uid;
  std::string node = "n1";
  std::string phase = "Running";
  std::optional<base::Duration> ready_for = seconds(100);
  base::Duration age = seconds(100);
  int cost = 0;
  int restarts = 0;
};

Value make(const PodOf& of) {
  Value pod = Value::object({{"metadata", Value::object({{"name", of.uid},
                                                         {"namespace", "shop"},
                                                         {"uid", of.uid},
                                                         {"labels", Value::object({{"app", "web"}})},
                                                         {"creationTimestamp", base::format_time(kNow - of.age)}})},
                             {"spec", Value::object({{"nodeName", of.node}})},
                             {"status", Value::object({{"phase", of.phase}})}});
  pod.set({"metadata", "ownerReferences"}, Value::array({api::controller_reference(set_of(1), api::kReplicaSets)}));
  pod.set({"metadata", "annotations", "controller.kubernetes.io/pod-deletion-cost"}, std::to_string(of.cost));
  pod.set({"status", "containerStatuses"}, Value::array({Value::object({{"restartCount", of.restarts}})}));
  api::set_condition(pod.member("status"), "Ready", of.ready_for ? "True" : "False", "", "",
                     kNow - of.ready_for.value_or(seconds(0)));
  return pod;
}

Observation seen(Value set, std::vector<Value> pods) {
  return {.set = std::move(set), .pods = std::move(pods), .related = {}, .is_taken = [](const std::string&) {
            return false;
          }};
}

std::vector<std::string> deleted(const Decision& decision) {
  std::vector<std::string> uids;
  for (const Effect& effect : decision.effects) uids.push_back(std::get<Delete>(effect).uid);
  return uids;
}

// Each pair: the first goes before the second, and nothing but the named property tells them apart.
TEST(Ranking, Follows_the_documented_order) {
  const std::pair<PodOf, PodOf> cases[] = {
      {{.uid = "unassigned", .node = ""}, {.uid = "a-assigned"}},
      {{.uid = "pending", .phase = "Pending"}, {.uid = "a-running"}},
      {{.uid = "unknown", .phase = "Unknown"}, {.uid = "a-running"}},
      {{.uid = "unready", .ready_for = std::nullopt}, {.uid = "a-ready"}},
      {{.uid = "cheap", .cost = -1}, {.uid = "a-dear", .cost = 5}},
      {{.uid = "crowded", .node = "n2"}, {.uid = "a-alone"}},
      {{.uid = "short", .ready_for = seconds(3)}, {.uid = "a-long", .ready_for = seconds(90)}},
      {{.uid = "restarts", .restarts = 3}, {.uid = "a-stable"}},
      {{.uid = "young", .age = seconds(10)}, {.uid = "a-old"}},
      {{.uid = "a"}, {.uid = "b"}},
  };
  const PodsPerNode related = {{"n1", 1}, {"n2", 4}};
  for (const auto& [first, second] : cases) {
    const auto victims = rank_victims({make(second), make(first)}, related, 2, kNow);
    EXPECT_EQ(api::uid_of(victims[0]), first.uid) << "before " << second.uid;
  }
}

TEST(Ranking, An_earlier_rule_outweighs_all_later_ones) {
  const Value unready_but_dear = make({.uid = "x", .ready_for = std::nullopt, .cost = 100});
  const Value ready_but_cheap = make({.uid = "y", .cost = -100, .restarts = 9});
  EXPECT_EQ(api::uid_of(rank_victims({ready_but_cheap, unready_but_dear}, {}, 1, kNow)[0]), "x");
}

TEST(ReplicaSet, Makes_what_is_missing_under_names_that_do_not_change) {
  const Decision once = decide(seen(set_of(3), {}), kNow);
  ASSERT_EQ(once.effects.size(), 3u);
  EXPECT_EQ(once, decide(seen(set_of(3), {}), kNow));
  std::set<std::string> names;
  for (const Effect& effect : once.effects) {
    const Value& pod = std::get<Create>(effect).object;
    names.insert(pod["metadata"]["name"].str());
    EXPECT_TRUE(pod["metadata"]["name"].as_string().starts_with("web-abc-"));
    EXPECT_EQ(api::controller_of(pod)["uid"].as_string(), "rs-1");
    EXPECT_EQ(api::label(pod, "app"), "web");
  }
  EXPECT_EQ(names.size(), 3u);
}

// The decision is carried out up to a crash; the next process sees what is there and must end with exactly the wanted
// number.
TEST(ReplicaSet, A_crash_between_any_two_creates_leaves_no_pod_too_many) {
  for (std::size_t crash_after = 0; crash_after <= 4; ++crash_after) {
    std::map<std::string, Value> world;
    auto carry_out = [&](const Decision& decision, std::size_t limit) {
      for (std::size_t i = 0; i < std::min(limit, decision.effects.size()); ++i) {
        Value pod = std::get<Create>(decision.effects[i]).object;
        pod.set({"metadata", "uid"}, pod["metadata"]["name"]);
        world.emplace(pod["metadata"]["name"].str(), pod);  // a name that is taken makes no second one
      }
    };
    auto pods = [&] {
      std::vector<Value> all;
      for (const auto& [name, pod] : world) all.push_back(pod);
      return all;
    };
    const Decision first = decide(seen(set_of(4), {}), kNow);
    carry_out(first, crash_after);
    carry_out(first, 4);  // the same decision from an old picture: meets its own names
    EXPECT_EQ(world.size(), 4u);
    carry_out(decide(seen(set_of(6), pods()), kNow), 1);
    carry_out(decide(seen(set_of(6), pods()), kNow), 9);
    EXPECT_EQ(world.size(), 6u);
  }
}

TEST(ReplicaSet, Skips_names_that_others_have) {
  Observation with_stranger = seen(set_of(1), {});
  const std::string taken = pod_name(with_stranger.set, 1);
  with_stranger.is_taken = [&](const std::string& name) { return name == taken; };
  const Decision decision = decide(with_stranger, kNow);
  EXPECT_EQ(std::get<Create>(decision.effects.at(0)).object["metadata"]["name"].as_string(),
            pod_name(with_stranger.set, 2));
}

TEST(ReplicaSet, A_long_name_keeps_its_pods_within_63_characters) {
  Value set = set_of(1);
  set.set({"metadata", "name"}, std::string(80, 'x'));
  EXPECT_EQ(pod_name(set, 1).size(), 63u);
}

TEST(ReplicaSet, Removes_what_is_too_much_worst_first) {
  const Decision decision =
      decide(seen(set_of(1), {make({.uid = "good"}), make({.uid = "bad", .ready_for = std::nullopt}),
                              make({.uid = "pending", .phase = "Pending"})}),
             kNow);
  EXPECT_EQ(deleted(decision), (std::vector<std::string>{"pending", "bad"}));
}

TEST(ReplicaSet, Pods_that_end_or_are_deleted_do_not_count) {
  Value leaving = make({.uid = "leaving"});
  leaving.set({"metadata", "deletionTimestamp"}, "2026-11-23T11:59:59Z");
  const Decision decision =
      decide(seen(set_of(2), {leaving, make({.uid = "failed", .phase = "Failed"}), make({.uid = "good"})}), kNow);
  EXPECT_EQ(decision.effects.size(), 1u);
  EXPECT_EQ(decision.status["replicas"].as_int(), 1);
}

TEST(ReplicaSet, A_deleting_set_makes_and_removes_nothing) {
  Value set = set_of(3);
  set.set({"metadata", "deletionTimestamp"}, "2026-11-23T11:59:59Z");
  EXPECT_TRUE(decide(seen(set, {make({.uid = "a"})}), kNow).effects.empty());
}

TEST(ReplicaSet, Availability_comes_after_minReadySeconds_and_wakes_for_it) {
  const Observation young =
      seen(set_of(2, 30), {make({.uid = "a", .ready_for = seconds(10)}), make({.uid = "b", .ready_for = seconds(40)})});
  const Decision decision = decide(young, kNow);
  EXPECT_EQ(decision.status["readyReplicas"].as_int(), 2);
  EXPECT_EQ(decision.status["availableReplicas"].as_int(), 1);
  EXPECT_EQ(decision.wake_at, kNow + seconds(20));
  EXPECT_EQ(decide(young, kNow + seconds(20)).status["availableReplicas"].as_int(), 2);
}

TEST(ReplicaSet, A_failure_is_shown_once_and_then_the_effects_are_tried_again) {
  const control::Failure failure{{base::Code::Forbidden, "exceeded quota"}, kNow, 1, 0};
  Observation failing = seen(set_of(2), {});
  failing.failure = &failure;
  const Decision telling = decide(failing, kNow);
  EXPECT_TRUE(telling.effects.empty());
  EXPECT_EQ(telling.status["conditions"].at(0)["reason"].as_string(), "FailedCreate");
  EXPECT_EQ(telling.status["conditions"].at(0)["message"].as_string(), "exceeded quota");
  failing.set.set("status", telling.status);
  EXPECT_EQ(decide(failing, kNow).effects.size(), 2u);
  failing.failure = nullptr;
  EXPECT_TRUE(decide(failing, kNow).status["conditions"].is_null());
}

TEST(ReplicaSet, Mistaking_running_for_available_is_caught) {
  const Observation unready = seen(set_of(1), {make({.uid = "a", .ready_for = std::nullopt})});
  EXPECT_EQ(decide(unready, kNow).status["availableReplicas"].as_int(), 0);
  const control::PlantedMutant planted(control::Mutant::SkipReadiness);
  EXPECT_EQ(decide(unready, kNow).status["availableReplicas"].as_int(), 1);
}

// Pods come, go, fail and get ready at random, decisions are carried out in part; in the end the number is right, and
// no pod that was ready was removed while an unready one stayed.
RC_GTEST_PROP(ReplicaSet, Converges_to_its_size, ()) {
  std::map<std::string, Value> world;
  Value set = set_of(*rc::gen::inRange(0, 12));
  int uids = 0;
  auto pass = [&](std::size_t limit) {
    std::vector<Value> pods;
    for (const auto& [name, pod] : world) pods.push_back(pod);
    Observation observation = seen(set, pods);
    observation.is_taken = [&](const std::string& name) { return world.contains(name); };
    const Decision decision = decide(observation, kNow);
    for (const Effect& effect : decision.effects) {
      if (limit-- == 0) break;
      if (const auto* create = std::get_if<Create>(&effect)) {
        Value pod = create->object;
        pod.set({"metadata", "uid"}, "u" + std::to_string(++uids));
        RC_ASSERT(world.emplace(pod["metadata"]["name"].str(), pod).second);
      } else {
        const auto& erase = std::get<Delete>(effect);
        const bool ready = control::is_ready(world.at(erase.name));
        world.erase(erase.name);
        for (const auto& [name, pod] : world)
          RC_ASSERT(!ready || control::is_ready(pod) || !control::is_active(pod) || limit > 0);
      }
    }
    return decision.effects.size();
  };
  for (int round = 0; round < 20; ++round) {
    if (*rc::gen::inRange(0, 5) == 0) set.set({"spec", "replicas"}, *rc::gen::inRange(0, 12));
    for (auto& [name, pod] : world) {
      const int what = *rc::gen::inRange(0, 8);
      if (what == 0) pod.set({"status", "phase"}, "Failed");
      if (what <= 3) api::set_condition(pod.member("status"), "Ready", "True", "", "", kNow);
    }
    pass(static_cast<std::size_t>(*rc::gen::inRange(0, 4)));
  }
  while (pass(1000) > 0) {
  }
  std::int64_t active = 0;
  for (const auto& [name, pod] : world) active += control::is_active(pod);
  RC_ASSERT(active == set["spec"]["replicas"].as_int());
}

}  // namespace
}  // namespace slipway::workload::replicaset
