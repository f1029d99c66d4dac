#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <random>

#include "api/meta.h"
#include "delivery/commands.h"
#include "delivery/decide/modelled_cluster.h"

namespace slipway::delivery {
namespace {

using data::Value;
using testing::HasSubstr;

constexpr const char* kTest = R"({"target":{"name":"web"},"traffic":{"route":"web","service":"web"},
  "guards":{"maxRestarts":1},"deadline":"30s","rollback":{"verifyTimeout":"20s"},
  "strategy":{"abTest":{"key":{"header":"x-user-id"},"variants":[
    {"name":"red","share":25,"template":{"spec":{"containers":[{"name":"web","image":"shop/web:red"}]}}},
    {"name":"new","share":25},
    {"name":"blue","share":25,"template":{"spec":{"containers":[{"name":"web","image":"shop/web:blue"}]}}}]}}})";

ModelledCluster test_cluster(Value spec = json(kTest)) {
  ModelledCluster c(std::move(spec));
  c.patch_route(json(R"({"metadata":{"annotations":{"slipway.dev/sticky-header":"x-user-id"}}})"));
  return c;
}

// What everybody gets, in the order of the route: "web-stable 25, web-red 25".
std::string split_of(const ModelledCluster& c, std::size_t rule = 0) {
  std::string out;
  for (const Value& ref : c.route()["spec"]["rules"].at(rule)["backendRefs"].items())
    out += (out.empty() ? "" : ", ") + ref["name"].str() + " " + std::to_string(ref["weight"].as_int(100));
  return out;
}

bool decides(ModelledCluster& c) {
  return c.run_until([&] { return c.state().phase == Phase::Paused; });
}

bool under_way(ModelledCluster& c) {
  if (!c.reaches(Phase::Idle)) return false;
  c.set_image("new");
  return decides(c);
}

const VariantState& variant(const State& s, const std::string& name) {
  for (const VariantState& v : s.variants)
    if (v.name == name) return v;
  base::bug("no such variant", __FILE__, __LINE__);
}

TEST(AbTest, versions_stand_side_by_side_until_a_person_decides) {
  ModelledCluster c = test_cluster();
  ASSERT_TRUE(under_way(c)) << c.state().message;
  EXPECT_EQ(split_of(c), "web-stable 25, web-red 25, web-new 25, web-blue 25");
  for (const char* tag : {"red", "new", "blue"}) EXPECT_EQ(c.pods_of(tag), 1) << tag;
  EXPECT_EQ(c.pods_of("v1"), 4);
  const State s = c.state();
  ASSERT_EQ(s.variants.size(), 3u);
  EXPECT_EQ(variant(s, "red").share, 2500);
  EXPECT_EQ(variant(s, "red").ready, 1);
  EXPECT_GE(variant(s, "blue").requests_before, 50) << "of releases before";
  EXPECT_GT(variant(s, "blue").requests, 0);
  EXPECT_LT(variant(s, "blue").requests, 50);
  EXPECT_EQ(s.candidate->hash, variant(s, "new").hash);
  c.command(Verb::Promote);
  ASSERT_TRUE(c.reaches(Phase::Idle)) << c.state().message;
  EXPECT_EQ(c.pods_of("new"), 4);
  EXPECT_EQ(c.owner_of("new"), "Deployment");
  for (const char* tag : {"red", "blue"}) EXPECT_EQ(c.owner_of(tag), "absent") << "never what the Deployment asked for";
  EXPECT_EQ(split_of(c), "web 100");
  EXPECT_TRUE(c.state().variants.empty());
  for (const char* service : {"web-red", "web-new", "web-blue"}) EXPECT_FALSE(c.has_service(service)) << service;
}

