// StatefulSets and DaemonSets, against a model of their controllers: it makes and replaces pods by the rules that
// decide/in_place.h names. The controllers themselves are met in the scenarios (tests/scenario).
#include "delivery/decide/in_place.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <random>

#include "api/meta.h"
#include "api/resource.h"
#include "control/pod_template.h"
#include "data/patch.h"
#include "delivery/commands.h"
#include "delivery/decide/decide.h"
#include "delivery/decide/modelled_cluster.h"
#include "delivery/names.h"
#include "delivery/observe_in_place.h"

namespace slipway::delivery {
namespace {

using data::Value;
using plan::WorkloadKind;

class ModelledSet {
 public:
  ModelledSet(WorkloadKind kind, const std::string& strategy, std::int64_t replicas = 5)
      : kind_(kind), nodes_(replicas), now_(*base::parse_time("2026-11-23T12:00:00Z")) {
    release_ = json(
        R"({"metadata":{"name":"db","namespace":"shop","uid":"uid-release","generation":1,"resourceVersion":"1"}})");
    release_.set("spec", json(fmt::format(R"({{"target":{{"kind":"{}","name":"db"}},"strategy":{}}})",
                                          plan::to_text(kind), strategy)));
    set_ = json(R"({"metadata":{"name":"db","namespace":"shop","uid":"uid-db","generation":1,"resourceVersion":"1"},
      "spec":{"template":{"metadata":{"labels":{"app":"db"}},"spec":{"containers":[{"name":"db","image":"db:v1"}]}}}})");
    if (is_stateful()) set_.set({"spec", "replicas"}, replicas);
    set_.set({"spec", "updateStrategy"}, own_strategy());
    for (int i = 0; i < 40; ++i) run_controller(), now_ += base::seconds(1);
  }

  // --- what users do
  void set_image(const std::string& tag) {
    set_.set({"spec", "template", "spec", "containers"},
             Value::array({Value::object({{"name", "db"}, {"image", "db:" + tag}})}));
    bump_spec();
  }
  void scale(std::int64_t n) {
    nodes_ = n;
    if (!is_stateful()) return;
    set_.set({"spec", "replicas"}, n);
    bump_spec();
  }
  void evict(std::int64_t place) {
    std::erase_if(pods_, [&](const Pod& p) { return p.place == place; });
  }
  void command(Verb verb) {
    release_ = data::apply_merge_patch(release_,
                                       command_patch({.id = std::to_string(++commands_), .verb = verb, .by = "alice"}));
  }
  void delete_release() { release_.set({"metadata", "deletionTimestamp"}, base::format_time(now_)); }
  void patch_release(std::string_view merge_patch) { release_ = data::apply_merge_patch(release_, json(merge_patch)); }
  Value policy = {};

  // --- how the world behaves
  std::function<bool(const std::string& tag)> becomes_ready = [](const std::string&) { return true; };
  std::function<bool()> crashes = [] { return false; };
  std::function<void(const Observation&, const control::Decision&)> watch = [](const auto&, const auto&) {};

  void turn() {
    if (!release_.is_null()) {
      const Observation o = observe();
      const control::Decision decision = decide(o, plan::gateway_capabilities(), now_);
      watch(o, decision);
      bool complete = true;
      for (const control::Effect& effect : decision.effects)
        if (complete) complete = !crashes() && carry_out(effect);
      if (complete && !release_.is_null() && !decision.status.is_null() && !crashes()) {
        writes_ += decision.status != release_["status"];
        release_.set("status", decision.status);
      }
    }
    run_controller();
    now_ += base::milliseconds(250);
  }
  bool run_until(const std::function<bool()>& done, int turns = 4000) {
    for (int i = 0; i < turns && !done(); ++i) turn();
    return done();
  }
  bool reaches(Phase phase) {
    return run_until([&] { return state().phase == phase; });
  }

