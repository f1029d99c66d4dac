#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <random>

#include "delivery/commands.h"
#include "delivery/decide/modelled_cluster.h"

namespace slipway::delivery {
namespace {

using data::Value;
using testing::HasSubstr;

constexpr const char* kGray = R"({"target":{"name":"web"},"traffic":{"route":"web","service":"web"},
  "guards":{"maxRestarts":2},"deadline":"30s","rollback":{"verifyTimeout":"20s"},
  "strategy":{"gray":{"key":{"header":"x-user-id"},"batches":[
    {"name":"staff","cohorts":[{"name":"staff"}],"approve":true},
    {"name":"tenth of germany","cohorts":[{"name":"germany","share":10}],"analysis":{"templates":[{"name":"slo"}]},"approve":true},
    {"cohorts":[{"name":"germany"}],"share":20,"approve":true}]}}})";

// Germany is a tenth of all requests.
ModelledCluster gray_cluster(const char* spec = kGray) {
  ModelledCluster c(json(spec));
  c.cohorts["staff"] = json(R"({"match":"header[\"x-staff\"] == \"yes\""})");
  c.cohorts["germany"] = json(R"({"attributes":[{"name":"region","header":"x-region"}],"match":"region == \"DE\"",
    "key":{"header":"X-User-Id"},"expected":60})");
  c.patch_route(json(R"({"metadata":{"annotations":{"slipway.dev/sticky-header":"X-User-Id"}}})"));
  return c;
}

// The part that a request with these headers has of the candidate; rules with more headers count first.
std::int64_t share_for(const ModelledCluster& c, const std::map<std::string, std::string>& headers) {
  const Value* best = nullptr;
  std::size_t most = 0;
  for (const Value& rule : c.route()["spec"]["rules"].items())
    for (const Value& match : (rule["matches"].size() > 0 ? rule["matches"] : json("[{}]")).items()) {
      bool fits = true;
      for (const Value& h : match["headers"].items()) {
        const auto said = headers.find(h["name"].str());
        fits =
            fits && said != headers.end() && (h["value"].as_string() == said->second || h["value"].as_string() == ".+");
      }
      if (fits && (!best || match["headers"].size() > most)) best = &rule, most = match["headers"].size();
    }
  std::int64_t canary = 0, all = 0;
  for (const Value& ref : (*best)["backendRefs"].items()) {
    all += ref["weight"].as_int(1);
    if (ref["name"].as_string() == "web-canary") canary += ref["weight"].as_int(1);
  }
  return all > 0 ? canary * 100 / all : 0;
}

const std::map<std::string, std::string> kStaff = {{"x-staff", "yes"}},
                                         kGerman = {{"x-region", "DE"}, {"x-user-id", "7"}},
                                         kOther = {{"x-region", "US"}, {"x-user-id", "8"}}, kNobody = {};

std::vector<std::int64_t> shares(const ModelledCluster& c) {
  return {share_for(c, kStaff), share_for(c, kGerman), share_for(c, kOther), share_for(c, kNobody)};
}
using Shares = std::vector<std::int64_t>;

bool paused_at(ModelledCluster& c, int batch) {
  return c.run_until([&] {
    const State s = c.state();
    return s.phase == Phase::Paused && s.user_step == batch;
  });
}

