#include "delivery/decide/gate.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <random>
#include <set>

#include "api/meta.h"
#include "control/mutants.h"
#include "delivery/decide/modelled_cluster.h"
#include "delivery/invariants/invariants.h"

namespace slipway::delivery {
namespace {

using control::Mutant;
using data::Value;

// Deadlines are longer than the 30 s after which a route that seems to be somebody else's is written again.
constexpr const char* kCanary =
    R"({"target":{"name":"web"},"traffic":{"route":"web","service":"web"},"deadline":"2m","guards":{"maxRestarts":2},
  "strategy":{"canary":{"steps":[{"weight":25},{"pause":{"duration":"3s"}},{"weight":50},{"analysis":{"templates":[{"name":"slo"}]}}]}}})";
constexpr const char* kOptIn = R"({"target":{"name":"web"},"traffic":{"route":"web","service":"web"},"deadline":"2m",
  "strategy":{"canary":{"steps":[{"name":"staff","match":{"any":[{"headers":[{"name":"x-staff","value":"yes"}]}]}},
  {"pause":{"duration":"3s"}},{"match":{"any":[{"headers":[{"name":"x-beta","value":"yes"}]}]}},{"weight":50}]}}})";
constexpr const char* kRolling =
    R"({"target":{"name":"web"},"deadline":"2m","strategy":{"rolling":{"maxSurge":1,"maxUnavailable":0}}})";
constexpr const char* kRatio =
    R"({"target":{"name":"web"},"strategy":{"canary":{"steps":[{"weight":25},{"pause":{"duration":"5s"}},{"weight":75}]}}})";
constexpr const char* kBlueGreen = R"({"target":{"name":"web"},"traffic":{"route":"web","service":"web"},
  "strategy":{"blueGreen":{"autoSwitch":"2s","keepPrevious":"3s"}}})";

// The times from `now` between which a window is open, in seconds.
Value allowed(const ModelledCluster& c, std::initializer_list<std::pair<double, double>> spans) {
  Value out = Value::array();
  for (const auto& [from, to] : spans)
    out.push_back(Value::object({{"start", base::format_micro_time(c.now() + base::from_seconds(from))},
                                 {"end", base::format_micro_time(c.now() + base::from_seconds(to))}}));
  return out;
}
void set_windows(ModelledCluster& c, Value windows) {
  c.patch_release(Value::object({{"spec", Value::object({{"windows", std::move(windows)}})}}));
}
Value stop() {
  return json(R"({"metadata":{"name":"cluster"},"spec":{"stop":{"reason":"the shop burns","by":"ann"}}})");
}

// Nothing of what is decided goes forward while it may not.
void keep_watch(ModelledCluster& c) {
  c.watch = [&c](const Observation& o, const control::Decision& decision) {
    const auto plan = plan::compile(o.release, plan::gateway_capabilities());
    if (plan) EXPECT_EQ(invariants::forward_while_closed({o, *plan}, decision, c.now()), "");
  };
}
void rest(ModelledCluster& c, int turns = 100) {
  for (int i = 0; i < turns; ++i) c.turn();
}
std::int64_t share(const ModelledCluster& c) {
  const RouteView view = c.view();
  return view.shape == RouteView::Shape::Split ? view.candidate.points : 0;
}