TEST(AbTest, the_variant_that_the_deployment_asks_for_wins_with_the_pods_it_has) {
  ModelledCluster c = test_cluster();
  ASSERT_TRUE(under_way(c));
  const std::string hash = variant(c.state(), "blue").hash;
  bool ever_less = false;
  c.watch = [&](const Observation& o, const control::Decision&) {
    ever_less = ever_less || o.find(hash)->available < 1;
  };
  c.set_image("blue");
  ASSERT_TRUE(c.run_until([&] { return c.state().candidate && c.state().candidate->hash == hash; }));
  c.watch = [](const auto&, const auto&) {};
  ASSERT_TRUE(c.reaches(Phase::Idle)) << c.state().message;
  EXPECT_FALSE(ever_less);
  EXPECT_EQ(c.pods_of("blue"), 4);
  EXPECT_EQ(c.state().stable->hash, hash);
  EXPECT_EQ(c.owner_of("new"), "absent");
  EXPECT_EQ(c.sets(), 2) << "the winner, and the version before";
}

TEST(AbTest, pods_of_a_variant_count_when_their_controller_knows_how_many_there_shall_be) {
  ModelledCluster c = test_cluster();
  ASSERT_TRUE(c.reaches(Phase::Idle));
  c.set_image("new");
  const auto goes_on = [&](std::int64_t unseen) {
    Observation o = c.observe();
    for (Version& v : o.versions)
      if (v.hash == variant(c.state(), "blue").hash) v.unseen = unseen;
    const State next = read_state(decide(o, plan::gateway_capabilities(), c.now()).status);
    return next.position.index > c.state().position.index;
  };
  ASSERT_TRUE(c.run_until([&] { return c.pods_of("blue") == 1 && goes_on(0); })) << c.state().message;
  EXPECT_FALSE(goes_on(1));
}

TEST(AbTest, whoever_asks_for_the_stable_version_ends_the_test) {
  ModelledCluster c = test_cluster();
  ASSERT_TRUE(under_way(c));
  c.set_image("v1");
  ASSERT_TRUE(c.reaches(Phase::Idle)) << c.state().message;
  for (const char* tag : {"red", "new", "blue"}) EXPECT_EQ(c.pods_of(tag), 0) << tag;
  EXPECT_EQ(split_of(c), "web 100");
  EXPECT_EQ(c.sets(), 2) << "only what the Deployment has asked for is kept";
}

TEST(AbTest, a_variant_that_fails_is_stopped_alone_and_nobody_else_changes_sides) {
  ModelledCluster c = test_cluster();
  ASSERT_TRUE(under_way(c));
  for (int i = 0; i < 2; ++i) c.crash_pod("red");
  ASSERT_TRUE(c.run_until([&] { return variant(c.state(), "red").stopped_at && c.pods_of("red") == 0; }))
      << c.state().message;
  EXPECT_EQ(split_of(c), "web-stable 25, web-stable 25, web-new 25, web-blue 25") << "in its place";
  EXPECT_THAT(variant(c.state(), "red").message, HasSubstr("variant red: containers restarted twice"));
  ASSERT_TRUE(decides(c)) << c.state().message;
  EXPECT_EQ(c.state().traffic.verified, 5000);
  c.set_image("blue");
  ASSERT_TRUE(c.run_until([&] { return c.state().phase == Phase::Idle; })) << c.state().message;
  EXPECT_EQ(c.pods_of("blue"), 4);
  EXPECT_EQ(c.owner_of("red"), "absent");
}

TEST(AbTest, when_the_candidate_is_stopped_the_others_go_on_and_it_cannot_win) {
  ModelledCluster c = test_cluster();
  ASSERT_TRUE(under_way(c));
  for (int i = 0; i < 2; ++i) c.crash_pod("new");
  ASSERT_TRUE(c.run_until([&] { return variant(c.state(), "new").stopped_at && c.state().phase == Phase::Paused; }));
  c.command(Verb::Promote);
  ASSERT_TRUE(c.run_until([&] { return !c.state().command.result.empty(); }));
  EXPECT_THAT(c.state().command.result, HasSubstr("refused: variant new: containers restarted"));
  c.command(Verb::Abort);
  ASSERT_TRUE(c.reaches(Phase::RolledBack)) << c.state().message;
  EXPECT_EQ(c.state().last_rollback->verification.state, CheckState::Passed);
}