TEST(Gray, groups_come_one_after_the_other_and_whoever_is_in_stays_in) {
  ModelledCluster c = gray_cluster();
  ASSERT_TRUE(c.reaches(Phase::Idle)) << c.state().message;
  std::vector<std::string> measured;
  c.verdict = [&](const Value& run) {
    measured.push_back(run["spec"]["audience"].str());
    return "Successful";
  };
  c.set_image("v2");
  ASSERT_TRUE(paused_at(c, 0)) << c.state().message;
  EXPECT_EQ(shares(c), (Shares{100, 0, 0, 0}));
  EXPECT_EQ(c.pods_of("v2"), 1);
  c.command(Verb::Promote);
  ASSERT_TRUE(paused_at(c, 1)) << c.state().message;
  EXPECT_EQ(shares(c), (Shares{100, 10, 0, 0}));
  EXPECT_EQ(measured, std::vector<std::string>{"tenth-of-germany"});
  c.command(Verb::Promote);
  ASSERT_TRUE(paused_at(c, 2)) << c.state().message;
  EXPECT_EQ(shares(c), (Shares{100, 100, 20, 0})) << "who has no key is in no share of users";
  EXPECT_EQ(c.pods_of("v2"), 3) << "60 % of four pods, rounded up";
  c.command(Verb::Promote);
  ASSERT_TRUE(c.reaches(Phase::Idle)) << c.state().message;
  EXPECT_EQ(c.pods_of("v2"), 4);
  EXPECT_EQ(c.route()["spec"]["rules"].size(), 1u);
  EXPECT_TRUE(c.state().cohorts.is_null());
}

TEST(Gray, one_batch_back_and_on_again) {
  ModelledCluster c = gray_cluster();
  ASSERT_TRUE(c.reaches(Phase::Idle));
  c.set_image("v2");
  ASSERT_TRUE(paused_at(c, 0));
  c.command(Verb::Promote);
  ASSERT_TRUE(paused_at(c, 1));
  c.command(Verb::Back);
  ASSERT_TRUE(c.run_until([&] { return c.state().position.back_to >= 0 && c.state().phase == Phase::Paused; }))
      << c.state().message;
  EXPECT_EQ(shares(c), (Shares{100, 0, 0, 0}));
  EXPECT_EQ(c.state().command.result, "accepted: back to \"the candidate for staff, verified at the router\"");
  EXPECT_THAT(c.state().message, HasSubstr("slipway promote web"));
  for (int i = 0; i < 100; ++i) c.turn(base::seconds(5));
  EXPECT_EQ(c.state().phase, Phase::Paused) << "no deadline runs while it waits for a person";
  c.command(Verb::Promote);
  ASSERT_TRUE(c.run_until([&] { return c.state().position.back_to < 0; }));
  ASSERT_TRUE(paused_at(c, 0)) << "its own approval again";
  c.command(Verb::Promote);
  ASSERT_TRUE(paused_at(c, 1)) << c.state().message;
  EXPECT_EQ(shares(c), (Shares{100, 10, 0, 0}));
  c.command(Verb::Back);
  ASSERT_TRUE(c.run_until([&] { return c.state().position.back_to >= 0 && c.state().phase == Phase::Paused; }));
  c.command(Verb::Back);
  ASSERT_TRUE(c.run_until([&] { return shares(c) == Shares{0, 0, 0, 0}; })) << c.state().message;
  ASSERT_TRUE(c.reaches(Phase::Paused));
  c.command(Verb::Back);
  ASSERT_TRUE(c.run_until([&] { return c.state().command.result.starts_with("refused: there is no step"); }));
  c.command(Verb::Abort);
  ASSERT_TRUE(c.reaches(Phase::RolledBack)) << c.state().message;
  EXPECT_GE(*c.state().last_rollback->traffic_zero_at, c.state().last_rollback->started_at) << "it had none before";
  EXPECT_EQ(c.pods_of("v1"), 4);
  EXPECT_EQ(c.pods_of("v2"), 0);
}