TEST(Gate, a_release_begins_when_its_window_opens_and_says_so) {
  ModelledCluster c(json(kCanary));
  keep_watch(c);
  ASSERT_TRUE(c.reaches(Phase::Idle));
  set_windows(c, json(R"([{"days":["Mon"],"from":"14:00","to":"15:00","timeZone":"Europe/Berlin"}])"));
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::Waiting));
  const State s = c.state();
  EXPECT_EQ(s.message, "waits for the window Mon 14:00-15:00 Europe/Berlin, which opens at 2026-11-23T13:00:00Z");
  EXPECT_EQ(s.waiting,
            (Waiting{WaitReason::Window, "Mon 14:00-15:00 Europe/Berlin", base::parse_time("2026-11-23T13:00:00Z")}));
  EXPECT_EQ(s.log.at(s.log.size() - 1)["rule"], Value("wait.Window"));
  EXPECT_EQ(c.pods_of("v2"), 0);
  const control::Decision decision = decide(c.observe(), plan::gateway_capabilities(), c.now());
  EXPECT_EQ(decision.wake_at, base::parse_time("2026-11-23T13:00:00Z"));
  EXPECT_EQ(decision.status, c.release()["status"]) << "a wait is steady";
  ASSERT_TRUE(c.run_until([&] { return c.now() >= *s.waiting.until - base::milliseconds(100); }, 40'000));
  EXPECT_EQ(c.state().phase, Phase::Waiting);
  ASSERT_TRUE(c.reaches(Phase::Progressing, 3));
  ASSERT_TRUE(c.reaches(Phase::Idle));
  EXPECT_EQ(c.pods_of("v2"), 4);
}

TEST(Gate, what_is_under_way_stays_where_it_is_and_the_guards_go_on) {
  ModelledCluster c(json(kCanary));
  keep_watch(c);
  ASSERT_TRUE(c.reaches(Phase::Idle));
  set_windows(c, allowed(c, {{0, 4}, {400, 900}}));
  c.set_image("v2");
  ASSERT_TRUE(c.run_until([&] { return c.state().traffic.reached == 2500; }));
  ASSERT_TRUE(c.reaches(Phase::Waiting)) << c.state().message;
  rest(c, 1500);  // longer than the deadline
  EXPECT_EQ(c.state().phase, Phase::Waiting);
  EXPECT_EQ(share(c), 2500);
  EXPECT_EQ(c.pods_of("v2"), 1);
  c.delete_set("v2");  // what it has been given, it gets again
  ASSERT_TRUE(c.run_until([&] { return c.pods_of("v2") == 1 && share(c) == 2500; })) << c.state().message;
  for (int i = 0; i < 4; ++i) c.crash_pod("v2");
  ASSERT_TRUE(c.reaches(Phase::RolledBack)) << c.state().message;
  EXPECT_EQ(c.state().last_rollback->cause, Cause::Restarts);
}

TEST(Gate, a_step_back_does_not_wait_and_the_way_on_does) {
  ModelledCluster c(json(kCanary));
  keep_watch(c);
  c.verdict = [](const Value&) { return ""; };
  ASSERT_TRUE(c.reaches(Phase::Idle));
  c.set_image("v2");
  ASSERT_TRUE(c.run_until([&] { return c.state().traffic.reached == 5000; }));
  c.policy = stop();
  c.command(Verb::Back);
  ASSERT_TRUE(c.run_until([&] { return share(c) == 2500 && c.state().phase == Phase::Paused; })) << c.state().message;
  c.command(Verb::Promote);
  ASSERT_TRUE(c.reaches(Phase::Waiting));
  rest(c);
  EXPECT_EQ(share(c), 2500);
  c.policy = {};
  ASSERT_TRUE(c.run_until([&] { return c.state().traffic.reached == 5000; })) << c.state().message;
}

TEST(Gate, ways_back_never_wait) {
  for (const char* spec : {kCanary, kOptIn, kRolling, kRatio, kBlueGreen}) {
    ModelledCluster c(json(spec));
    ASSERT_TRUE(c.reaches(Phase::Idle));
    c.becomes_ready = [](const std::string& image) { return image != "shop/web:v3"; };
    c.set_image("v2");
    ASSERT_TRUE(c.run_until([&] { return c.state().history.at(0)["result"] == Value("Released"); })) << spec;
    c.set_image("v3");
    ASSERT_TRUE(c.reaches(Phase::Progressing));
    rest(c, 20);
    c.policy = stop();
    set_windows(c, json(R"([{"days":["Sun"]}])"));
    c.command(Verb::Abort);
    ASSERT_TRUE(c.reaches(Phase::RolledBack)) << spec << c.state().message;
    c.command(Verb::Undo);  // asks for v2 again, which is stable
    ASSERT_TRUE(c.reaches(Phase::Idle)) << spec;
    c.set_image("v1");  // by hand or by Git: it served before
    ASSERT_TRUE(c.run_until([&] { return c.state().stable->images == "web=shop/web:v1"; }))
        << spec << c.state().message;
    ASSERT_TRUE(c.reaches(Phase::Idle));
    EXPECT_EQ(c.pods_of("v1"), 4);
    c.set_image("v4");
    ASSERT_TRUE(c.reaches(Phase::Waiting)) << "forward waits";
  }
}

TEST(Gate, a_rolling_update_stops_in_the_middle_and_keeps_its_ratio_while_it_is_scaled) {
  ModelledCluster c(json(kRolling), 8);
  keep_watch(c);
  ASSERT_TRUE(c.reaches(Phase::Idle));
  c.set_image("v2");
  ASSERT_TRUE(c.run_until([&] { return c.pods_of("v2") == 4; }));
  c.policy = stop();
  rest(c);
  EXPECT_EQ(c.state().message, "all releases are stopped by ann: the shop burns");
  const std::int64_t there = c.pods_of("v2");
  EXPECT_LE(there, 4);
  for (const std::int64_t n : {16, 4, 8}) {
    c.set_replicas(n);
    rest(c);
    EXPECT_GE(c.pods_of("v1") + c.pods_of("v2"), n);
    EXPECT_LE(c.pods_of("v2") * 8, there * n + 8) << n;
  }
  c.policy = {};
  ASSERT_TRUE(c.reaches(Phase::Idle)) << c.state().message;
  EXPECT_EQ(c.pods_of("v2"), 8);
}

// On a cluster the second of the two writes was often refused, since the status of its ReplicaSet had changed
// meanwhile; the ratio was then taken from a size of now and one of before.
TEST(Gate, a_crash_between_the_two_sizes_leaves_the_ratio_as_it_was) {
  for (const int lost : {1, 2}) {
    ModelledCluster c(json(kRolling), 8);
    ASSERT_TRUE(c.reaches(Phase::Idle));
    c.set_image("v2");
    ASSERT_TRUE(c.run_until([&] { return c.pods_of("v2") == 3; }));
    c.policy = stop();
    rest(c);
    const std::int64_t there = c.pods_of("v2"), all = there + c.pods_of("v1");
    c.set_replicas(16);
    int effects = 0;
    c.crashes = [&] { return ++effects == lost; };
    rest(c);
    EXPECT_LE(c.pods_of("v2"), there * 16 / all) << "write " << lost << " was lost";
    EXPECT_GT(c.pods_of("v2"), 0);
    EXPECT_EQ(c.pods_of("v1") + c.pods_of("v2"), 16);
  }
}

TEST(Gate, a_person_overrides_for_this_release_and_the_next_one_waits_again) {
  ModelledCluster c(json(kCanary));
  ASSERT_TRUE(c.reaches(Phase::Idle));
  set_windows(c, json(R"([{"days":["Sun"]}])"));
  c.command(Verb::PromoteNow, "nothing to release");
  rest(c, 5);
  EXPECT_EQ(c.state().command.result, "refused: nothing is being released");
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::Waiting));
  c.command(Verb::Promote);
  rest(c, 5);
  EXPECT_EQ(c.state().command.result, "refused: no person is waited for: " + c.state().message);
  c.command(Verb::PromoteNow);
  rest(c, 5);
  EXPECT_EQ(c.state().command.result, "refused: say why the windows do not count this time");
  c.command(Verb::PromoteNow, "hotfix for #12");
  ASSERT_TRUE(c.reaches(Phase::Progressing));
  EXPECT_EQ(c.state().override_windows.by, "alice");
  EXPECT_EQ(c.state().override_windows.reason, "hotfix for #12");
  ASSERT_TRUE(c.reaches(Phase::Idle)) << c.state().message;
  EXPECT_EQ(c.pods_of("v2"), 4);
  EXPECT_FALSE(c.state().override_windows.at);
  c.set_image("v3");
  ASSERT_TRUE(c.reaches(Phase::Waiting));
  rest(c);
  EXPECT_EQ(c.pods_of("v3"), 0);
}