  State state() const { return read_state(release_["status"]); }
  bool release_is_gone() const { return release_.is_null(); }
  const Value& set() const { return set_; }
  std::string image() const { return set_["spec"]["template"]["spec"]["containers"].at(0)["image"].str(); }
  std::int64_t pods_of(const std::string& tag) const {
    return std::ranges::count_if(pods_, [&](const Pod& p) { return !p.stopping && tag_of(p.hash) == tag; });
  }
  std::int64_t available() const {
    return std::ranges::count_if(pods_, [&](const Pod& p) { return is_ready(p); });
  }
  std::string tag_at(std::int64_t place) const {
    for (const Pod& p : pods_)
      if (p.place == place) return tag_of(p.hash);
    return "";
  }
  bool is_own_strategy() const {
    return set_["spec"]["updateStrategy"] == own_strategy() && !set_["metadata"]["annotations"].has(kHeldAnnotation);
  }
  std::int64_t writes() const { return writes_; }

  Observation observe() const {
    Observation o{.release = release_, .workload = set_, .kind = kind_, .policy = policy};
    for (const auto& [hash, r] : revisions_)
      o.versions.push_back({.rs = r, .name = "db-" + hash, .hash = hash, .owner = Owner::Deployment});
    for (const Pod& p : pods_) {
      PlacedPod placed{.name = fmt::format("db-{}", p.place),
                       .uid = p.uid,
                       .hash = p.hash,
                       .ordinal = is_stateful() ? p.place : -1,
                       .stopping = p.stopping,
                       .available = is_ready(p)};
      Version& v = *std::ranges::find(o.versions, p.hash, &Version::hash);
      ++v.remaining;
      if (!p.stopping) ++v.pods, v.ready += is_ready(p), v.available += is_ready(p);
      v.spec = v.pods;
      o.placed.push_back(std::move(placed));
    }
    std::ranges::sort(o.placed, {}, [](const PlacedPod& p) { return std::pair(p.ordinal, p.name); });
    for (const auto& [hash, kept] : kept_) {
      const bool read = read_.contains(revision_fact(release_, hash));
      o.kept[hash] = {.object = kept.without("data"), .pod_template = read ? kept["data"]["template"] : Value()};
    }
    return o;
  }

 private:
  struct Pod {
    std::int64_t place;
    std::string hash, uid;
    base::Time born;
    bool stopping = false;
  };

  bool is_stateful() const { return kind_ == WorkloadKind::StatefulSet; }
  Value own_strategy() const {
    return is_stateful() ? json(R"({"type":"RollingUpdate","rollingUpdate":{"partition":0}})")
                         : json(R"({"type":"RollingUpdate","rollingUpdate":{"maxUnavailable":2,"maxSurge":0}})");
  }
  std::string tag_of(const std::string& hash) const {
    return revisions_.at(hash)["data"]["spec"]["template"]["spec"]["containers"].at(0)["image"].str().substr(3);
  }
  bool is_ready(const Pod& p) const {
    return !p.stopping && now_ >= p.born + base::seconds(1) && becomes_ready(tag_of(p.hash));
  }
  void bump() { set_.set({"metadata", "resourceVersion"}, std::to_string(++versions_)); }
  void bump_spec() {
    set_.set({"metadata", "generation"}, api::generation_of(set_) + 1);
    bump();
  }

  // --- effects
  bool carry_out(const control::Effect& effect) {
    if (const auto* apply = std::get_if<control::Apply>(&effect)) return carry_out(*apply);
    if (const auto* patch = std::get_if<control::Patch>(&effect)) return carry_out(*patch);
    if (const auto* gone = std::get_if<control::Delete>(&effect)) return carry_out(*gone);
    if (const auto* create = std::get_if<control::Create>(&effect)) {
      kept_[std::string(api::label(create->object, control::kTemplateHashLabel))] = create->object;
      return true;
    }
    if (const auto* ask = std::get_if<control::Ask>(&effect)) read_.insert(ask->id);
    if (const auto* forget = std::get_if<control::Forget>(&effect)) read_.erase(forget->id);
    return true;
  }

