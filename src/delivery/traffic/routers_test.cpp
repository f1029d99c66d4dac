// Every back end through the whole of a release, in a modelled cluster: forward, back, crashed, disturbed, taken away.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <random>

#include "api/meta.h"
#include "control/mutants.h"
#include "data/json.h"
#include "delivery/commands.h"
#include "delivery/decide/modelled_cluster.h"
#include "delivery/scaling.h"

namespace slipway::delivery {
namespace {

using data::Value;

struct Setup {
  const char* name;
  const char* traffic;
  const char* route;      // "" for none of its own
  const char* companion;  // "" for none before the first split
  const char* other;      // a merge patch by which somebody else takes the split away
  bool whole = false;     // all or nothing
};

constexpr const char* kVirtualService =
    R"({"apiVersion":"networking.istio.io/v1","kind":"VirtualService",
    "metadata":{"name":"shop","namespace":"shop","uid":"uid-route","generation":1,"resourceVersion":"1"},
    "spec":{"hosts":["web"],"http":[
      {"name":"api","match":[{"uri":{"prefix":"/api"}}],"route":[{"destination":{"host":"web.shop.svc.cluster.local","port":{"number":80}},"headers":{"request":{"set":{"x":"y"}}}}]},
      {"route":[{"destination":{"host":"docs"}}],"match":[{"uri":{"prefix":"/docs"}}]},
      {"route":[{"destination":{"host":"web"},"weight":100}],"timeout":"5s"}]}})";
constexpr const char* kPlainAgain = R"({"spec":{"http":[{"route":[{"destination":{"host":"web"}}]}]}})";

const Setup kSetups[] = {
    {"service", R"({"kind":"Service","service":"web"})", "", "",
     R"({"spec":{"selector":{"pod-template-hash":"somebody"}}})", true},
    {"istio_by_host", R"({"kind":"VirtualService","route":"shop","service":"web"})", kVirtualService, "", kPlainAgain},
    {"istio_by_subset", R"({"kind":"VirtualService","route":"shop","service":"web","destinationRule":"web"})",
     kVirtualService,
     R"({"apiVersion":"networking.istio.io/v1","kind":"DestinationRule",
      "metadata":{"name":"web","namespace":"shop","uid":"uid-rule","generation":1,"resourceVersion":"1"},
      "spec":{"host":"web","subsets":[{"name":"eu","labels":{"region":"eu"}}]}})",
     kPlainAgain},
    {"ingress_nginx", R"({"kind":"Ingress","route":"shop","service":"web"})",
     R"({"metadata":{"name":"shop","namespace":"shop","uid":"uid-route","generation":1,"resourceVersion":"1"},
      "spec":{"ingressClassName":"nginx","tls":[{"hosts":["shop.example"],"secretName":"shop"}],"rules":[{"host":"shop.example","http":{"paths":[
        {"path":"/docs","pathType":"Prefix","backend":{"service":{"name":"docs","port":{"number":80}}}},
        {"path":"/","pathType":"Prefix","backend":{"service":{"name":"web","port":{"number":80}}}}]}}]}})",
     "",
     R"({"spec":{"rules":[{"host":"shop.example","http":{"paths":[{"path":"/","pathType":"Prefix","backend":{"service":{"name":"web","port":{"number":80}}}}]}}]}})"},
    {"traefik_service", R"({"kind":"TraefikService","route":"shop","service":"web"})",
     R"({"metadata":{"name":"shop","namespace":"shop","uid":"uid-route","generation":1,"resourceVersion":"1"},
      "spec":{"weighted":{"services":[{"name":"web","port":80}],"sticky":{"cookie":{"name":"v"}}}}})",
     "", R"({"spec":{"weighted":{"services":[{"name":"web","port":80}]}}})"},
    {"ingress_route", R"({"kind":"IngressRoute","route":"shop","service":"web"})",
     R"({"metadata":{"name":"shop","namespace":"shop","uid":"uid-route","generation":1,"resourceVersion":"1"},
      "spec":{"routes":[{"match":"PathPrefix","kind":"Rule","services":[{"name":"docs","port":80}]},
        {"match":"Host","kind":"Rule","middlewares":[{"name":"m"}],"services":[{"name":"web","port":80}]}]}})",
     "", R"({"spec":{"routes":[{"match":"x","services":[{"name":"web","port":80}]}]}})"}};

Value from_text(const char* text) { return *text ? json(text) : Value(); }

Value release_with(const Setup& s, const char* steps, const char* whole_steps) {
  Value spec = json(R"({"target":{"name":"web"},"deadline":"60s","rollback":{"verifyTimeout":"60s"}})");
  spec.set("traffic", json(s.traffic));
  spec.set({"strategy", "canary", "steps"}, json(s.whole ? whole_steps : steps));
  return spec;
}