TEST(Gate, nobody_overrides_what_the_administrator_says) {
  ModelledCluster c(json(kCanary));
  keep_watch(c);
  ASSERT_TRUE(c.reaches(Phase::Idle));
  c.policy =
      json(R"({"metadata":{"name":"cluster"},"spec":{"windows":[{"name":"freeze","kind":"Deny","days":["Mon"]}]}})");
  c.set_image("v2");
  c.command(Verb::PromoteNow, "please");
  ASSERT_TRUE(c.reaches(Phase::Waiting));
  rest(c);
  EXPECT_EQ(c.state().message,
            "nothing is released in the window \"freeze\" (Mon 00:00-24:00 UTC) of the administrator; goes on at "
            "2026-11-24T00:00:00Z");
  c.policy = {};
  EXPECT_TRUE(c.reaches(Phase::Idle));
}

TEST(Gate, windows_that_open_no_more_are_told) {
  ModelledCluster c(json(kCanary));
  ASSERT_TRUE(c.reaches(Phase::Idle));
  set_windows(c, allowed(c, {{-20, -10}}));
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::Waiting));
  EXPECT_EQ(
      c.state().message,
      "waits for a window; none opens within a year: change spec.windows, or slipway promote web --now --reason WHY");
}

TEST(Gate, an_unknown_time_zone_is_invalid_and_names_the_field) {
  ModelledCluster c(json(kCanary));
  ASSERT_TRUE(c.reaches(Phase::Idle));
  set_windows(c, json(R"([{"timeZone":"Europe/Atlantis"}])"));
  ASSERT_TRUE(c.reaches(Phase::Invalid));
  EXPECT_NE(c.state().message.find("spec.windows[0].timeZone"), std::string::npos) << c.state().message;
}

