#include "workload/deployment/decide.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>

#include "api/meta.h"
#include "control/mutants.h"
#include "control/pod_template.h"
#include "data/patch.h"
#include "workload/deployment/conditions.h"
#include "workload/deployment/revisions.h"
#include "workload/deployment/rollout.h"

namespace slipway::workload::deployment {
namespace {

using base::seconds;
using control::Create;
using control::Decision;
using control::Delete;
using control::Effect;
using control::Patch;
using data::Value;

const base::Time kStart = *base::parse_time("2026-11-23T12:00:00Z");

Value template_of(std::string_view image) {
  return Value::object(
      {{"metadata", Value::object({{"labels", Value::object({{"app", "web"}})}})},
       {"spec", Value::object({{"containers", Value::array({Value::object({{"name", "web"}, {"image", image}})})}})}});
}

// A Deployment and its ReplicaSets, as an API server would keep them. ReplicaSets have pods that exist at once and
// become available when the test says so.
class Model {
 public:
  explicit Model(std::int64_t replicas, Value surge = "25%", Value unavailable = "25%") {
    deployment_ = Value::object(
        {{"metadata", Value::object({{"name", "web"}, {"namespace", "shop"}, {"uid", "d-1"}, {"generation", 1}})},
         {"spec", Value::object({{"replicas", replicas},
                                 {"progressDeadlineSeconds", 600},
                                 {"revisionHistoryLimit", 2},
                                 {"selector", Value::object({{"matchLabels", Value::object({{"app", "web"}})}})},
                                 {"strategy",
                                  Value::object({{"type", "RollingUpdate"},
                                                 {"rollingUpdate", Value::object({{"maxSurge", surge},
                                                                                  {"maxUnavailable", unavailable}})}})},
                                 {"template", template_of("web:1")}})}});
    touch(deployment_);
  }

  Decision pass() {
    Observation seen{.deployment = deployment_};
    for (const auto& [name, set] : sets_) seen.sets.push_back(set);
    Decision decision = decide(seen, now);
    for (const Effect& effect : decision.effects) carry_out(effect);
    if (!decision.status.is_null()) deployment_.set("status", decision.status);
    return decision;
  }

  // Passes until nothing changes any more.
  void settle() {
    for (int i = 0; i < 100; ++i) {
      const Value before = deployment_["status"];
      if (pass().effects.empty() && deployment_["status"] == before) return;
    }
    FAIL() << "does not settle";
  }

  void all_available() {
    for (auto& [name, set] : sets_) make_available(name, set["spec"]["replicas"].as_int());
  }
  void make_available(const std::string& name, std::int64_t count) {
    Value& set = sets_.at(name);
    const std::int64_t size = set["spec"]["replicas"].as_int();
    set.set("status", Value::object({{"replicas", size},
                                     {"readyReplicas", std::min(count, size)},
                                     {"availableReplicas", std::min(count, size)},
                                     {"observedGeneration", api::generation_of(set)}}));
    touch(set);
  }
  // Pods are made and removed, and none becomes available by that; unavailable ones are removed first.
  void follow_sizes() {
    for (auto& [name, set] : sets_) make_available(name, set["status"]["availableReplicas"].as_int());
  }
  // Its size is known, and what is too many has yet to go.
  void keep_all_pods(const std::string& name) {
    Value& set = sets_.at(name);
    set.set({"status", "observedGeneration"}, api::generation_of(set));
    touch(set);
  }
  void roll_out() {
    for (int i = 0; i < 50; ++i) {
      settle();
      if (complete()) return;
      all_available();
      now += seconds(1);
    }
    FAIL() << "does not converge";
  }
  bool complete() const {
    const Value& status = deployment_["status"];
    return status["updatedReplicas"].as_int() == replicas() && status["replicas"].as_int() == replicas() &&
           status["availableReplicas"].as_int() == replicas() && total() == replicas();
  }

  void change(std::initializer_list<std::string_view> path, Value value) {
    deployment_.set(path, std::move(value));
    deployment_.set({"metadata", "generation"}, api::generation_of(deployment_) + 1);
    touch(deployment_);
  }
  void set_status(Value status) { deployment_.set("status", std::move(status)); }
  void set_image(std::string_view image) { change({"spec", "template"}, template_of(image)); }