  // Server-side apply, as far as it matters here: what was applied before and is not any more goes.
  bool carry_out(const control::Apply& apply) {
    Value annotations = set_["metadata"]["annotations"].is_object() ? set_["metadata"]["annotations"] : Value::object();
    for (const auto key : {kHeldAnnotation, kUpdateStrategyAnnotation, kLeftPausedAnnotation}) annotations.erase(key);
    for (const data::Member& m : apply.object["metadata"]["annotations"].members())
      annotations.set(m.key.view(), m.value);
    set_.set({"metadata", "annotations"}, annotations);
    const Value& strategy = apply.object["spec"]["updateStrategy"];
    Value now = set_["spec"]["updateStrategy"];
    if (strategy.is_object()) now = data::apply_merge_patch(now, strategy);
    if (now != set_["spec"]["updateStrategy"]) {
      set_.set({"spec", "updateStrategy"}, now);
      bump_spec();
    }
    bump();
    return true;
  }

  bool carry_out(const control::Patch& patch) {
    if (patch.resource == api::kReleases) {
      release_ = data::apply_merge_patch(release_, patch.body);
      if (api::is_deleting(release_) && release_["metadata"]["finalizers"].size() == 0) release_ = {};
      return true;
    }
    if (!patch.version.empty() && patch.version != set_["metadata"]["resourceVersion"].as_string()) return false;
    const Value spec = set_["spec"];
    set_ = data::apply_merge_patch(set_, patch.body);
    spec != set_["spec"] ? bump_spec() : bump();
    return true;
  }

  bool carry_out(const control::Delete& gone) {
    for (Pod& p : pods_)
      if (p.uid == gone.uid) p.stopping = true;
    return true;
  }

  // --- the workload's controller
  void run_controller() {
    std::erase_if(pods_, [](const Pod& p) { return p.stopping; });
    note_revision();
    is_stateful() ? run_stateful() : run_daemons();
    set_.set({"status", "observedGeneration"}, api::generation_of(set_));
  }

  void note_revision() {
    const Value& wanted = set_["spec"]["template"];
    update_ = control::template_hash(wanted);
    std::int64_t newest = 0;
    for (const auto& [hash, r] : revisions_) newest = std::max(newest, r["revision"].as_int());
    if (revisions_.contains(update_) && revisions_[update_]["revision"].as_int() == newest) return;
    revisions_[update_] =
        Value::object({{"metadata", Value::object({{"name", "db-" + update_}, {"namespace", "shop"}})},
                       {"revision", newest + 1},
                       {"data", Value::object({{"spec", Value::object({{"template", wanted}})}})}});
  }

  Pod* at(std::int64_t place) {
    for (Pod& p : pods_)
      if (p.place == place) return &p;
    return nullptr;
  }

  void run_stateful() {
    if (current_.empty()) current_ = update_;
    sync_stateful();
    const auto n = set_["spec"]["replicas"].as_int();
    const auto updated = std::ranges::count_if(pods_, [&](const Pod& p) { return !p.stopping && p.hash == update_; });
    if (updated == n && available() == n && std::ssize(pods_) == n) current_ = update_;
    set_.set({"status", "currentRevision"}, "db-" + current_);
    set_.set({"status", "updateRevision"}, "db-" + update_);
  }

  void sync_stateful() {
    const auto n = set_["spec"]["replicas"].as_int();
    const std::int64_t partition = set_["spec"]["updateStrategy"]["rollingUpdate"]["partition"].as_int();
    for (std::int64_t i = 0; i < n; ++i) {
      Pod* pod = at(i);
      if (!pod) return pods_.push_back({i, i < partition ? current_ : update_, fmt::format("uid-{}", ++uids_), now_});
      if (!is_ready(*pod)) return;
    }
    std::int64_t last = -1;
    for (const Pod& p : pods_) last = std::max(last, p.place);
    if (last >= n) return void(at(last)->stopping = true);
    for (std::int64_t i = n - 1; i >= partition; --i) {
      if (at(i)->hash != update_) return void(at(i)->stopping = true);
      if (!is_ready(*at(i))) return;
    }
  }