TEST(Gate, the_invariant_catches_who_ignores_windows) {
  const control::PlantedMutant mistake(Mutant::IgnoreWindows);
  for (const char* spec : {kCanary, kOptIn, kRolling, kRatio, kBlueGreen}) {
    ModelledCluster c(json(spec));
    ASSERT_TRUE(c.reaches(Phase::Idle));
    std::set<std::string> caught;
    c.watch = [&](const Observation& o, const control::Decision& decision) {
      const auto plan = plan::compile(o.release, plan::gateway_capabilities());
      if (const std::string wrong = invariants::forward_while_closed({o, *plan}, decision, c.now()); !wrong.empty())
        caught.insert(wrong.substr(0, 13));
    };
    c.policy = stop();
    c.set_image("v2");
    rest(c, 400);
    EXPECT_TRUE(caught.contains("the release o")) << spec;
    EXPECT_TRUE(caught.contains("the candidate")) << spec;
  }
}

// Windows that open and close at any moment, crashes between any two effects, lost pods, scaling: nothing goes forward
// while closed, and the release comes to its end.
RC_GTEST_PROP(GateProperty, nothing_goes_forward_while_closed, ()) {
  const char* spec = *rc::gen::element(kCanary, kOptIn, kRolling, kRatio, kBlueGreen);
  const bool good = *rc::gen::arbitrary<bool>();
  std::mt19937 random(*rc::gen::inRange<std::uint32_t>(0, 1'000'000));
  ModelledCluster c(json(spec));
  RC_ASSERT(c.reaches(Phase::Idle));
  Value windows = Value::array();
  double from = 0;
  for (int i = 0; i < 12; ++i) {
    from += 0.5 + random() % 80 / 10.0;
    const double to = from + 0.3 + random() % 60 / 10.0;
    for (const Value& w : allowed(c, {{from, to}}).items()) windows.push_back(w);
    from = to;
  }
  for (const Value& w : allowed(c, {{from + 30, from + 9000}}).items()) windows.push_back(w);
  set_windows(c, windows);
  c.becomes_ready = [&](const std::string& image) { return good || image != "shop/web:v2"; };
  c.crashes = [&] { return random() % 5 == 0; };
  std::string wrong;
  int crashes = 0;
  c.watch = [&](const Observation& o, const control::Decision& decision) {
    const auto plan = plan::compile(o.release, plan::gateway_capabilities());
    if (plan && wrong.empty()) wrong = invariants::forward_while_closed({o, *plan}, decision, c.now());
  };
  c.set_image("v2");
  const auto ended = [&] { return c.state().history.at(0)["result"] == Value(good ? "Released" : "RolledBack"); };
  RC_ASSERT(c.run_until(
      [&] {
        if (random() % 100 == 0) c.set_replicas(3 + random() % 4);
        if (random() % 100 == 0 && good && ++crashes <= 2) c.crash_pod("v2");
        return ended() || !wrong.empty();
      },
      12'000));
  RC_ASSERT(wrong == "");
}

}  // namespace
}  // namespace slipway::delivery