TEST(AbTest, when_the_last_variant_is_stopped_the_release_rolls_back) {
  ModelledCluster c = test_cluster();
  ASSERT_TRUE(under_way(c));
  for (const char* tag : {"red", "new", "blue"})
    for (int i = 0; i < 2; ++i) c.crash_pod(tag);
  ASSERT_TRUE(c.reaches(Phase::RolledBack)) << c.state().message;
  EXPECT_EQ(c.state().last_rollback->cause, Cause::Restarts);
  for (const char* tag : {"red", "new", "blue"}) EXPECT_EQ(c.pods_of(tag), 0) << tag;
}

TEST(AbTest, a_winner_that_fails_before_it_is_everybodys_takes_all_back) {
  ModelledCluster c = test_cluster();
  ASSERT_TRUE(under_way(c));
  const std::string hash = variant(c.state(), "blue").hash;
  c.becomes_ready = [&, pods = c.pods_of("blue")](const std::string& image) {
    return !image.ends_with("blue") || c.pods_of("blue") <= pods;  // those that come for everybody do not start
  };
  c.set_image("blue");
  ASSERT_TRUE(c.run_until([&] { return c.state().candidate && c.state().candidate->hash == hash; }));
  for (int i = 0; i < 2; ++i) c.crash_pod("blue");
  for (int i = 0; i < 2; ++i) c.crash_pod("red");  // it is out already
  ASSERT_TRUE(c.reaches(Phase::RolledBack)) << c.state().message;
  EXPECT_EQ(c.state().rejected->hash, hash);
  for (const char* tag : {"red", "new", "blue"}) EXPECT_EQ(c.pods_of(tag), 0) << tag;
}

TEST(AbTest, a_variant_that_is_chosen_before_anybody_has_it_gets_its_pods_first) {
  ModelledCluster c = test_cluster();
  bool ready = false;
  c.becomes_ready = [&](const std::string& image) { return ready || image.ends_with("v1"); };
  ASSERT_TRUE(c.reaches(Phase::Idle));
  c.set_image("new");
  ASSERT_TRUE(c.run_until([&] { return c.pods_of("blue") == 1; }));
  const std::string hash = variant(c.state(), "blue").hash;
  c.set_image("blue");
  ASSERT_TRUE(c.run_until([&] { return c.state().candidate->hash == hash; }));
  for (int i = 0; i < 20; ++i) c.turn();
  EXPECT_EQ(split_of(c), "web-stable 100, web-red 0, web-new 0, web-blue 0");
  c.patch_release(json(R"({"spec":{"paused":true}})"));
  ready = true;
  for (int i = 0; i < 50; ++i) c.turn();
  EXPECT_EQ(split_of(c), "web-stable 100, web-red 0, web-new 0, web-blue 0") << "paused";
  c.patch_release(json(R"({"spec":{"paused":false}})"));
  ASSERT_TRUE(c.reaches(Phase::Idle)) << c.state().message;
  EXPECT_EQ(c.pods_of("blue"), 4);
}

// Image by hash of whatever ReplicaSets there are: no hash may stand for another template than it was made of.
std::map<std::string, std::string> images_of(const ModelledCluster& c) {
  std::map<std::string, std::string> out;
  for (const Version& v : c.observe().versions)
    out[v.hash] = v.rs["spec"]["template"]["spec"]["containers"].at(0)["image"].str();
  return out;
}

// A choice in the time in which the variants get their pods.
ModelledCluster chosen_early(bool& ready) {
  ModelledCluster c = test_cluster();
  c.becomes_ready = [&ready](const std::string& image) { return ready || image.ends_with("v1"); };
  EXPECT_TRUE(c.reaches(Phase::Idle));
  c.set_image("new");
  EXPECT_TRUE(c.run_until([&] { return c.pods_of("red") == 1 && c.pods_of("blue") == 1; }));
  c.set_image("blue");
  EXPECT_TRUE(c.run_until([&] { return c.state().candidate->hash == variant(c.state(), "blue").hash; }));
  return c;
}