struct World : ModelledCluster {
  explicit World(const Setup& s, const char* steps = R"([{"weight":5.5},{"weight":50},{"pause":{"duration":"3s"}}])",
                 const char* whole_steps = R"([{"weight":100},{"pause":{"duration":"3s"}}])")
      : ModelledCluster(release_with(s, steps, whole_steps), 4, from_text(s.route), from_text(s.companion)),
        setup(s),
        first(route()["spec"]),
        first_companion(companion()["spec"]) {
    watch = [this](const Observation& o, const control::Decision&) { look(o); };
  }

  // Traffic goes only where ready pods are, and, forward, only as much as they can carry.
  void look(const Observation& o) {
    const RouteView now = view();
    const State s = state();
    const Version* candidate = s.candidate ? o.find(s.candidate->hash) : nullptr;
    const std::int64_t ready = candidate ? candidate->ready : 0;
    if (now.shape != RouteView::Shape::Split) return void(seen = {});
    highest = std::max(highest, now.candidate);
    if (now.candidate > seen && ready < pods_for(now.candidate, o.replicas())) ++broken;
    seen = now.candidate;
  }
  // Nothing of ours is left in what the user owns.
  bool is_plain() const {
    Value expected = first;
    if (expected.has("http")) {  // a lone destination needs no weight
      Value last = expected["http"].at(2);
      Value ref = last["route"].at(0);
      ref.erase("weight");
      Value rules = Value::array({expected["http"].at(0), expected["http"].at(1)});
      rules.push_back(last.with("route", Value::array({ref})));
      expected.set("http", rules);
    }
    return route()["spec"] == expected && companion()["spec"] == first_companion;
  }

  const Setup& setup;
  Value first, first_companion;
  plan::Share seen = {}, highest = {};
  int broken = 0;
};

class Routers : public testing::TestWithParam<Setup> {};
INSTANTIATE_TEST_SUITE_P(Every, Routers, testing::ValuesIn(kSetups),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_P(Routers, a_good_version_goes_through_and_the_route_is_as_it_was) {
  World c(GetParam());
  ASSERT_TRUE(c.reaches(Phase::Idle)) << c.state().message;
  EXPECT_EQ(c.route()["spec"], c.first);
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::Progressing));
  ASSERT_TRUE(c.reaches(Phase::Idle)) << c.state().message;
  EXPECT_EQ(c.highest, plan::kWhole);
  EXPECT_EQ(c.broken, 0);
  EXPECT_EQ(c.pods_of("v2"), 4);
  EXPECT_EQ(c.pods_of("v1"), 0);
  EXPECT_EQ(c.owner_of("v2"), "Deployment");
  EXPECT_TRUE(c.is_plain()) << data::to_json(c.route()["spec"]) << data::to_json(c.companion());
  const auto writes = c.writes() + c.status_writes();
  for (int i = 0; i < 50; ++i) c.turn(base::seconds(7));
  EXPECT_EQ(c.writes() + c.status_writes(), writes) << "a resting Release writes nothing";
}

// Did a step that gives traffic end before what was written could be in force?
bool goes_on_too_early(const Setup& setup) {
  World c(setup);
  if (!c.reaches(Phase::Idle)) return false;
  const base::Duration settle =
      plan::capabilities_of(*plan::router_kind_of(c.release()["spec"]["traffic"]["kind"].as_string())).settle;
  c.set_image("v2");
  std::optional<base::Time> written;
  bool early = false;
  c.reaches(Phase::Progressing);
  c.run_until([&] {
    if (c.view().candidate > plan::kNone && !written) written = c.now();
    if (c.state().traffic.reached > 0 && written && !early) early = c.now() < *written + settle;
    return c.state().phase == Phase::Idle || c.state().traffic.reached > 0;
  });
  return early;
}

TEST_P(Routers, what_is_written_is_not_believed_before_it_can_be_in_force) {
  EXPECT_FALSE(goes_on_too_early(GetParam()));
  if (GetParam().whole) return;  // reads back, and has nothing to wait for
  const control::PlantedMutant planted(control::Mutant::SkipVerification);
  EXPECT_TRUE(goes_on_too_early(GetParam())) << "the check can fail";
}