  void run_daemons() {
    std::erase_if(pods_, [&](const Pod& p) { return p.place >= nodes_; });
    for (std::int64_t i = 0; i < nodes_; ++i)
      if (!at(i)) pods_.push_back({i, update_, fmt::format("uid-{}", ++uids_), now_});
    set_.set({"status", "desiredNumberScheduled"}, nodes_);
    if (set_["spec"]["updateStrategy"]["type"].as_string() != "RollingUpdate") return;
    for (Pod& p : pods_)
      if (p.hash != update_ && available() >= nodes_ - 1) p.stopping = true;
  }

  WorkloadKind kind_;
  std::int64_t nodes_;
  base::Time now_;
  Value release_, set_;
  std::map<std::string, Value> revisions_, kept_;
  std::set<std::string> read_;
  std::vector<Pod> pods_;
  std::string current_, update_;
  std::int64_t versions_ = 100, uids_ = 0, commands_ = 0, writes_ = 0;
};

constexpr const char* kBatches =
    R"({"rolling":{"batches":[{"replicas":1,"approve":true},{"percent":60,"approve":true}]}})";
constexpr const char* kPlain = R"({"rolling":{"bake":"5s"}})";
constexpr WorkloadKind kBoth[] = {WorkloadKind::StatefulSet, WorkloadKind::DaemonSet};

bool adopted(ModelledSet& c) {
  return c.reaches(Phase::Idle) && c.set()["metadata"]["annotations"].has(kHeldAnnotation);
}

bool released(ModelledSet& c, const std::string& tag) {
  return c.run_until([&] {
    return c.state().phase == Phase::Idle && c.state().history.at(0)["result"] == Value("Released") &&
           c.pods_of(tag) == 5;
  });
}

TEST(InPlace, a_good_version_comes_in_batches) {
  for (const WorkloadKind kind : kBoth) {
    ModelledSet c(kind, kBatches);
    ASSERT_TRUE(adopted(c));
    c.set_image("v2");
    ASSERT_TRUE(c.reaches(Phase::Paused)) << c.state().message;
    EXPECT_EQ(c.pods_of("v2"), 1);
    if (kind == WorkloadKind::StatefulSet) EXPECT_EQ(c.tag_at(4), "v2") << "from the last one on";
    for (int i = 0; i < 100; ++i) c.turn();
    EXPECT_EQ(c.pods_of("v2"), 1) << "nothing more without a person";
    c.command(Verb::Promote);
    ASSERT_TRUE(c.run_until([&] { return c.state().phase == Phase::Paused && c.state().user_step == 1; }));
    EXPECT_EQ(c.pods_of("v2"), 3);
    c.command(Verb::Promote);
    ASSERT_TRUE(released(c, "v2")) << c.state().message;
    EXPECT_EQ(c.state().stable->number, 2);
    const auto writes = c.writes();
    for (int i = 0; i < 100; ++i) c.turn();
    EXPECT_EQ(c.writes(), writes) << "at rest nothing is written";
  }
}

TEST(InPlace, pods_are_taken_within_the_budget) {
  for (const WorkloadKind kind : kBoth) {
    ModelledSet c(kind, kPlain);
    ASSERT_TRUE(adopted(c));
    std::int64_t least = 5;
    c.watch = [&](const auto&, const auto&) { least = std::min(least, c.available()); };
    c.set_image("v2");
    ASSERT_TRUE(released(c, "v2")) << c.state().message;
    EXPECT_EQ(least, kind == WorkloadKind::StatefulSet ? 4 : 3);
  }
}

TEST(InPlace, a_version_that_never_gets_ready_goes_back) {
  for (const WorkloadKind kind : kBoth) {
    ModelledSet c(kind, R"({"rolling":{"batches":[{"replicas":2}]}})");
    ASSERT_TRUE(adopted(c));
    c.patch_release(R"({"spec":{"deadline":"20s"}})");
    c.becomes_ready = [](const std::string& tag) { return tag != "v2"; };
    c.set_image("v2");
    ASSERT_TRUE(c.reaches(Phase::RolledBack)) << c.state().message;
    EXPECT_EQ(c.pods_of("v1"), 5);
    EXPECT_EQ(c.available(), 5);
    EXPECT_EQ(c.state().last_rollback->cause, Cause::Deadline);
    EXPECT_EQ(c.state().last_rollback->verification.state, CheckState::Passed);
    const bool edited = kind == WorkloadKind::DaemonSet;
    EXPECT_EQ(c.image(), edited ? "db:v1" : "db:v2") << "a StatefulSet's template stays the user's";
    EXPECT_EQ(c.state().rejected->restored, edited);
    for (int i = 0; i < 100; ++i) c.turn();
    EXPECT_EQ(c.state().phase, Phase::RolledBack);
    c.set_image("v2");  // as a tool does that knows better
    for (int i = 0; i < 100; ++i) c.turn();
    EXPECT_EQ(c.state().phase, Phase::RolledBack) << c.state().message;
    EXPECT_EQ(c.pods_of("v1"), 5);
    c.set_image("v3");
    ASSERT_TRUE(released(c, "v3")) << c.state().message;
  }
}

// The StatefulSet counts the new version as its current one by then, and knows no way back by itself.
TEST(InPlace, going_back_when_every_pod_is_replaced) {
  for (const WorkloadKind kind : kBoth) {
    ModelledSet c(kind, R"({"rolling":{"bake":"10m"}})");
    ASSERT_TRUE(adopted(c));
    c.set_image("v2");
    ASSERT_TRUE(c.run_until([&] { return c.pods_of("v2") == 5 && c.available() == 5; }));
    for (int i = 0; i < 20; ++i) c.turn();
    c.command(Verb::Abort);
    ASSERT_TRUE(c.reaches(Phase::RolledBack)) << c.state().message;
    EXPECT_EQ(c.pods_of("v1"), 5);
    EXPECT_EQ(c.image(), "db:v1");
    for (int i = 0; i < 20; ++i) c.turn();
    c.scale(7);
    ASSERT_TRUE(c.run_until([&] { return c.available() == 7; }));
    EXPECT_EQ(c.pods_of("v1"), 7);
  }
}

TEST(InPlace, a_newer_version_takes_over) {
  for (const WorkloadKind kind : kBoth) {
    ModelledSet c(kind, kBatches);
    ASSERT_TRUE(adopted(c));
    c.becomes_ready = [](const std::string& tag) { return tag != "v2"; };
    c.set_image("v2");
    ASSERT_TRUE(c.run_until([&] { return c.pods_of("v2") == 1; }));
    c.set_image("v3");
    ASSERT_TRUE(c.run_until([&] { return c.state().phase == Phase::Paused && c.pods_of("v3") >= 1; }))
        << c.state().message;
    EXPECT_EQ(c.state().history.at(0)["result"].as_string(), "Superseded");
    EXPECT_EQ(c.pods_of("v2"), 0);
    c.command(Verb::PromoteFull);
    ASSERT_TRUE(released(c, "v3")) << c.state().message;
  }
}

TEST(InPlace, asking_for_the_old_version_again_takes_it_back) {
  for (const WorkloadKind kind : kBoth) {
    ModelledSet c(kind, kBatches);
    ASSERT_TRUE(adopted(c));
    c.set_image("v2");
    ASSERT_TRUE(c.reaches(Phase::Paused));
    c.set_image("v1");
    ASSERT_TRUE(c.run_until([&] { return c.state().phase == Phase::Idle && !c.state().candidate; }))
        << c.state().message;
    EXPECT_EQ(c.pods_of("v1"), 5);
    EXPECT_EQ(c.state().last_rollback->cause, Cause::Reverted);
  }
}

TEST(InPlace, one_batch_back) {
  ModelledSet c(WorkloadKind::StatefulSet, kBatches);
  ASSERT_TRUE(adopted(c));
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::Paused));
  c.command(Verb::Promote);
  ASSERT_TRUE(c.run_until([&] { return c.state().phase == Phase::Paused && c.pods_of("v2") == 3; }));
  c.command(Verb::Back);
  ASSERT_TRUE(c.run_until([&] { return c.state().phase == Phase::Paused && c.pods_of("v1") == 4; }))
      << c.state().message;
  EXPECT_EQ(c.tag_at(4), "v2");
  c.command(Verb::Promote);  // on from here, where the batch asks for a person
  for (int i = 0; i < 10; ++i) c.turn();
  EXPECT_EQ(c.pods_of("v2"), 1);
  c.command(Verb::Promote);
  ASSERT_TRUE(c.run_until([&] { return c.pods_of("v2") == 3; })) << c.state().message;
  ModelledSet d(WorkloadKind::DaemonSet, kBatches);
  ASSERT_TRUE(adopted(d));
  d.set_image("v2");
  ASSERT_TRUE(d.reaches(Phase::Paused));
  d.command(Verb::Back);
  d.turn();
  EXPECT_TRUE(d.state().command.result.starts_with("refused: a DaemonSet")) << d.state().command.result;
}