// Whenever the second choice comes: it counts, until the first one is the Deployment's.
TEST(AbTest, who_chooses_another_variant_after_the_choice_gets_that_one) {
  int second_won = 0, too_late = 0;
  for (int turns = 0; turns < 120 && too_late < 3; ++turns) {
    SCOPED_TRACE(turns);
    ModelledCluster c = test_cluster();
    ASSERT_TRUE(under_way(c));
    const std::string hash = variant(c.state(), "blue").hash;
    c.command(Verb::Promote);
    for (int i = 0; i < turns; ++i) c.turn();
    const State before = c.state();
    const bool late = before.position.handed_over || !before.candidate;
    c.watch = [&](const Observation& o, const control::Decision&) {
      EXPECT_LE(c.state().traffic.taken, 0) << "its own writes are nobody else's";
      const Version* blue = o.find(hash);
      if (!late && split_of(c) == "web-blue 100") EXPECT_GE(blue->available, 3) << "capacity before traffic";
    };
    c.set_image("blue");
    if (late) c.watch = [](const auto&, const auto&) {};
    ASSERT_TRUE(c.run_until([&] {
      const Phase phase = c.state().phase;
      if (phase == Phase::Idle || phase == Phase::Invalid) c.watch = [](const auto&, const auto&) {};
      return !c.state().candidate && phase == (late ? Phase::Invalid : Phase::Idle) && c.state().variants.empty();
    })) << to_text(c.state().phase)
        << ": " << c.state().message << " " << split_of(c);
    EXPECT_EQ(split_of(c), "web 100");
    if (late) {
      EXPECT_EQ(c.pods_of("new"), 4);
      EXPECT_THAT(c.state().message, HasSubstr("same"));
      ++too_late;
    } else {
      EXPECT_EQ(c.pods_of("blue"), 4) << c.state().message;
      ++second_won;
    }
  }
  EXPECT_GT(second_won, 5);
  EXPECT_EQ(too_late, 3);
}

TEST(AbTest, variants_that_are_made_again_after_the_choice_are_what_they_were) {
  bool ready = false;
  ModelledCluster c = chosen_early(ready);
  const auto before = images_of(c);
  ASSERT_EQ(before.size(), 4u);
  for (const char* tag : {"new", "red", "blue"}) {
    c.delete_set(tag);
    ASSERT_TRUE(c.run_until([&] { return c.sets() == 4; })) << tag << ": " << c.state().message;
    EXPECT_EQ(images_of(c), before) << tag;
  }
  ready = true;
  ASSERT_TRUE(c.reaches(Phase::Idle)) << c.state().message;
  EXPECT_EQ(c.pods_of("blue"), 4);
}

TEST(AbTest, a_variant_that_nobody_knows_any_more_is_stopped) {
  bool ready = false;
  ModelledCluster c = chosen_early(ready);
  const auto before = images_of(c);
  c.forget_revisions();
  c.delete_set("new");
  c.delete_set("red");
  ASSERT_TRUE(c.run_until([&] { return variant(c.state(), "red").stopped_at.has_value(); })) << c.state().message;
  EXPECT_THAT(variant(c.state(), "red").message, HasSubstr("nobody knows what it ran"));
  EXPECT_TRUE(variant(c.state(), "new").stopped_at);
  ready = true;
  bool ever_another = false;
  c.watch = [&](const auto&, const auto&) {
    for (const auto& [hash, image] : images_of(c)) ever_another = ever_another || image != before.at(hash);
  };
  ASSERT_TRUE(c.reaches(Phase::Idle)) << c.state().message;
  EXPECT_FALSE(ever_another);
  EXPECT_EQ(c.pods_of("blue"), 4);
  EXPECT_EQ(split_of(c), "web 100");
}

TEST(AbTest, a_stopped_candidate_does_not_win_by_promote_full_that_was_said_before) {
  ModelledCluster c = test_cluster();
  c.becomes_ready = [](const std::string& image) { return !image.ends_with("new"); };
  ASSERT_TRUE(c.reaches(Phase::Idle));
  c.set_image("new");
  ASSERT_TRUE(c.run_until([&] { return c.pods_of("new") == 1; }));
  c.command(Verb::PromoteFull);
  ASSERT_TRUE(decides(c)) << c.state().message;
  EXPECT_THAT(c.state().message, HasSubstr("what the Deployment asks for is stopped"));
  EXPECT_EQ(split_of(c), "web-stable 25, web-red 25, web-stable 25, web-blue 25");
}