TEST_P(Routers, an_abort_goes_back_and_says_what_could_not_be_told) {
  World c(GetParam(), R"([{"weight":25},{"pause":{}}])", R"([{"weight":100},{"pause":{}}])");
  ASSERT_TRUE(c.reaches(Phase::Idle));
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::Paused)) << c.state().message;
  EXPECT_EQ(c.view().candidate, (GetParam().whole ? plan::kWhole : plan::Share{2500}));
  c.patch_release(command_patch({.id = "a", .verb = Verb::Abort}));
  ASSERT_TRUE(c.reaches(Phase::RolledBack)) << c.state().message;
  EXPECT_EQ(c.pods_of("v1"), 4);
  EXPECT_EQ(c.pods_of("v2"), 0);
  EXPECT_TRUE(c.is_plain()) << data::to_json(c.route()["spec"]);
  const Retreat last = *c.state().last_rollback;
  EXPECT_EQ(last.verification.state, CheckState::Passed);
  for (const Check& check : last.verification.checks) {
    if (check.name == "sessions" || check.name == "requests") EXPECT_EQ(check.state, CheckState::Skipped) << check.name;
    if (check.name == "traffic" && !GetParam().whole) EXPECT_EQ(check.state, CheckState::Skipped) << check.message;
  }
}

TEST_P(Routers, somebody_who_takes_the_split_away_is_answered) {
  World c(GetParam(), R"([{"weight":25},{"pause":{}}])", R"([{"weight":100},{"pause":{}}])");
  ASSERT_TRUE(c.reaches(Phase::Idle));
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::Paused));
  const plan::Share reached = c.view().candidate;
  c.patch_route(json(GetParam().other));
  ASSERT_TRUE(c.run_until([&] { return c.view().uniform && c.view().candidate == reached; }, 200)) << c.state().message;
  EXPECT_EQ(c.state().traffic.taken, 1);
}

TEST_P(Routers, deleting_in_the_middle_leaves_nothing_behind) {
  World c(GetParam(), R"([{"weight":25},{"pause":{}}])", R"([{"weight":100},{"pause":{}}])");
  ASSERT_TRUE(c.reaches(Phase::Idle));
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::Paused));
  c.delete_release();
  ASSERT_TRUE(c.run_until([&] { return c.release_is_gone(); })) << c.state().message;
  EXPECT_EQ(c.pods_of("v1"), 4);
  EXPECT_EQ(c.pods_of("v2"), 0);
  EXPECT_FALSE(c.has_service("web-stable") || c.has_service("web-canary"));
}

TEST_P(Routers, a_router_that_the_cluster_does_not_know_is_said_at_once) {
  World c(GetParam());
  c.router_missing = "this cluster does not know it";
  ASSERT_TRUE(c.reaches(Phase::Invalid));
  EXPECT_NE(c.state().message.find(GetParam().whole ? "Service web" : " shop"), std::string::npos);
  c.router_missing.clear();
  ASSERT_TRUE(c.reaches(Phase::Idle)) << "once it is there it goes on";
}

// Paused with a share; then the candidate's pods stop being ready.
int broken_without_pods(const Setup& setup) {
  World c(setup, R"([{"weight":25},{"pause":{}}])", R"([{"weight":100},{"pause":{}}])");
  if (!c.reaches(Phase::Idle)) return -1;
  c.set_image("v2");
  if (!c.reaches(Phase::Paused)) return -1;
  c.becomes_ready = [](const std::string& image) { return image != "shop/web:v2"; };
  c.run_until([&] { return c.broken > 0; }, 300);
  EXPECT_TRUE(c.broken > 0 || c.view().candidate == plan::kNone) << "its traffic is taken away";
  return c.broken;
}

TEST_P(Routers, pods_that_are_not_ready_get_no_traffic) {
  EXPECT_EQ(broken_without_pods(GetParam()), 0);
  const control::PlantedMutant planted(control::Mutant::WeightWithoutCapacity);
  EXPECT_GT(broken_without_pods(GetParam()), 0) << "the check can fail";
}

constexpr const char* kOptIn =
    R"([{"match":{"any":[{"headers":[{"name":"x-staff","value":"yes"}]}]}},{"pause":{}},{"weight":25},{"pause":{}}])";

bool has_audiences(const Setup& setup) {
  return plan::capabilities_of(*plan::router_kind_of(json(setup.traffic)["kind"].as_string())).header_match;
}

// By a router that matches no headers.
void expect_refused(const Setup& setup) {
  World c(setup, kOptIn, kOptIn);
  ASSERT_TRUE(c.reaches(Phase::Invalid)) << c.state().message;
  EXPECT_NE(c.state().message.find("steps[0].match"), std::string::npos) << c.state().message;
}