// Pods that come while a batch stands are of the stable version, and the batch keeps its part of the larger set.
TEST(InPlace, scaling_and_evictions_in_the_middle) {
  ModelledSet c(WorkloadKind::StatefulSet, R"({"rolling":{"batches":[{"percent":40,"approve":true}]}})");
  ASSERT_TRUE(adopted(c));
  c.set_image("v2");
  ASSERT_TRUE(c.reaches(Phase::Paused));
  EXPECT_EQ(c.pods_of("v2"), 2);
  c.evict(4);
  c.evict(0);
  ASSERT_TRUE(c.run_until([&] { return c.available() == 5 && c.pods_of("v2") == 2; })) << c.pods_of("v2");
  EXPECT_EQ(c.tag_at(0), "v1");
  c.scale(10);
  ASSERT_TRUE(c.run_until([&] { return c.available() == 10 && c.pods_of("v2") == 4; })) << c.pods_of("v2");
  c.scale(3);
  ASSERT_TRUE(c.run_until([&] { return c.available() == 3 && c.pods_of("v2") == 1; })) << c.pods_of("v2");
  c.command(Verb::Promote);
  ASSERT_TRUE(c.run_until([&] { return c.state().phase == Phase::Idle && c.pods_of("v2") == 3; }));
}

TEST(InPlace, a_release_that_goes_gives_the_strategy_back) {
  for (const WorkloadKind kind : kBoth) {
    ModelledSet c(kind, kBatches);
    ASSERT_TRUE(adopted(c));
    EXPECT_FALSE(c.is_own_strategy());
    c.delete_release();
    ASSERT_TRUE(c.run_until([&] { return c.release_is_gone(); }));
    EXPECT_TRUE(c.is_own_strategy()) << c.set()["spec"]["updateStrategy"]["type"].as_string();
    EXPECT_EQ(c.pods_of("v1"), 5);
  }
}