  const Value& set_of(std::string_view image) const {
    for (const auto& [name, set] : sets_)
      if (set["spec"]["template"]["spec"]["containers"].at(0)["image"].as_string() == image) return set;
    return data::kNull;
  }
  std::int64_t size_of(std::string_view image) const { return set_of(image)["spec"]["replicas"].as_int(); }
  std::string name_of(std::string_view image) const { return set_of(image)["metadata"]["name"].str(); }
  std::int64_t replicas() const { return deployment_["spec"]["replicas"].as_int(); }
  std::int64_t total() const {
    return sum([](const Value& set) { return set["spec"]["replicas"].as_int(); });
  }
  std::int64_t available() const {
    return sum([](const Value& set) {
      return std::min(set["spec"]["replicas"].as_int(), set["status"]["availableReplicas"].as_int());
    });
  }
  std::string_view progressing() const {
    return find_condition(deployment_["status"]["conditions"], kProgressing)["reason"].as_string();
  }
  const Value& deployment() const { return deployment_; }
  std::map<std::string, Value>& sets() { return sets_; }

  base::Time now = kStart;

 private:
  template <class F>
  std::int64_t sum(F of) const {
    std::int64_t total = 0;
    for (const auto& [name, set] : sets_) total += of(set);
    return total;
  }
  void touch(Value& object) { object.set({"metadata", "resourceVersion"}, std::to_string(++version_)); }

  void carry_out(const Effect& effect) {
    if (const auto* create = std::get_if<Create>(&effect)) {
      Value set = create->object;
      ASSERT_FALSE(sets_.contains(set["metadata"]["name"].str()));
      set.set({"metadata", "uid"}, "rs-" + std::to_string(++uids_));
      set.set({"metadata", "generation"}, 1);
      set.set({"metadata", "creationTimestamp"}, base::format_time(now));
      touch(set);
      sets_[set["metadata"]["name"].str()] = set;
    } else if (const auto* patch = std::get_if<Patch>(&effect)) {
      Value& object = patch->name == "web" ? deployment_ : sets_.at(patch->name);
      ASSERT_EQ(patch->uid, api::uid_of(object));
      ASSERT_EQ(patch->version, api::version_of(object)) << "stale precondition";
      object = data::apply_merge_patch(object, patch->body);
      if (patch->body.has("spec")) object.set({"metadata", "generation"}, api::generation_of(object) + 1);
      touch(object);
    } else if (const auto* erase = std::get_if<Delete>(&effect)) {
      ASSERT_EQ(erase->uid, api::uid_of(sets_.at(erase->name)));
      sets_.erase(erase->name);
    }
  }

