#include "delivery/decide/troubles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "delivery/decide/modelled_cluster.h"

namespace slipway::delivery {
namespace {

using base::minutes;
using base::seconds;
using data::Value;
using testing::HasSubstr;

Value spec(const char* guards = "{}", const char* rollback = "{}") {
  Value out = json(R"({"target":{"name":"web"},"traffic":{"route":"web","service":"web"},"deadline":"10m",
    "strategy":{"canary":{"steps":[{"weight":25},{"weight":50}]}}})");
  out.set("guards", json(guards));
  out.set("rollback", json(rollback));
  return out;
}

constexpr const char* kMissingImage = R"({"conditions":[{"type":"Ready","status":"False"}],"containerStatuses":[
  {"name":"web","image":"shop/web:v2","ready":false,"restartCount":0,
   "state":{"waiting":{"reason":"ErrImagePull","message":"not found"}}}]})";
constexpr const char* kNoRoom = R"({"conditions":[{"type":"PodScheduled","status":"False","reason":"Unschedulable",
  "message":"0/1 nodes are available: 1 Insufficient cpu."}]})";

// A release of v2, whose pods never get ready and have this status.
struct Ailing : ModelledCluster {
  Ailing(const Value& spec, const char* status) : ModelledCluster(spec) {
    becomes_ready = [](const std::string& image) { return !image.ends_with("v2"); };
    ailment = [status](const std::string& image) { return image.ends_with("v2") ? json(status) : Value(); };
    EXPECT_TRUE(reaches(Phase::Idle));
    set_image("v2");
    EXPECT_TRUE(run_until([&] { return !state().troubles.empty(); }, 200));
    noticed = now();
  }
  bool passes(base::Duration time) {
    const base::Time end = now() + time;
    return run_until([&] { return now() >= end; }, 40'000);
  }
  base::Time noticed;
};

TEST(Troubles, an_image_that_does_not_exist_is_told_at_once_and_taken_back_after_a_minute) {
  Ailing c(spec(), kMissingImage);
  ASSERT_EQ(c.state().troubles.size(), 1u);
  const Trouble t = c.state().troubles[0];
  EXPECT_EQ(t.kind, TroubleKind::ImagePull);
  EXPECT_EQ(t.version, c.state().candidate->hash);
  EXPECT_EQ(t.message, "image shop/web:v2 cannot be pulled: not found");
  EXPECT_THAT(c.state().message, HasSubstr("image shop/web:v2 cannot be pulled"));
  const Value entry = c.state().log.at(c.state().log.size() - 1);
  EXPECT_EQ(entry["rule"], Value("trouble.ImagePull"));
  EXPECT_EQ(entry["inputs"]["code"], Value("REL-P03"));
  ASSERT_TRUE(c.reaches(Phase::RollingBack, 2000));
  EXPECT_GE(c.now() - c.noticed, seconds(59));
  EXPECT_LE(c.now() - c.noticed, seconds(62)) << "long before the deadline";
  EXPECT_EQ(c.state().retreat->cause, Cause::Stuck);
  EXPECT_THAT(c.state().retreat->message, HasSubstr("REL-P03 ImagePull: Pod "));
  EXPECT_THAT(c.state().retreat->message, HasSubstr("it does not pass by itself"));
  ASSERT_TRUE(c.reaches(Phase::RolledBack));
  EXPECT_TRUE(c.state().troubles.empty()) << "it went with its pods";
  EXPECT_EQ(c.state().rejected->cause, "Stuck");
}

TEST(Troubles, a_decision_sleeps_until_the_trouble_is_not_borne_any_longer) {
  Ailing c(spec(), kMissingImage);
  c.passes(seconds(5));
  const control::Decision decision = decide(c.observe(), plan::gateway_capabilities(), c.now());
  EXPECT_EQ(decision.status, c.release()["status"]) << "a trouble is steady";
  EXPECT_TRUE(decision.effects.empty());
  ASSERT_TRUE(decision.wake_at.has_value());
  EXPECT_EQ(*decision.wake_at, *c.state().troubles[0].since + plan::kHopeless);
}

TEST(Troubles, what_may_pass_by_itself_has_until_the_deadline) {
  Ailing c(spec(), kNoRoom);
  EXPECT_EQ(c.state().troubles[0].kind, TroubleKind::Unschedulable);
  c.passes(minutes(5));
  EXPECT_EQ(c.state().phase, Phase::Progressing);
  ASSERT_TRUE(c.reaches(Phase::RollingBack, 4000));
  EXPECT_EQ(c.state().retreat->cause, Cause::Deadline);
  EXPECT_THAT(c.state().retreat->message, HasSubstr("Insufficient cpu")) << "and says what it waited for";
}

TEST(Troubles, a_policy_says_how_long) {
  Ailing c(spec(R"({"troubles":[{"trouble":"Unschedulable","after":"2m"}]})"), kNoRoom);
  c.passes(seconds(115));
  EXPECT_EQ(c.state().phase, Phase::Progressing);
  c.passes(seconds(10));
  EXPECT_EQ(c.state().phase == Phase::Progressing, false);
  ASSERT_TRUE(c.reaches(Phase::RolledBack));
  EXPECT_EQ(c.state().last_rollback->cause, Cause::Stuck);
}

TEST(Troubles, a_policy_lets_them_wait) {
  Ailing c(spec(R"({"troubles":[{"trouble":"ImagePull","action":"Wait"}]})"), kMissingImage);
  c.passes(minutes(5));
  EXPECT_EQ(c.state().phase, Phase::Progressing);
  ASSERT_TRUE(c.reaches(Phase::RollingBack, 4000));
  EXPECT_EQ(c.state().retreat->cause, Cause::Deadline);
}

TEST(Troubles, a_policy_can_bear_nothing) {
  Ailing c(spec(R"({"troubles":[{"trouble":"ImagePull","after":"0s"}]})"), kMissingImage);
  EXPECT_EQ(c.state().retreat.has_value(), true);
}

TEST(Troubles, they_end_when_they_are_not_seen_any_more_and_the_release_goes_on) {
  Ailing c(spec(), kNoRoom);
  c.passes(seconds(20));
  c.becomes_ready = [](const std::string&) { return true; };
  ASSERT_TRUE(c.reaches(Phase::Idle));
  EXPECT_TRUE(c.state().troubles.empty());
  EXPECT_EQ(c.pods_of("v2"), 4);
}

// `promote` after a halt: the trouble is still there, and counts no more.
TEST(Troubles, a_person_goes_on_in_spite_of_one) {
  Ailing c(spec("{}", R"({"onFailure":"Pause"})"), kMissingImage);
  ASSERT_TRUE(c.reaches(Phase::Paused, 2000));
  EXPECT_EQ(c.state().halt->cause, Cause::Stuck);
  c.command(Verb::Promote, "the image is on its way");
  c.passes(minutes(3));
  EXPECT_EQ(c.state().phase, Phase::Progressing);
  EXPECT_TRUE(c.state().troubles[0].overruled);
  c.becomes_ready = [](const std::string&) { return true; };
  ASSERT_TRUE(c.reaches(Phase::Idle));
}

TEST(Troubles, a_service_that_is_missing_is_one) {
  ModelledCluster c(spec(R"({"troubles":[{"trouble":"RouteMissing","after":"30s"}]})"));
  ASSERT_TRUE(c.reaches(Phase::Idle));
  c.write_route(json(R"([{"backendRefs":[{"name":"other","port":80}]}])"));
  c.set_image("v2");
  ASSERT_TRUE(c.run_until([&] { return !c.state().troubles.empty(); }, 200));
  EXPECT_EQ(c.state().troubles[0].kind, TroubleKind::RouteMissing);
  EXPECT_EQ(c.state().troubles[0].object, "HTTPRoute web");
  ASSERT_TRUE(c.reaches(Phase::RolledBack, 2000));
  EXPECT_EQ(c.state().last_rollback->cause, Cause::Stuck);
}

// The pods that are there say nothing; their ReplicaSet says why there are no more.
TEST(Troubles, pods_that_are_not_made) {
  ModelledCluster c(spec());
  ASSERT_TRUE(c.reaches(Phase::Idle));
  Observation o = c.observe();
  Version& v = o.versions.front();
  v.pods = v.spec - 1;
  v.rs.set({"status", "conditions"}, json(R"([{"type":"ReplicaFailure","status":"True","reason":"FailedCreate",
    "message":"pods \"web-1\" is forbidden: exceeded quota: few"}])"));
  const control::Decision decision = decide(o, plan::gateway_capabilities(), c.now());
  const State s = read_state(decision.status);
  ASSERT_EQ(s.troubles.size(), 1u);
  EXPECT_EQ(s.troubles[0].kind, TroubleKind::Quota);
  EXPECT_EQ(s.troubles[0].object, "ReplicaSet " + v.name);
}