// In the middle: the pods go back first. What was never released must not roll by itself then.
TEST(InPlace, a_release_that_goes_in_the_middle_leaves_nothing_half_done) {
  for (const WorkloadKind kind : kBoth) {
    ModelledSet c(kind, kBatches);
    ASSERT_TRUE(adopted(c));
    c.set_image("v2");
    ASSERT_TRUE(c.reaches(Phase::Paused));
    c.delete_release();
    ASSERT_TRUE(c.run_until([&] { return c.release_is_gone(); }));
    for (int i = 0; i < 100; ++i) c.turn();
    EXPECT_EQ(c.pods_of("v1"), 5);
    EXPECT_EQ(c.is_own_strategy(), kind == WorkloadKind::DaemonSet) << "its template is v1 again";
  }
}

TEST(InPlace, while_a_stop_stands_nothing_is_replaced) {
  for (const WorkloadKind kind : kBoth) {
    ModelledSet c(kind, kBatches);
    ASSERT_TRUE(adopted(c));
    c.set_image("v2");
    ASSERT_TRUE(c.reaches(Phase::Paused));
    c.policy = json(R"({"metadata":{"name":"cluster"},"spec":{"stop":{"reason":"fire"}}})");
    c.command(Verb::Promote);
    for (int i = 0; i < 100; ++i) c.turn();
    EXPECT_EQ(c.pods_of("v2"), 1) << c.state().message;
    c.policy = {};
    ASSERT_TRUE(c.run_until([&] { return c.pods_of("v2") == 3; })) << c.state().message;
  }
}