TEST(AbTest, with_pause_a_failing_variant_halts_the_test_for_a_person) {
  Value spec = json(kTest);
  spec.set({"rollback", "onFailure"}, "Pause");
  ModelledCluster c = test_cluster(spec);
  ASSERT_TRUE(under_way(c));
  for (int i = 0; i < 2; ++i) c.crash_pod("red");
  ASSERT_TRUE(c.run_until([&] { return c.state().halt.has_value(); }));
  EXPECT_EQ(c.pods_of("red"), 1);
  c.command(Verb::Promote);
  ASSERT_TRUE(c.run_until([&] { return !c.state().halt; }));
  ASSERT_TRUE(decides(c));
  EXPECT_FALSE(variant(c.state(), "red").stopped_at);
}

TEST(AbTest, variants_whose_pods_do_not_come_are_stopped_before_the_test_begins) {
  ModelledCluster c = test_cluster();
  c.becomes_ready = [](const std::string& image) { return !image.ends_with("red"); };
  ASSERT_TRUE(under_way(c)) << c.state().message;
  EXPECT_EQ(split_of(c), "web-stable 25, web-stable 25, web-new 25, web-blue 25");
  EXPECT_EQ(variant(c.state(), "red").cause, "Deadline");
}

TEST(AbTest, users_of_a_variant_without_a_ready_pod_get_the_stable_version_meanwhile) {
  ModelledCluster c = test_cluster();
  bool ready = true;
  c.becomes_ready = [&](const std::string& image) { return ready || !image.ends_with("red"); };
  Value guards = json(R"({"spec":{"guards":{"maxProbeFailures":100},"deadline":"10m"}})");
  c.patch_release(guards);
  ASSERT_TRUE(under_way(c));
  ready = false;
  ASSERT_TRUE(c.run_until([&] { return split_of(c) == "web-stable 25, web-stable 25, web-new 25, web-blue 25"; }))
      << split_of(c);
  EXPECT_FALSE(variant(c.state(), "red").stopped_at);
  ready = true;
  ASSERT_TRUE(c.run_until([&] { return split_of(c) == "web-stable 25, web-red 25, web-new 25, web-blue 25"; }))
      << split_of(c);
  ASSERT_TRUE(decides(c));
  EXPECT_EQ(c.state().traffic.taken, 0) << "nobody else wrote the route";
}

TEST(AbTest, each_variant_is_measured_for_itself) {
  Value spec = json(kTest);
  spec.set({"guards", "analysis"}, json(R"({"templates":[{"name":"slo"}]})"));
  ModelledCluster c = test_cluster(spec);
  c.verdict = [&](const Value& run) { return run["spec"]["variant"].as_string() == "blue" ? "Failed" : "Successful"; };
  ASSERT_TRUE(under_way(c)) << c.state().message;
  ASSERT_TRUE(c.run_until([&] { return variant(c.state(), "blue").stopped_at.has_value(); })) << c.state().message;
  const std::string without_blue = "web-stable 25, web-red 25, web-new 25, web-stable 25";
  ASSERT_TRUE(c.run_until([&] { return split_of(c) == without_blue && c.pods_of("blue") == 0; })) << split_of(c);
  EXPECT_EQ(variant(c.state(), "blue").cause, "AnalysisFailed");
  std::vector<std::string> measured;
  for (const Value& run : c.observe().runs)
    measured.push_back(run["spec"]["variant"].str() + " " + run["spec"]["candidate"]["service"].str());
  EXPECT_THAT(measured, testing::UnorderedElementsAre("red web-red", "new web-new", "blue web-blue"));
  c.command(Verb::Promote);
  ASSERT_TRUE(c.reaches(Phase::Idle)) << c.state().message;
}