  Value deployment_;
  std::map<std::string, Value> sets_;
  int version_ = 0;
  int uids_ = 0;
};

TEST(Deployment, Makes_its_first_set_at_full_size) {
  Model world(10);
  const Decision decision = world.pass();
  ASSERT_EQ(decision.effects.size(), 2u);  // its revision, and the set
  EXPECT_EQ(world.size_of("web:1"), 10);
  EXPECT_EQ(world.progressing(), "NewReplicaSetCreated");
  EXPECT_EQ(api::annotation(world.deployment(), kRevision), "1");
  EXPECT_EQ(world.name_of("web:1"), "web-" + control::template_hash(template_of("web:1")));
  const Value& set = world.set_of("web:1");
  EXPECT_EQ(api::label(set, "pod-template-hash"),
            set["spec"]["template"]["metadata"]["labels"]["pod-template-hash"].as_string());
  EXPECT_EQ(api::annotation(set, kDesiredReplicas), "10");
  EXPECT_EQ(api::annotation(set, kMaxReplicas), "13");
  EXPECT_EQ(world.pass().effects.size(), 0u);
}

TEST(Deployment, Is_complete_when_all_replicas_are_available) {
  Model world(3);
  world.roll_out();
  EXPECT_EQ(world.progressing(), "NewReplicaSetAvailable");
  EXPECT_EQ(find_condition(world.deployment()["status"]["conditions"], kAvailable)["status"].as_string(), "True");
  EXPECT_EQ(world.pass().wake_at, std::nullopt);
}

// The steps of 10 replicas with the default strategy, each after the one before has become available.
TEST(Deployment, Rolls_in_the_documented_steps) {
  Model world(10);
  world.roll_out();
  world.set_image("web:2");
  std::vector<std::pair<std::int64_t, std::int64_t>> steps;
  for (int i = 0; i < 12 && !(steps.size() > 1 && world.complete()); ++i) {
    world.settle();
    steps.emplace_back(world.size_of("web:1"), world.size_of("web:2"));
    world.all_available();
  }
  const std::vector<std::pair<std::int64_t, std::int64_t>> expected = {{8, 5}, {3, 10}, {0, 10}};
  EXPECT_EQ(std::vector(steps.begin(), steps.begin() + 3), expected);
}

TEST(Deployment, Rollover_shrinks_the_set_that_never_got_ready_first) {
  Model world(10);
  world.roll_out();
  world.set_image("web:bad");
  world.settle();
  EXPECT_EQ(world.size_of("web:bad"), 5);
  world.follow_sizes();
  world.set_image("web:3");
  world.settle();
  EXPECT_EQ(world.size_of("web:bad"), 0);
  EXPECT_EQ(world.size_of("web:1"), 8);
  EXPECT_EQ(world.size_of("web:3"), 5);
}

TEST(Deployment, Undo_uses_the_old_set_again_under_a_new_revision) {
  Model world(4);
  world.roll_out();
  const std::string first = world.name_of("web:1");
  world.set_image("web:2");
  world.roll_out();
  EXPECT_EQ(api::annotation(world.deployment(), kRevision), "2");
  world.set_image("web:1");
  world.roll_out();
  EXPECT_EQ(world.name_of("web:1"), first);
  EXPECT_EQ(world.size_of("web:1"), 4);
  EXPECT_EQ(world.size_of("web:2"), 0);
  EXPECT_EQ(api::annotation(world.deployment(), kRevision), "3");
  EXPECT_EQ(api::annotation(world.set_of("web:1"), kRevisionHistory), "1");
}

// Seed 470 of the simulation: a crash between making the new set and writing the status.
TEST(Deployment, A_rollout_whose_beginning_was_not_written_down_can_time_out) {
  Model model(2);
  model.roll_out();
  const Value before = model.deployment()["status"];
  model.set_image("web:2");
  model.pass();
  model.set_status(before);
  model.settle();
  EXPECT_EQ(model.progressing(), "ReplicaSetUpdated");
  const Decision waiting = model.pass();
  ASSERT_TRUE(waiting.wake_at);
  EXPECT_GT(*waiting.wake_at, model.now);
  model.now = *waiting.wake_at;
  model.settle();
  EXPECT_EQ(model.progressing(), "ProgressDeadlineExceeded");
}

// Turned around in the middle, the set that has just shrunk grows again, and its status still counts the pods that were
// on their way out (seed 85 of the simulation, by a Release).
TEST(Deployment, Turned_around_it_does_not_count_pods_that_are_being_removed) {
  Model model(6, 2, 1);
  model.roll_out();
  model.set_image("web:2");
  model.settle();
  model.follow_sizes();
  model.make_available(model.name_of("web:2"), 3);
  model.settle();
  ASSERT_LT(model.size_of("web:1"), 5);
  model.set_image("web:1");
  model.settle();
  EXPECT_GT(model.size_of("web:1"), 2);
  EXPECT_GE(model.size_of("web:2"), 3) << "the available ones stay";
  model.follow_sizes();
  model.roll_out();
  EXPECT_EQ(model.size_of("web:1"), 6);
}

// The controller of ReplicaSets has seen that it was to be smaller, and its requests are still on their way.
TEST(Deployment, Turned_around_it_waits_until_the_new_size_is_known) {
  Model model(6, 2, 1);
  model.roll_out();
  model.set_image("web:2");
  model.settle();
  model.follow_sizes();
  model.make_available(model.name_of("web:2"), 3);
  model.settle();
  ASSERT_LT(model.size_of("web:1"), 5);
  model.keep_all_pods(model.name_of("web:1"));
  model.set_image("web:1");
  model.settle();
  EXPECT_EQ(model.size_of("web:1"), 5);
  EXPECT_EQ(model.size_of("web:2"), 3) << "those that never got ready go, the available ones stay";
  model.follow_sizes();
  model.roll_out();
  EXPECT_EQ(model.size_of("web:1"), 6);
}

TEST(Deployment, History_beyond_the_limit_is_removed_lowest_revision_first) {
  Model world(1);
  for (const char* image : {"web:1", "web:2", "web:3", "web:4", "web:5"}) {
    if (std::string_view(image) != "web:1") world.set_image(image);
    world.roll_out();
  }
  world.settle();
  EXPECT_EQ(world.sets().size(), 3u);  // the current one and two old ones
  EXPECT_TRUE(world.set_of("web:1").is_null());
  EXPECT_TRUE(world.set_of("web:2").is_null());
  EXPECT_FALSE(world.set_of("web:3").is_null());
}

TEST(Deployment, Paused_does_not_roll_but_scales) {
  Model world(4);
  world.roll_out();
  world.change({"spec", "paused"}, true);
  world.set_image("web:2");
  world.settle();
  EXPECT_TRUE(world.set_of("web:2").is_null());
  EXPECT_EQ(world.progressing(), "DeploymentPaused");
  world.change({"spec", "replicas"}, 7);
  world.settle();
  EXPECT_EQ(world.size_of("web:1"), 7);
  world.change({"spec", "paused"}, false);
  world.settle();
  EXPECT_FALSE(world.set_of("web:2").is_null());
}

TEST(Deployment, Scaling_in_a_rollout_keeps_the_proportion) {
  Model world(10, 3, 2);
  world.roll_out();
  world.set_image("web:2");
  world.settle();  // 8 + 5
  ASSERT_EQ(world.size_of("web:1"), 8);
  world.change({"spec", "replicas"}, 15);
  world.pass();
  EXPECT_EQ(world.size_of("web:1"), 11);
  EXPECT_EQ(world.size_of("web:2"), 7);
  EXPECT_EQ(api::annotation(world.set_of("web:2"), kDesiredReplicas), "15");
  EXPECT_EQ(api::annotation(world.set_of("web:2"), kMaxReplicas), "18");
}

TEST(Deployment, Deadline_is_reported_once_and_the_rollout_goes_on) {
  Model world(4);
  world.roll_out();
  world.set_image("web:bad");
  world.settle();
  world.follow_sizes();
  world.settle();
  const Decision waiting = world.pass();
  ASSERT_TRUE(waiting.wake_at.has_value());
  EXPECT_LE(*waiting.wake_at, world.now + seconds(601));
  world.now = *waiting.wake_at;
  world.pass();
  EXPECT_EQ(world.progressing(), "ProgressDeadlineExceeded");
  EXPECT_EQ(world.pass().wake_at, std::nullopt);
  EXPECT_EQ(world.size_of("web:1"), 3);  // not rolled back, not rolled further
  world.all_available();
  world.roll_out();
  EXPECT_EQ(world.progressing(), "NewReplicaSetAvailable");
}

TEST(Deployment, Adopts_a_matching_set_without_controller_and_takes_it_as_new) {
  Model world(4);
  world.roll_out();
  world.set_image("web:2");
  world.change({"spec", "paused"}, true);
  Value candidate = world.set_of("web:1");
  candidate.set({"metadata", "name"}, "web-candidate");
  candidate.set({"metadata", "uid"}, "candidate");
  candidate.erase({"metadata", "ownerReferences"});
  candidate.set({"spec", "template"}, control::with_hash_label(template_of("web:2"), "candidate"));
  candidate.set({"metadata", "creationTimestamp"}, base::format_time(world.now));
  world.sets()["web-candidate"] = candidate;
  const Decision adopting = world.pass();
  ASSERT_EQ(adopting.effects.size(), 1u);
  EXPECT_EQ(api::controller_of(world.set_of("web:2"))["uid"].as_string(), "d-1");
  EXPECT_TRUE(api::controller_of(world.set_of("web:2"))["blockOwnerDeletion"].as_bool());
  world.all_available();
  world.settle();  // saturated: the old one goes, even while paused
  EXPECT_EQ(world.size_of("web:2"), 4);
  EXPECT_EQ(world.size_of("web:1"), 0);
  EXPECT_EQ(world.sets().size(), 2u);
}

TEST(Deployment, Releases_a_set_that_matches_no_more) {
  Model world(2);
  world.roll_out();
  const std::string name = world.name_of("web:1");
  world.sets()[name].set({"metadata", "labels", "app"}, "other");
  world.pass();
  EXPECT_TRUE(api::controller_of(world.sets()[name]).is_null());
}

TEST(Deployment, A_taken_name_raises_the_collision_count) {
  Model world(2);
  Value stranger =
      Value::object({{"metadata", Value::object({{"name", "web-" + control::template_hash(template_of("web:1"))},
                                                 {"namespace", "shop"},
                                                 {"uid", "stranger"},
                                                 {"labels", Value::object({{"app", "x"}})}})},
                     {"spec", Value::object({{"replicas", 0}, {"template", template_of("x")}})}});
  world.sets()[stranger["metadata"]["name"].str()] = stranger;
  world.pass();
  EXPECT_EQ(world.deployment()["status"]["collisionCount"].as_int(), 1);
  world.pass();
  EXPECT_EQ(world.name_of("web:1"), "web-" + control::template_hash(template_of("web:1"), 1));
}

TEST(Deployment, Recreate_waits_until_all_old_pods_are_gone) {
  Model world(3);
  world.roll_out();
  world.change({"spec", "strategy"}, Value::object({{"type", "Recreate"}}));
  world.set_image("web:2");
  world.settle();
  EXPECT_EQ(world.size_of("web:1"), 0);
  EXPECT_TRUE(world.set_of("web:2").is_null()) << "old pods still count in the status";
  world.follow_sizes();
  world.settle();
  EXPECT_EQ(world.size_of("web:2"), 3);
}

TEST(Deployment, An_old_status_of_a_set_that_was_just_shrunk_does_not_look_spare) {
  Model world(10, 0, 2);
  world.roll_out();
  world.set_image("web:2");
  world.settle();
  ASSERT_EQ(world.size_of("web:1"), 8);  // its status still says 10 available
  world.make_available(world.name_of("web:2"), 2);
  world.settle();
  EXPECT_GE(world.available(), 8);
}

TEST(Deployment, Deciding_twice_about_the_same_picture_gives_the_same) {
  Model world(5);
  world.roll_out();
  world.set_image("web:2");
  Observation seen{.deployment = world.deployment()};
  for (const auto& [name, set] : world.sets()) seen.sets.push_back(set);
  EXPECT_EQ(decide(seen, world.now), decide(seen, world.now));
}

// Random worlds: images change, sizes change, pods become available and fail; then faults end and the rollout must
// converge.
void wander(Model& world, bool check) {
  const int images = *rc::gen::inRange(1, 4);
  for (int round = 0; round < 25; ++round) {
    const int what = *rc::gen::inRange(0, 10);
    if (what == 0) world.set_image("web:" + std::to_string(*rc::gen::inRange(1, images + 2)));
    if (what == 1) world.change({"spec", "replicas"}, *rc::gen::inRange(0, 15));
    for (auto& [name, set] : world.sets()) {
      const auto size = set["spec"]["replicas"].as_int();
      const auto was = std::min(size, set["status"]["availableReplicas"].as_int());
      if (*rc::gen::inRange(0, 3) != 0) world.make_available(name, *rc::gen::inRange<std::int64_t>(was, size + 1));
    }
    const Fenceposts posts = *resolve_fenceposts(world.deployment()["spec"]["strategy"], world.replicas());
    const std::int64_t before = world.available();
    const std::int64_t total_before = world.total();
    const bool scaling = std::ranges::any_of(world.sets(), [&](const auto& entry) {
      return entry.second["spec"]["replicas"].as_int() > 0 &&
             api::annotation(entry.second, kDesiredReplicas) != std::to_string(world.replicas());
    });
    world.pass();
    if (!check || scaling) continue;
    RC_ASSERT(world.available() >= std::min(before, world.replicas() - posts.unavailable));
    RC_ASSERT(world.total() <= std::max(total_before, world.replicas() + posts.surge));
  }
}

Model random_model() {
  const auto replicas = *rc::gen::inRange<std::int64_t>(0, 15);
  auto post = [] {
    return *rc::gen::arbitrary<bool>() ? Value(*rc::gen::inRange(0, 5))
                                       : Value(std::to_string(*rc::gen::inRange(0, 101)) + "%");
  };
  return Model(replicas, post(), post());
}

RC_GTEST_PROP(Deployment, Stays_within_its_fenceposts_and_converges, ()) {
  Model world = random_model();
  wander(world, true);
  world.roll_out();
  RC_ASSERT(world.complete() || world.replicas() == 0);
  RC_ASSERT(world.total() == world.replicas());
}

// The proof that the check above can fail.
TEST(Deployment, The_checks_catch_a_rollout_that_shrinks_first) {
  const control::PlantedMutant planted(control::Mutant::ScaleDownFirst);
  Model world(10);
  world.pass();
  world.all_available();
  world.settle();
  world.set_image("web:2");
  world.pass();
  world.pass();
  EXPECT_LT(world.available(), 8);
}

}  // namespace
}  // namespace slipway::workload::deployment
