#include "delivery/decide/config.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <random>

#include "api/meta.h"
#include "delivery/decide/modelled_cluster.h"

namespace slipway::delivery {
namespace {

using data::Value;
using Pods = std::map<std::string, std::int64_t>;

constexpr const char* kCanary = R"({"target":{"name":"web"},"traffic":{"route":"web","service":"web"},
  "config":{"configMaps":"Versioned"},"deadline":"30s","rollback":{"verifyTimeout":"20s"},
  "strategy":{"canary":{"steps":[{"weight":25},{"analysis":{"templates":[{"name":"slo"}]}},{"weight":50}]}}})";
constexpr const char* kApproval = R"({"target":{"name":"web"},"traffic":{"route":"web","service":"web"},
  "config":{"configMaps":"Versioned"},"strategy":{"canary":{"steps":[{"weight":25},{"pause":{}}]}}})";
constexpr const char* kRolling = R"({"target":{"name":"web"},"config":{"configMaps":"Versioned"},
  "strategy":{"rolling":{"maxSurge":1,"maxUnavailable":0}}})";
constexpr const char* kName = "web-config";

// A version that reads a copy of web-config, in which mode is "a", serves.
bool is_set_up(ModelledCluster& c) {
  if (!c.reaches(Phase::Idle)) return false;
  c.set_config(kName, "a");
  c.use_config(kName);
  return c.run_until([&] {
    if (c.state().phase == Phase::Paused) c.command(Verb::PromoteFull);
    return c.state().phase == Phase::Idle && c.pods_reading(kName) == Pods{{"a", 4}} && c.copies().size() == 1;
  });
}

// The same where ConfigMaps are live.
bool is_live(ModelledCluster& c) {
  c.patch_release(json(R"({"spec":{"config":{"configMaps":"Live"}}})"));
  if (!c.reaches(Phase::Idle)) return false;
  c.set_config(kName, "a");
  c.use_config(kName);
  return c.reaches(Phase::Progressing) &&
         c.run_until([&] { return c.state().phase == Phase::Idle && c.pods_reading(kName) == Pods{{"a", 4}}; });
}

bool settles(ModelledCluster& c, const Pods& pods) {
  return c.run_until([&] { return c.state().phase == Phase::Idle && c.pods_reading(kName) == pods; });
}

TEST(Config, an_edit_of_a_config_map_is_released_like_an_image) {
  ModelledCluster c(json(kCanary));
  ASSERT_TRUE(is_set_up(c)) << c.state().message;
  const std::int64_t before = c.state().stable->number;
  c.set_config(kName, "b");
  ASSERT_TRUE(c.reaches(Phase::Progressing));
  bool mixed = false;
  ASSERT_TRUE(c.run_until([&] {
    const Pods pods = c.pods_reading(kName);
    EXPECT_FALSE(pods.contains("-"));
    mixed = mixed || (pods.contains("a") && pods.contains("b"));
    return c.state().phase == Phase::Idle;
  })) << c.state().message;
  EXPECT_TRUE(mixed) << "the stable pods go on reading what was there";
  EXPECT_EQ(c.pods_reading(kName), (Pods{{"b", 4}}));
  EXPECT_EQ(c.state().stable->number, before + 1);
  EXPECT_EQ(c.state().history.at(0)["config"][kName], Value(c.state().stable->config.at(kName)));
  for (int i = 0; i < 20; ++i) c.turn();
  EXPECT_EQ(c.copies().size(), 1) << "the old copy goes with its ReplicaSet";
  EXPECT_EQ(c.sets(), 2) << "the one that the Deployment made, and the one that serves";
}

TEST(Config, where_it_is_live_nothing_happens) {
  ModelledCluster c(json(kCanary));
  ASSERT_TRUE(is_live(c));
  c.set_config(kName, "b");
  for (int i = 0; i < 100; ++i) c.turn();
  EXPECT_EQ(c.state().phase, Phase::Idle);
  EXPECT_EQ(c.pods_reading(kName), (Pods{{"b", 4}}));
  EXPECT_TRUE(c.copies().empty());
}