// What is asked of one variant alone may be edited under way: nobody changes sides by it.
TEST(AbTest, a_variant_may_have_an_analysis_of_its_own) {
  Value spec = json(kTest);
  const auto watch_blue = [&](const char* analysis) {
    Value variants = spec["strategy"]["abTest"]["variants"];
    spec.set({"strategy", "abTest", "variants"},
             Value::array({variants.at(0), variants.at(1), variants.at(2).with("analysis", json(analysis))}));
  };
  watch_blue(R"({"templates":[{"name":"absent"}]})");
  ModelledCluster c = test_cluster(spec);
  ASSERT_TRUE(c.reaches(Phase::Idle));
  c.set_image("new");
  ASSERT_TRUE(c.reaches(Phase::Invalid));
  EXPECT_THAT(c.state().message, HasSubstr("AnalysisTemplate absent does not exist"));
  watch_blue(R"({"templates":[{"name":"slo"}]})");
  c.patch_release(Value::object({{"spec", spec}}));
  ASSERT_TRUE(decides(c)) << c.state().message;
  std::vector<std::string> measured;
  for (const Value& run : c.observe().runs) measured.push_back(run["spec"]["variant"].str());
  EXPECT_THAT(measured, testing::ElementsAre("blue"));
  c.patch_release(Value::object({{"spec", json(kTest)}}));
  for (int i = 0; i < 20; ++i) c.turn();
  EXPECT_EQ(c.state().phase, Phase::Paused) << c.state().message;
}

TEST(AbTest, one_that_fails_its_own_analysis_is_stopped_alone) {
  Value spec = json(kTest);
  const Value variants = spec["strategy"]["abTest"]["variants"];
  const Value blue = variants.at(2).with("analysis", json(R"({"templates":[{"name":"slo"}]})"));
  spec.set({"strategy", "abTest", "variants"}, Value::array({variants.at(0), variants.at(1), blue}));
  ModelledCluster c = test_cluster(spec);
  c.verdict = [](const Value&) { return "Failed"; };
  ASSERT_TRUE(under_way(c)) << c.state().message;
  ASSERT_TRUE(c.run_until([&] { return variant(c.state(), "blue").stopped_at.has_value(); })) << c.state().message;
  EXPECT_THAT(variant(c.state(), "blue").message, HasSubstr("variant blue: "));
  EXPECT_FALSE(variant(c.state(), "red").stopped_at);
  EXPECT_FALSE(variant(c.state(), "new").stopped_at);
}

TEST(AbTest, the_stable_version_has_its_own_requests_counted_from_the_beginning_of_the_test) {
  ModelledCluster c = test_cluster();
  ASSERT_TRUE(under_way(c)) << c.state().message;
  const std::int64_t before = c.state().traffic.stable_requests_before;
  EXPECT_GE(before, 50) << "of releases before";
  ASSERT_TRUE(c.run_until([&] { return c.state().traffic.stable_requests >= 3; }));
  EXPECT_EQ(c.state().traffic.stable_requests_before, before);
  c.command(Verb::Promote);
  ASSERT_TRUE(c.reaches(Phase::Idle)) << c.state().message;
  EXPECT_EQ(c.state().traffic.stable_requests, -1);
}

TEST(AbTest, features_and_shares_together) {
  Value spec = json(kTest);
  spec.set({"strategy", "abTest"}, json(R"({"key":{"header":"x-user-id"},"among":[{"name":"germany"}],"variants":[
    {"name":"new","share":50},
    {"name":"red","share":10,"cohorts":[{"name":"staff"}],"replicas":2,
     "template":{"spec":{"containers":[{"name":"web","image":"shop/web:red"}]}}}]})"));
  ModelledCluster c = test_cluster(spec);
  c.cohorts["staff"] = json(R"({"match":"header[\"x-staff\"] == \"yes\""})");
  c.cohorts["germany"] = json(R"({"match":"header[\"x-region\"] == \"DE\"","expected":60})");
  ASSERT_TRUE(under_way(c)) << c.state().message;
  EXPECT_EQ(split_of(c, 0), "web-stable 100, web-new 0, web-red 0") << "who takes no part";
  std::map<std::string, std::string> by_audience;
  for (std::size_t i = 1; i < c.route()["spec"]["rules"].size(); ++i) {
    const Value& rule = c.route()["spec"]["rules"].at(i);
    by_audience[rule["filters"].at(0)["requestHeaderModifier"]["set"].at(0)["value"].str()] = split_of(c, i);
  }
  EXPECT_EQ(by_audience["red"], "web-stable 0, web-new 0, web-red 100");
  EXPECT_EQ(by_audience["taking_part"], "web-stable 40, web-new 50, web-red 10");
  EXPECT_EQ(c.pods_of("new"), 2) << "half of 60 % of four pods, rounded up";
  EXPECT_EQ(c.pods_of("red"), 2);
  c.command(Verb::Promote);
  ASSERT_TRUE(c.reaches(Phase::Idle)) << c.state().message;
  EXPECT_EQ(c.route()["spec"]["rules"].size(), 1u);
}