TEST(Gray, a_release_keeps_to_the_cohorts_with_which_it_began) {
  ModelledCluster c = gray_cluster();
  ASSERT_TRUE(c.reaches(Phase::Idle));
  c.set_image("v2");
  ASSERT_TRUE(paused_at(c, 0));
  c.cohorts["staff"] = json(R"({"match":"header[\"x-staff\"] == \"only-bob\""})");
  c.cohorts.erase("germany");
  for (int i = 0; i < 50; ++i) c.turn();
  EXPECT_EQ(shares(c), (Shares{100, 0, 0, 0}));
  c.command(Verb::Promote);
  ASSERT_TRUE(paused_at(c, 1)) << c.state().message;
  EXPECT_EQ(shares(c), (Shares{100, 10, 0, 0}));
  c.command(Verb::Abort);
  ASSERT_TRUE(c.reaches(Phase::RolledBack)) << c.state().message;
  for (int i = 0; i < 20; ++i) c.turn();
  EXPECT_EQ(c.state().phase, Phase::RolledBack) << "at rest nobody needs the Cohort";
  c.set_image("v3");
  ASSERT_TRUE(c.reaches(Phase::Invalid)) << "the next release does";
  EXPECT_THAT(c.state().message, HasSubstr("batches[1].cohorts[0].name: Cohort germany does not exist"));
}

TEST(Gray, edited_batches_take_nobody_back) {
  ModelledCluster c = gray_cluster();
  ASSERT_TRUE(c.reaches(Phase::Idle));
  c.set_image("v2");
  ASSERT_TRUE(paused_at(c, 0));
  c.command(Verb::Promote);
  ASSERT_TRUE(paused_at(c, 1));
  // A batch more in front: it goes on where everybody who is in stays in.
  c.patch_release(json(R"({"spec":{"strategy":{"gray":{"batches":[
    {"cohorts":[{"name":"germany","share":5}],"approve":true},{"cohorts":[{"name":"staff"},{"name":"germany","share":30}],"approve":true}]}}}})"));
  ASSERT_TRUE(c.run_until([&] {
    EXPECT_EQ(share_for(c, kStaff), 100);
    EXPECT_GE(share_for(c, kGerman), 10);
    return c.state().phase == Phase::Paused && share_for(c, kGerman) == 30;
  })) << c.state().message;
  // No batch has staff any more: it stands still and says so, and the way back is open.
  c.patch_release(json(R"({"spec":{"strategy":{"gray":{"batches":[{"cohorts":[{"name":"germany"}]}]}}}})"));
  ASSERT_TRUE(c.reaches(Phase::Invalid)) << c.state().message;
  EXPECT_THAT(c.state().message, HasSubstr("staff is in already, and no batch lets so much in any more"));
  EXPECT_EQ(shares(c), (Shares{100, 30, 0, 0}));
  c.command(Verb::Promote);
  for (int i = 0; i < 10; ++i) c.turn();
  EXPECT_THAT(c.state().command.result, HasSubstr("refused: Release shop/web is invalid"));
  c.command(Verb::Abort);
  ASSERT_TRUE(c.run_until([&] { return shares(c) == Shares{0, 0, 0, 0} && !c.state().candidate; }))
      << c.state().message;
  EXPECT_EQ(c.pods_of("v1"), 4);
}

TEST(Gray, batches_do_not_become_weights_in_the_middle) {
  ModelledCluster c = gray_cluster();
  ASSERT_TRUE(c.reaches(Phase::Idle));
  c.set_image("v2");
  ASSERT_TRUE(paused_at(c, 0));
  const Shares before = shares(c);
  const Value batches = c.release()["spec"]["strategy"];
  c.patch_release(json(R"({"spec":{"strategy":{"gray":null,"canary":{"steps":[{"weight":5},{"pause":{}}]}}}})"));
  ASSERT_TRUE(c.reaches(Phase::Invalid)) << c.state().message;
  EXPECT_THAT(c.state().message, HasSubstr("a gray release is under way and has let in staff"));
  for (int i = 0; i < 50; ++i) c.turn();
  EXPECT_EQ(shares(c), before);
  c.patch_release(Value::object({{"spec", Value::object({{"strategy", batches.with("canary", Value())}})}}));
  ASSERT_TRUE(paused_at(c, 0)) << "and goes on when they are back";
  EXPECT_EQ(shares(c), before);
}