TEST(Config, a_config_map_and_its_template_changed_one_after_the_other_are_one_release) {
  ModelledCluster c(json(kCanary));
  ASSERT_TRUE(is_set_up(c));
  const std::size_t before = c.state().history.size();
  c.set_config(kName, "b");
  for (int i = 0; i < 10; ++i) c.turn();
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::Progressing));
  ASSERT_TRUE(settles(c, {{"b", 4}}));
  EXPECT_EQ(c.pods_of("v2"), 4);
  EXPECT_EQ(c.state().history.size(), before + 1);
}

TEST(Config, taking_an_edit_back_in_the_middle_takes_the_release_back) {
  ModelledCluster c(json(kApproval));
  ASSERT_TRUE(is_set_up(c));
  c.set_config(kName, "b");
  ASSERT_TRUE(c.reaches(Phase::Paused));
  c.set_config(kName, "a");
  ASSERT_TRUE(settles(c, {{"a", 4}})) << c.state().message;
  EXPECT_EQ(c.state().history.at(0)["result"], Value("Reverted"));
}

TEST(Config, a_bad_edit_is_held_and_the_stable_pods_keep_what_they_had) {
  ModelledCluster c(json(kCanary));
  ASSERT_TRUE(is_set_up(c));
  c.verdict = [](const Value&) { return "Failed"; };
  c.set_config(kName, "bad");
  ASSERT_TRUE(c.reaches(Phase::RolledBack)) << c.state().message;
  c.delete_set("v1");  // of whatever version: it is made again as it was
  ASSERT_TRUE(c.run_until([&] { return c.pods_reading(kName) == Pods{{"a", 4}}; })) << c.state().message;
  EXPECT_EQ(c.config(kName), "bad") << "the user's own is not touched";
  c.verdict = [](const Value&) { return "Successful"; };
  c.set_config(kName, "good");
  ASSERT_TRUE(c.reaches(Phase::Progressing));
  ASSERT_TRUE(settles(c, {{"good", 4}}));
}

TEST(Config, undo_brings_content_and_template_back_at_once) {
  ModelledCluster c(json(kCanary));
  c.patch_release(json(R"({"spec":{"rollback":{"window":{"revisions":2}}}})"));
  ASSERT_TRUE(is_set_up(c));
  c.set_config(kName, "b");
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::Progressing));
  ASSERT_TRUE(settles(c, {{"b", 4}}));
  const std::size_t before = c.state().history.size();
  const base::Time asked = c.now();
  c.command(Verb::Undo);
  ASSERT_TRUE(c.reaches(Phase::Progressing)) << c.state().command.result;
  EXPECT_LT(c.now() - asked, kAskedSettle) << "what undo asks for has not to stand still first";
  EXPECT_TRUE(c.state().position.fast);
  EXPECT_EQ(c.config(kName), "a");
  ASSERT_TRUE(settles(c, {{"a", 4}})) << c.state().message;
  EXPECT_EQ(c.pods_of("v1"), 4);
  EXPECT_EQ(c.state().history.size(), before + 1) << "one release, not one for each part";
}

TEST(Config, undo_of_a_rejected_edit_asks_for_what_is_stable) {
  ModelledCluster c(json(kCanary));
  ASSERT_TRUE(is_set_up(c));
  c.verdict = [](const Value&) { return "Failed"; };
  c.set_config(kName, "bad");
  ASSERT_TRUE(c.reaches(Phase::RolledBack));
  c.command(Verb::Undo);
  ASSERT_TRUE(settles(c, {{"a", 4}})) << c.state().command.result;
  EXPECT_EQ(c.config(kName), "a");
  EXPECT_FALSE(c.state().rejected);
}

TEST(Config, a_config_map_that_goes_away_asks_for_nothing) {
  ModelledCluster c(json(kCanary));
  ASSERT_TRUE(is_set_up(c));
  const auto writes = c.writes();
  c.delete_config(kName);
  for (int i = 0; i < 100; ++i) c.turn();
  EXPECT_EQ(c.pods_reading(kName), (Pods{{"a", 4}}));
  EXPECT_EQ(c.writes(), writes);
  c.command(Verb::Undo);  // to before there was any
  for (int i = 0; i < 100; ++i) c.turn();
  c.set_config(kName, "a");
  ASSERT_TRUE(c.run_until([&] { return c.state().phase == Phase::Idle; })) << c.state().message;
}