TEST_P(Routers, an_opt_in_is_kept_while_the_weight_grows_and_goes_at_the_end) {
  if (!has_audiences(GetParam())) return expect_refused(GetParam());
  World c(GetParam(), kOptIn);
  ASSERT_TRUE(c.reaches(Phase::Idle));
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::Paused)) << c.state().message;
  EXPECT_TRUE(c.view().audience == plan::kWhole && c.view().candidate == plan::kNone);
  EXPECT_EQ(c.pods_of("v2"), 1) << "an audience needs a pod";
  c.patch_route(json(GetParam().other));
  ASSERT_TRUE(c.run_until([&] { return c.view().audience == plan::kWhole && c.view().uniform; }, 300))
      << c.state().message;
  c.patch_release(command_patch({.id = "a", .verb = Verb::Promote}));
  ASSERT_TRUE(c.run_until([&] { return c.state().phase == Phase::Paused && c.state().traffic.reached == 2500; }))
      << c.state().message;
  EXPECT_EQ(c.view().audience, plan::kWhole);
  c.patch_release(command_patch({.id = "b", .verb = Verb::Promote}));
  ASSERT_TRUE(c.reaches(Phase::Idle)) << c.state().message;
  EXPECT_EQ(c.broken, 0);
  EXPECT_EQ(c.pods_of("v2"), 4);
  EXPECT_EQ(c.view().shape, RouteView::Shape::Plain);
}

TEST_P(Routers, an_abort_takes_the_opt_in_away_first) {
  if (!has_audiences(GetParam())) return expect_refused(GetParam());
  World c(GetParam(), kOptIn);
  ASSERT_TRUE(c.reaches(Phase::Idle));
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::Paused));
  int unready_with_audience = 0;
  c.watch = [&](const Observation& o, const control::Decision&) {
    const State s = c.state();
    const Version* v = s.retreat ? o.find(s.retreat->from.hash) : nullptr;
    unready_with_audience += s.retreat && (!v || v->spec == 0) && c.view().gives_candidate();
  };
  c.patch_release(command_patch({.id = "a", .verb = Verb::Abort}));
  ASSERT_TRUE(c.reaches(Phase::RolledBack)) << c.state().message;
  EXPECT_EQ(unready_with_audience, 0);
  EXPECT_TRUE(c.is_plain()) << data::to_json(c.route()["spec"]);
}

// A mirror alone gives the candidate no share: it has to be taken away all the same, before the pods go.
TEST(Mirrors, an_abort_ends_a_mirror_while_nobody_has_the_candidate) {
  World c(kSetups[1], R"([{"mirror":{"percent":10}},{"pause":{}}])");
  ASSERT_TRUE(c.reaches(Phase::Idle));
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::Paused)) << c.state().message;
  const auto is_mirrored = [&] { return c.route()["spec"]["http"].at(0).has("mirror"); };
  ASSERT_TRUE(is_mirrored());
  int without_pods = 0;
  c.watch = [&](const Observation& o, const control::Decision&) {
    const State s = c.state();
    const Version* v = s.retreat ? o.find(s.retreat->from.hash) : nullptr;
    without_pods += v && v->spec == 0 && is_mirrored();
  };
  c.patch_release(command_patch({.id = "a", .verb = Verb::Abort}));
  ASSERT_TRUE(c.reaches(Phase::RolledBack)) << c.state().message;
  EXPECT_EQ(without_pods, 0);
  EXPECT_TRUE(c.is_plain()) << data::to_json(c.route()["spec"]);
}

TEST_P(Routers, an_audience_without_a_ready_pod_goes_back_until_one_is_there) {
  if (!has_audiences(GetParam())) return expect_refused(GetParam());
  World c(GetParam(), kOptIn);
  ASSERT_TRUE(c.reaches(Phase::Idle));
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::Paused));
  c.becomes_ready = [](const std::string& image) { return image != "shop/web:v2"; };
  ASSERT_TRUE(c.run_until([&] { return !c.view().gives_candidate(); }, 300)) << c.state().message;
  c.becomes_ready = [](const std::string&) { return true; };
  ASSERT_TRUE(c.run_until([&] { return c.view().audience == plan::kWhole; }, 300)) << c.state().message;
}

RC_GTEST_PROP(Routers, any_crash_leads_to_the_same_end, ()) {
  const Setup& setup = *rc::gen::elementOf(std::vector<Setup>(std::begin(kSetups), std::end(kSetups)));
  const auto seed = *rc::gen::inRange<std::uint32_t>(0, 1'000'000);
  const bool good = *rc::gen::arbitrary<bool>();
  std::mt19937 random(seed);
  World c(setup);
  RC_ASSERT(c.reaches(Phase::Idle));
  c.crashes = [&] { return random() % 4 == 0; };
  c.becomes_ready = [&](const std::string& image) { return good || image != "shop/web:v2"; };
  c.set_image("v2");
  RC_ASSERT(
      c.run_until([&] { return c.state().history.at(0)["result"] == Value(good ? "Released" : "RolledBack"); }, 6000));
  RC_ASSERT(c.broken == 0);
  RC_ASSERT(c.pods_of(good ? "v2" : "v1") == 4);
  RC_ASSERT(c.is_plain());
}

}  // namespace
}  // namespace slipway::delivery