TEST(Gray, a_cohort_that_is_named_in_the_middle_is_kept_too) {
  ModelledCluster c = gray_cluster();
  ASSERT_TRUE(c.reaches(Phase::Idle));
  c.set_image("v2");
  ASSERT_TRUE(paused_at(c, 0));
  c.cohorts["testers"] = json(R"({"match":"header[\"x-test\"] == \"1\""})");
  c.patch_release(json(
      R"({"spec":{"strategy":{"gray":{"batches":[{"cohorts":[{"name":"staff"},{"name":"testers"}],"approve":true}]}}}})"));
  ASSERT_TRUE(c.run_until([&] { return share_for(c, {{"x-test", "1"}}) == 100; })) << c.state().message;
  c.cohorts["testers"] = json(R"({"match":"header[\"x-test\"] == \"nobody\""})");
  for (int i = 0; i < 50; ++i) c.turn();
  EXPECT_EQ(share_for(c, {{"x-test", "1"}}), 100);
}

TEST(Gray, a_failed_batch_takes_all_back_at_once) {
  ModelledCluster c = gray_cluster();
  ASSERT_TRUE(c.reaches(Phase::Idle));
  c.verdict = [](const Value& run) { return run["spec"]["kind"].as_string() == "Step" ? "Failed" : "Successful"; };
  c.set_image("v2");
  ASSERT_TRUE(paused_at(c, 0));
  c.command(Verb::Promote);
  ASSERT_TRUE(c.reaches(Phase::RollingBack)) << c.state().message;
  ASSERT_TRUE(c.run_until([&] { return shares(c) == Shares{0, 0, 0, 0}; }, 50));
  ASSERT_TRUE(c.reaches(Phase::RolledBack)) << c.state().message;
  EXPECT_EQ(c.state().last_rollback->verification.state, CheckState::Passed);
}

TEST(Gray, users_are_told_apart_by_what_the_route_hashes) {
  ModelledCluster c = gray_cluster();
  ASSERT_TRUE(c.reaches(Phase::Idle));
  c.patch_route(json(R"({"metadata":{"annotations":{"slipway.dev/sticky-header":"x-session"}}})"));
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::Invalid));
  EXPECT_THAT(c.state().message,
              HasSubstr("HTTPRoute web deals its requests out by x-session, and users are told apart by "
                        "header x-user-id: annotate it with slipway.dev/sticky-header: x-user-id"));
  EXPECT_EQ(c.pods_of("v2"), 0);
}

// Whatever crashes between two effects, with people who go back and on: it ends well, and nobody is taken back
// unless somebody said so.
RC_GTEST_PROP(Gray, anyCrashAndAnyPersonLeadToAGoodEnd, ()) {
  std::mt19937 random(*rc::gen::inRange<std::uint32_t>(0, 1'000'000));
  ModelledCluster c = gray_cluster();
  RC_ASSERT(c.reaches(Phase::Idle));
  c.crashes = [&] { return random() % 4 == 0; };
  Shares before = {0, 0, 0, 0};
  int backs = 0;
  std::string heard = "none";  // the command before the one that nobody has heard yet
  c.set_image("v2");
  RC_ASSERT(c.run_until(
      [&] {
        const State s = c.state();
        if (s.command.id == heard) return false;
        heard = "none";
        const Shares now = shares(c);
        if (s.position.back_to < 0 && c.route()["spec"]["rules"].size() > 1)
          for (std::size_t i = 0; i < now.size(); ++i) RC_ASSERT(now[i] >= before[i]);
        before = now;
        if (s.phase != Phase::Paused || random() % 3 != 0) return s.history.at(0)["result"] == Value("Released");
        const bool back = random() % 3 == 0 && ++backs < 3;
        heard = s.command.id;
        c.command(back ? Verb::Back : Verb::Promote);
        if (back) before = {0, 0, 0, 0};
        return false;
      },
      8000));
  RC_ASSERT(c.pods_of("v2") == 4);
  RC_ASSERT(c.route()["spec"]["rules"].size() == 1u);
}

}  // namespace
}  // namespace slipway::delivery