// Whatever crashes between two effects, and whatever happens meanwhile: it ends in the right place, and never are more
// pods of the new version than the batches so far ask for.
RC_GTEST_PROP(InPlace, any_crash_leads_to_the_same_end, ()) {
  const auto seed = *rc::gen::inRange<std::uint32_t>(0, 1'000'000);
  const auto kind = *rc::gen::element(WorkloadKind::StatefulSet, WorkloadKind::DaemonSet);
  const bool good = *rc::gen::arbitrary<bool>(), evictions = *rc::gen::arbitrary<bool>();
  std::mt19937 random(seed);
  ModelledSet c(kind, R"({"rolling":{"batches":[{"replicas":1,"bake":"2s"},{"percent":60,"bake":"2s"}],"bake":"2s"}})");
  RC_ASSERT(adopted(c));
  c.patch_release(R"({"spec":{"deadline":"60s"}})");
  c.crashes = [&] { return random() % 4 == 0; };
  c.becomes_ready = [&](const std::string& tag) { return good || tag != "v2"; };
  int step = -1;  // the last that was decided, whether or not a crash kept it from being written down
  c.watch = [&](const Observation& o, const control::Decision& decision) {
    const State before = read_state(o.release["status"]);
    if (evictions && random() % 40 == 0) c.evict(random() % 5);
    const std::int64_t most = step <= 0 ? 1 : step == 1 ? 3 : 5;
    if (!evictions && before.candidate && !before.retreat) RC_ASSERT(c.pods_of("v2") <= most);
    step = std::max(step, read_state(decision.status).user_step);
    std::int64_t serving = 0;
    for (const control::Effect& effect : decision.effects)
      if (const auto* gone = std::get_if<control::Delete>(&effect))
        serving += std::ranges::any_of(o.placed, [&](const PlacedPod& p) { return p.available && p.uid == gone->uid; });
    RC_ASSERT(evictions || serving == 0 || c.available() - serving >= (kind == WorkloadKind::StatefulSet ? 4 : 3));
  };
  c.set_image("v2");
  RC_ASSERT(
      c.run_until([&] { return c.state().history.at(0)["result"] == Value(good ? "Released" : "RolledBack"); }, 8000));
  RC_ASSERT(c.run_until([&] { return c.pods_of(good ? "v2" : "v1") == 5; }));
}

TEST(InPlace, templates_are_the_same_whatever_has_no_value) {
  const Value plain = json(R"({"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c"}]}})");
  const Value stored = json(
      R"({"$patch":"replace","metadata":{"creationTimestamp":null,"labels":{"a":"b"}},"spec":{"containers":[{"name":"c"}]}})");
  EXPECT_EQ(placed_template_hash(plain), placed_template_hash(stored));
}

}  // namespace
}  // namespace slipway::delivery