TEST(AbTest, a_test_under_way_does_not_change_sides_by_an_edit_and_can_still_be_aborted) {
  ModelledCluster c = test_cluster();
  ASSERT_TRUE(under_way(c));
  const std::string before = split_of(c);
  Value spec = json(kTest);
  Value variants = spec["strategy"]["abTest"]["variants"];
  Value first = variants.at(0);
  first.set("share", 40);
  variants.set_at(0, first);
  c.patch_release(Value::object(
      {{"spec", Value::object({{"strategy", Value::object({{"abTest", Value::object({{"variants", variants}})}})}})}}));
  ASSERT_TRUE(c.run_until([&] { return c.state().phase == Phase::Invalid; }));
  EXPECT_THAT(c.state().message, HasSubstr("a test is under way"));
  EXPECT_EQ(split_of(c), before);
  c.patch_release(json(R"({"spec":{"strategy":{"abTest":null,"canary":{"steps":[{"weight":5}]}}}})"));
  c.command(Verb::Abort);
  ASSERT_TRUE(c.run_until([&] { return c.state().phase == Phase::RolledBack; })) << c.state().message;
  for (const char* tag : {"red", "new", "blue"}) EXPECT_EQ(c.pods_of(tag), 0) << tag;
}

// A choice that is made while the spec cannot be carried out counts when it is right again.
TEST(AbTest, a_choice_is_not_lost_while_the_spec_is_invalid) {
  ModelledCluster c = test_cluster(json(kTest));
  ASSERT_TRUE(c.reaches(Phase::Idle));
  c.set_image("new");
  ASSERT_TRUE(decides(c)) << c.state().message;
  const auto before = split_of(c);
  Value edited = c.release()["spec"]["strategy"]["abTest"]["variants"];
  edited.set_at(0, edited.at(0).with("share", 40));
  const Value right = c.release()["spec"]["strategy"];
  c.patch_release(Value::object(
      {{"spec", Value::object({{"strategy", Value::object({{"abTest", Value::object({{"variants", edited}})}})}})}}));
  ASSERT_TRUE(c.reaches(Phase::Invalid));
  c.set_image("blue");
  for (int i = 0; i < 50; ++i) c.turn();
  EXPECT_EQ(c.state().phase, Phase::Invalid) << c.state().message;
  EXPECT_EQ(split_of(c), before) << "and nobody changes sides";
  std::int64_t shares = 0;
  for (const VariantState& v : c.state().variants) shares += v.share;
  EXPECT_GT(shares, 0) << "what they have is still told";
  c.patch_release(Value::object({{"spec", Value::object({{"strategy", right}})}}));
  ASSERT_TRUE(c.reaches(Phase::Idle)) << c.state().message;
  EXPECT_EQ(c.pods_of("blue"), 4);
}

TEST(AbTest, what_cannot_be_a_test_is_refused_with_the_reason) {
  const auto refused = [](const char* variants) {
    Value spec = json(kTest);
    spec.set({"strategy", "abTest", "variants"}, json(variants));
    ModelledCluster c = test_cluster(spec);
    EXPECT_TRUE(c.reaches(Phase::Idle)) << c.state().message;
    c.set_image("new");
    EXPECT_TRUE(c.run_until([&] { return c.state().phase == Phase::Invalid; })) << c.state().message;
    EXPECT_EQ(c.pods_of("new"), 0);
    return c.state().message;
  };
  EXPECT_THAT(refused(R"([{"name":"new","share":5},{"name":"old","share":5,
    "template":{"spec":{"containers":[{"name":"web","image":"shop/web:v1"}]}}}])"),
              HasSubstr("old: is the same as the stable version"));
  EXPECT_THAT(refused(R"([{"name":"new","share":5},{"name":"lost","share":5,
    "template":{"metadata":{"labels":{"app":"other"}}}}])"),
              HasSubstr("lost: its template takes labels away"));
}