TEST(Config, one_that_never_was_is_waited_for) {
  ModelledCluster c(json(kCanary));
  ASSERT_TRUE(c.reaches(Phase::Idle));
  c.use_config(kName);
  for (int i = 0; i < 100; ++i) c.turn();
  EXPECT_EQ(c.state().phase, Phase::Idle);
  EXPECT_EQ(c.state().message,
            "ConfigMap web-config does not exist: spec.template.spec.containers[0].envFrom[0].configMapRef of "
            "Deployment web names it");
  c.set_config(kName, "a");
  ASSERT_TRUE(c.reaches(Phase::Progressing));
  ASSERT_TRUE(settles(c, {{"a", 4}}));
}

TEST(Config, an_optional_one_may_be_absent_and_come_later) {
  ModelledCluster c(json(kCanary));
  ASSERT_TRUE(c.reaches(Phase::Idle));
  c.use_config(kName, true);
  ASSERT_TRUE(c.reaches(Phase::Progressing));
  ASSERT_TRUE(settles(c, {{"-", 4}}));
  c.set_config(kName, "a");
  ASSERT_TRUE(c.reaches(Phase::Progressing));
  EXPECT_EQ(c.pods_reading(kName).at("-"), 4) << "those that run do not see it";
  ASSERT_TRUE(settles(c, {{"a", 4}}));
}

TEST(Config, a_copy_that_somebody_deletes_is_made_again) {
  ModelledCluster c(json(kApproval));
  ASSERT_TRUE(is_set_up(c));
  c.set_config(kName, "b");
  ASSERT_TRUE(c.reaches(Phase::Paused));
  const std::vector<std::string> before = c.copies();
  ASSERT_EQ(before.size(), 2);
  for (const std::string& copy : before) c.delete_config(copy);
  ASSERT_TRUE(c.run_until([&] { return c.copies() == before; }, 100)) << "also the one whose content is not live";
  EXPECT_EQ(c.pods_reading(kName), (Pods{{"a", 4}, {"b", 1}}));
}

TEST(Config, scaled_up_from_zero_the_deployment_wakes_what_serves) {
  ModelledCluster c(json(kCanary));
  ASSERT_TRUE(is_set_up(c));
  c.verdict = [](const Value&) { return "Failed"; };
  c.set_config(kName, "bad");
  ASSERT_TRUE(c.reaches(Phase::RolledBack));
  c.set_replicas(0);
  ASSERT_TRUE(c.run_until([&] { return c.pods_reading(kName).empty(); }));
  c.set_replicas(4);
  ASSERT_TRUE(c.run_until([&] {
    EXPECT_FALSE(c.pods_reading(kName).contains("bad"));
    return c.pods_reading(kName) == Pods{{"a", 4}};
  })) << c.state().message;
}

// What ran before ConfigMaps were versioned is what the Deployment's template says to the letter.
TEST(Config, scaled_up_from_zero_the_deployment_does_not_wake_what_reads_the_live_config_map) {
  ModelledCluster c(json(kCanary));
  ASSERT_TRUE(is_live(c));
  c.patch_release(json(R"({"spec":{"config":{"configMaps":"Versioned"}}})"));
  ASSERT_TRUE(c.reaches(Phase::Progressing));
  ASSERT_TRUE(c.run_until([&] { return c.state().phase == Phase::Idle && c.copies().size() == 1; }));
  c.set_replicas(0);
  ASSERT_TRUE(c.run_until([&] { return c.pods_of("v1") == 0; }));
  c.set_replicas(4);
  c.set_config(kName, "b");
  ASSERT_TRUE(c.run_until([&] { return c.pods_of("v1") >= 4; }));
  EXPECT_GE(c.pods_reading(kName)["a"], 4) << "b is live, and not released yet";
}

TEST(Config, numbers_of_revisions_are_used_once) {
  ModelledCluster c(json(kCanary));
  ASSERT_TRUE(is_set_up(c));
  c.verdict = [](const Value&) { return "Failed"; };
  for (const char* mode : {"bad", "worse"}) {
    c.set_config(kName, mode);
    ASSERT_TRUE(c.reaches(Phase::Progressing));
    ASSERT_TRUE(c.reaches(Phase::RolledBack));
  }
  const Value& history = c.state().history;
  EXPECT_EQ(history.at(0)["revision"].as_int(), history.at(1)["revision"].as_int() + 1);
}