// The answer is asked for once, believed for half a minute, and about the pod that it was asked for.
TEST(Troubles, events_are_asked_for_where_the_pod_does_not_say_why) {
  constexpr const char* kCreating = R"({"conditions":[{"type":"PodScheduled","status":"True",
    "lastTransitionTime":"2020-01-01T00:00:00Z"},{"type":"Ready","status":"False"}],"containerStatuses":[
    {"name":"web","ready":false,"restartCount":0,"state":{"waiting":{"reason":"ContainerCreating"}}}]})";
  Ailing c(spec(), kCreating);
  EXPECT_EQ(c.state().troubles[0].kind, TroubleKind::NotStarting);
  c.passes(seconds(2));
  Observation o = c.observe();
  const auto asked = [&](const Observation& seen) {
    const control::Decision decision = decide(seen, plan::gateway_capabilities(), c.now());
    return std::ranges::any_of(decision.effects, [](const control::Effect& effect) {
      const auto* ask = std::get_if<control::Ask>(&effect);
      return ask && ask->port == "list" && ask->question["resource"] == Value("events");
    });
  };
  o.warnings.reset();
  EXPECT_TRUE(asked(o));
  o.warnings = Warnings{.pending = true};
  EXPECT_FALSE(asked(o));
  const std::string pod = o.versions.back().ailing.empty() ? o.versions.front().ailing.front()["metadata"]["uid"].str()
                                                           : o.versions.back().ailing.front()["metadata"]["uid"].str();
  o.warnings = Warnings{.uid = pod,
                        .events = json(R"([{"reason":"FailedMount","message":"secret \"db\" not found"}])"),
                        .answered = c.now()};
  EXPECT_FALSE(asked(o));
  const State s = read_state(decide(o, plan::gateway_capabilities(), c.now()).status);
  EXPECT_TRUE(std::ranges::any_of(s.troubles, [](const Trouble& t) {
    return t.kind == TroubleKind::VolumeMount && t.message == "secret \"db\" not found";
  }));
  o.warnings->answered = c.now() - seconds(30);
  EXPECT_TRUE(asked(o));
}

TEST(Troubles, metrics_that_nobody_answers) {
  ModelledCluster c(spec());
  ASSERT_TRUE(c.reaches(Phase::Idle));
  Observation o = c.observe();
  o.runs.push_back(json(R"({"metadata":{"name":"web-2-1-1"},"spec":{},"status":{"metricResults":[
    {"name":"errors","phase":"Running","consecutiveErrors":2,"measurements":[
      {"verdict":"Error","message":"connection refused"}]},
    {"name":"latency","phase":"Running","noData":3,"measurements":[{"verdict":"NoData"}]}]}})"));
  const State s = read_state(decide(o, plan::gateway_capabilities(), c.now()).status);
  ASSERT_EQ(s.troubles.size(), 2u);
  EXPECT_EQ(to_text(s.troubles[0]),
            "REL-M01 ProviderUnreachable: AnalysisRun web-2-1-1: metric errors: connection refused");
  EXPECT_EQ(to_text(s.troubles[1]), "REL-M02 NoData: AnalysisRun web-2-1-1: metric latency: it has no data");
}

}  // namespace
}  // namespace slipway::delivery