TEST(AbTest, an_undo_inside_the_window_goes_without_a_test) {
  Value spec = json(kTest);
  spec.set({"rollback", "window"}, json(R"({"revisions":1})"));
  ModelledCluster c = test_cluster(spec);
  ASSERT_TRUE(under_way(c));
  c.command(Verb::Promote);
  ASSERT_TRUE(c.reaches(Phase::Idle));
  c.set_image("v1");
  ASSERT_TRUE(c.run_until([&] { return c.state().phase == Phase::Idle && c.pods_of("v1") == 4; })) << c.state().message;
  EXPECT_EQ(c.owner_of("red"), "absent");
}

TEST(AbTest, a_release_that_is_deleted_leaves_nothing_of_its_variants) {
  ModelledCluster c = test_cluster();
  ASSERT_TRUE(under_way(c));
  c.delete_release();
  ASSERT_TRUE(c.run_until([&] { return c.release_is_gone(); }));
  for (const char* tag : {"red", "blue"}) EXPECT_EQ(c.owner_of(tag), "absent") << tag;
  for (const char* service : {"web-stable", "web-red", "web-new", "web-blue"})
    EXPECT_FALSE(c.has_service(service)) << service;
  EXPECT_EQ(split_of(c), "web 100");
}

// Whatever happens in the middle, and wherever a decision is cut off: the test ends, in one version that everybody has.
RC_GTEST_PROP(AbTest, ends_in_one_version_after_any_crashes_and_events, ()) {
  std::mt19937 random(*rc::gen::arbitrary<unsigned>());
  const auto one_in = [&](unsigned n) { return random() % n == 0; };
  ModelledCluster c = test_cluster();
  RC_ASSERT(c.reaches(Phase::Idle));
  bool crashing = true;
  c.crashes = [&] { return crashing && one_in(15); };
  c.set_image("new");
  for (int i = 0; i < 600; ++i) {
    if (one_in(60)) c.crash_pod(std::vector<std::string>{"red", "new", "blue", "v1"}[random() % 4]);
    if (one_in(120)) c.delete_set(std::vector<std::string>{"red", "new", "blue"}[random() % 3]);
    if (one_in(200)) c.command(one_in(2) ? Verb::Promote : one_in(3) ? Verb::Abort : Verb::Back);
    if (one_in(300)) c.set_image(std::vector<std::string>{"red", "new", "blue", "v1"}[random() % 4]);
    if (one_in(200)) c.set_replicas(1 + static_cast<std::int64_t>(random() % 6));
    c.turn();
  }
  crashing = false;
  const auto over = [&] {
    const State s = c.state();
    return !s.candidate && (s.phase == Phase::Idle || s.phase == Phase::RolledBack);
  };
  const bool ended =
      c.run_until([&] { return over() || c.state().phase == Phase::Paused || c.state().phase == Phase::Invalid; });
  if (c.state().phase == Phase::Invalid) {  // a variant alone is asked for: there is nothing to compare
    const std::string images = c.state().stable->images;
    c.set_image(images.substr(images.rfind(':') + 1));
  }
  if (ended && !over()) {
    c.command(one_in(2) ? Verb::Promote : Verb::Abort);
    if (!c.run_until([&] { return over(); }, 600)) {
      c.command(Verb::Abort);
      c.run_until(over);
    }
  }
  RC_LOG() << to_text(c.state().phase) << ": " << c.state().message << "\n";
  for (const Version& v : c.observe().versions)
    RC_LOG() << v.name << " " << v.rs["spec"]["template"]["spec"]["containers"].at(0)["image"].as_string() << " owner "
             << static_cast<int>(v.owner) << ", " << v.ready << " of " << v.spec << " ready\n";
  RC_ASSERT(over());
  RC_ASSERT(split_of(c) == "web 100");
  RC_ASSERT(c.state().variants.empty());
}

}  // namespace
}  // namespace slipway::delivery