TEST(Config, too_much_to_keep_is_refused_before_anything_moves) {
  ModelledCluster c(json(kCanary));
  ASSERT_TRUE(is_set_up(c));
  c.set_config(kName, std::string(kConfigLimit, 'x'));
  ASSERT_TRUE(c.reaches(Phase::Invalid));
  EXPECT_NE(c.state().message.find("spec.config.except"), std::string::npos) << c.state().message;
  EXPECT_EQ(c.pods_reading(kName), (Pods{{"a", 4}}));
  c.set_config(kName, "b");
  ASSERT_TRUE(settles(c, {{"b", 4}}));
}

TEST(Config, copies_stay_for_the_pods_when_the_release_goes) {
  ModelledCluster c(json(kCanary));
  ASSERT_TRUE(is_set_up(c));
  c.set_config(kName, "b");
  ASSERT_TRUE(c.reaches(Phase::Progressing));
  c.delete_release();
  ASSERT_TRUE(c.run_until([&] { return c.release_is_gone(); }));
  EXPECT_EQ(c.pods_reading(kName), (Pods{{"a", 4}}));
  EXPECT_FALSE(c.pods_reading(kName).contains("-"));
  EXPECT_TRUE(c.deployment()["spec"]["paused"].as_bool()) << "its content was not released";
}

// Whatever crashes, whatever is edited, deleted and commanded: no pod is without its ConfigMap, the pods of a version
// never see an edit, and in the end everybody reads what is asked for.
RC_GTEST_PROP(Config, any_crash_and_any_edit_lead_to_the_same_end, ()) {
  const auto seed = *rc::gen::inRange<std::uint32_t>(0, 1'000'000);
  const char* spec = *rc::gen::element(kCanary, kRolling);
  std::mt19937 random(seed);
  ModelledCluster c(json(spec));
  RC_ASSERT(is_set_up(c));
  c.crashes = [&] { return random() % 5 == 0; };
  std::map<std::string, std::string> content;  // of every copy that has been seen
  bool deleted = false;
  c.watch = [&](const Observation&, const control::Decision&) {
    for (const std::string& copy : c.copies()) {
      const auto [entry, is_new] = content.try_emplace(copy, c.config(copy));
      RC_ASSERT(entry->second == c.config(copy));
    }
    if (!deleted) RC_ASSERT(!c.pods_reading(kName).contains("-"));
  };
  int edits = 0;
  for (int i = 0; i < 8; ++i) {
    switch (random() % 7) {
      case 0:
      case 1:
        c.set_config(kName, fmt::format("edit{}", ++edits));
        break;
      case 2:
        c.set_image(fmt::format("v{}", random() % 3 + 1));
        break;
      case 3:
        c.command(Verb::Undo);
        break;
      case 4:
        c.command(Verb::Abort);
        break;
      case 5:
        if (const auto copies = c.copies(); !copies.empty()) {
          deleted = true;
          c.delete_config(copies[random() % copies.size()]);
        }
        break;
      default:
        break;
    }
    for (auto turns = random() % 80; turns > 0; --turns) c.turn();
    if (!c.pods_reading(kName).contains("-")) deleted = false;
  }
  c.crashes = [] { return false; };
  const auto rests = [&] {
    const Phase phase = c.state().phase;
    return phase == Phase::Idle || phase == Phase::RolledBack;
  };
  RC_ASSERT(c.run_until(rests, 6000));
  if (c.state().phase == Phase::RolledBack) c.command(Verb::Retry);
  const auto wanted = [&] {  // undo may have led to before there was a ConfigMap
    const Value& container = c.deployment()["spec"]["template"]["spec"]["containers"].at(0);
    return container["envFrom"].size() > 0 ? Pods{{c.config(kName), 4}} : Pods{};
  };
  const bool ends = c.run_until([&] { return c.pods_reading(kName) == wanted() && rests(); }, 6000);
  if (!ends)
    for (const Value& entry : c.state().log.items()) RC_LOG(entry["text"].str() + "\n");
  RC_LOG(std::string(to_text(c.state().phase)) + ": " + c.state().message);
  RC_ASSERT(ends);
  RC_ASSERT(c.turns_in_proportion() == 0);
}

}  // namespace
}  // namespace slipway::delivery
