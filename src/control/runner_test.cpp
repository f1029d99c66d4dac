// The runner against the real API server in memory, with every kind of trouble between the two.
#include "control/runner.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <set>

#include "api/meta.h"
#include "apiserver/local_client.h"
#include "apiserver/server.h"
#include "control/decision_log.h"
#include "control/mutants.h"
#include "runtime/sim/loop.h"
#include "store/memory_store.h"

namespace slipway::control {
namespace {

using base::Code;
using base::milliseconds;
using base::seconds;
using client::Answer;
using client::Request;
using client::Verb;
using data::Value;

// Stands in front of the API and does to requests what the test says.
class Trouble final : public client::ApiClient {
 public:
  enum class Fate { Pass, LoseRequest, LoseAnswer, Refuse };
  Trouble(client::ApiClient& inner, runtime::Loop& loop) : inner_(inner), loop_(loop) {}

  void call(Request request, client::Completion done) override {
    const bool write = request.verb != Verb::Get && request.verb != Verb::List;
    if (write) seen.push_back(request);
    lists += request.verb == Verb::List;
    const Fate fate = write && judge ? judge(request) : Fate::Pass;
    if (fate == Fate::Pass) return inner_.call(std::move(request), std::move(done));
    if (fate == Fate::LoseAnswer) {
      inner_.call(std::move(request),
                  [done = std::move(done)](Answer) mutable { done(base::fail(Code::Timeout, "lost")); });
      return;
    }
    const Code code = fate == Fate::Refuse ? refusal : Code::Timeout;
    loop_.post([done = std::move(done), code]() mutable { done(base::fail(code, "refused by the test")); });
  }
  std::unique_ptr<client::WatchHandle> watch(client::WatchRequest request, client::WatchSink& sink) override {
    return inner_.watch(std::move(request), stall_ ? *new StallingSink(*this, sink) : sink);
  }
  // From now on watches deliver nothing until `resume`.
  void make_stallable() { stall_ = true; }
  void hold() { held_ = true; }
  void resume() {
    held_ = false;
    for (auto& [sink, event] : std::exchange(waiting_, {})) sink->event(event);
  }

  std::function<Fate(const Request&)> judge;
  Code refusal = Code::Conflict;
  std::vector<Request> seen;  // writes
  int lists = 0;

 private:
  class StallingSink final : public client::WatchSink {
   public:
    StallingSink(Trouble& trouble, client::WatchSink& sink) : trouble_(trouble), sink_(sink) {
      trouble.sinks_.emplace_back(this);
    }
    void event(const client::WatchEvent& event) override {
      if (trouble_.held_)
        trouble_.waiting_.emplace_back(&sink_, event);
      else
        sink_.event(event);
    }
    void ended(base::Error why) override { sink_.ended(std::move(why)); }

   private:
    Trouble& trouble_;
    client::WatchSink& sink_;
  };

  client::ApiClient& inner_;
  runtime::Loop& loop_;
  bool stall_ = false;
  bool held_ = false;
  std::vector<std::unique_ptr<StallingSink>> sinks_;
  std::vector<std::pair<client::WatchSink*, client::WatchEvent>> waiting_;
};

// Keeps spec.replicas ConfigMaps for each Deployment, and says so in the status. The decision is as plain as can be, so
// that what is tested is the runner.
class Copier final : public Controller {
 public:
  std::string_view name() const override { return "copier"; }
  const api::Resource& resource() const override { return api::kDeployments; }
  std::vector<Watch> watches() const override { return {{api::kConfigMaps, owner_of_kind(api::kDeployments)}}; }
  std::optional<Decision> reconcile(const World& world, const ObjectName& name, base::Time now) const override {
    const Value& object = world.find(api::kDeployments, name);
    if (object.is_null()) return std::nullopt;
    ++decisions;
    last_failure = world.failure() != nullptr ? std::optional(*world.failure()) : std::nullopt;
    const std::vector<Value> copies = world.cache(api::kConfigMaps).owned_by(api::uid_of(object));
    const std::int64_t wanted = object["spec"]["replicas"].as_int();
    Decision out;
    for (std::int64_t i = static_cast<std::int64_t>(copies.size()); i < wanted; ++i)
      out.effects.push_back(Create{api::kConfigMaps, copy(object, numbered ? i : ++unnumbered)});
    for (std::size_t i = static_cast<std::size_t>(wanted); i < copies.size(); ++i)
      out.effects.push_back(Delete{.resource = api::kConfigMaps,
                                   .space = name.space,
                                   .name = copies[i]["metadata"]["name"].str(),
                                   .uid = std::string(api::uid_of(copies[i]))});
    if (!out.effects.empty()) out.notes.push_back({Note::Kind::Normal, "Copied", "Copies change", {}});
    out.reasons.push_back({.rule = "copies", .text = std::to_string(copies.size()) + " of " + std::to_string(wanted)});
    out.status = Value::object({{"observedGeneration", api::generation_of(object)}, {"replicas", wanted}});
    out.wake_at = wake_at;
    if (patience > base::Duration{}) out.status_may_wait = patience, out.wake_at = now + base::hours(1);
    return out;
  }
  static Value copy(const Value& object, std::int64_t number) {
    return Value::object(
        {{"apiVersion", "v1"},
         {"kind", "ConfigMap"},
         {"metadata",
          Value::object({{"name", std::string(api::name_of(object)) + "-" + std::to_string(number)},
                         {"namespace", api::space_of(object)},
                         {"ownerReferences", Value::array({api::controller_reference(object, api::kDeployments)})}})}});
  }

  mutable int decisions = 0;
  mutable std::optional<Failure> last_failure;
  base::Duration patience{};
  std::optional<base::Time> wake_at = {};  // as every decision says
  bool numbered = true;                    // false: names that differ each time, as a careless author would make them
  mutable std::int64_t unnumbered = 0;
};

class Switch final : public Leadership {
 public:
  bool leads() const override { return leads_; }
  std::uint64_t term() const override { return term_; }
  void on_change(std::function<void()> listener) override { changed_ = std::move(listener); }
  void lose() { set(false, term_); }
  void lose_silently() { leads_ = false; }  // the lease has run out, and no timer has told yet
  void gain() { set(true, term_ + 1); }

 private:
  void set(bool leads, std::uint64_t term) {
    leads_ = leads;
    term_ = term;
    if (changed_) changed_();
  }
  bool leads_ = true;
  std::uint64_t term_ = 1;
  std::function<void()> changed_;
};

class RunnerTest : public ::testing::Test {
 protected:
  RunnerTest() { server.start(); }
  void start(bool numbered = true) {
    auto made = std::make_unique<Copier>();
    made->numbered = numbered;
    copier = made.get();
    runner.emplace(api, loop, random, leadership);
    runner->add_observer(log);
    runner->add(std::move(made));
    runner->start();
    loop.run_for(seconds(1));
  }
  void make(std::string name, int replicas) {
    Value labels = Value::object({{"app", name}});
    Value pod_template = Value::object(
        {{"metadata", Value::object({{"labels", labels}})},
         {"spec", Value::object({{"containers", Value::array({Value::object({{"name", "a"}, {"image", "a"}})})}})}});
    Value object = Value::object({{"apiVersion", "apps/v1"},
                                  {"kind", "Deployment"},
                                  {"metadata", Value::object({{"name", name}, {"namespace", "default"}})},
                                  {"spec", Value::object({{"replicas", replicas},
                                                          {"selector", Value::object({{"matchLabels", labels}})},
                                                          {"template", pod_template}})}});
    call({.verb = Verb::Create, .resource = api::kDeployments, .space = "default", .body = object});
  }
  void scale(std::string name, int replicas) {
    call({.verb = Verb::Patch,
          .resource = api::kDeployments,
          .space = "default",
          .name = std::move(name),
          .body = Value::object({{"spec", Value::object({{"replicas", replicas}})}})});
  }
  Value call(Request request) {
    std::optional<Answer> answer;
    local.call(std::move(request), [&](Answer a) { answer = std::move(a); });
    loop.run_until([&] { return answer.has_value(); }, seconds(1));
    EXPECT_TRUE(answer && *answer) << (answer && !*answer ? answer->error().message : "no answer");
    return answer ? answer->value_or(Value()) : Value();
  }
  std::set<std::string> copies() const {
    std::set<std::string> names;
    store->published()->scan("configmaps", "default", nullptr, [&](const store::EntryPtr& entry) {
      if (!entry->object["metadata"]["ownerReferences"].is_empty()) names.insert(entry->key.name);
      return true;
    });
    return names;
  }
  Value status(const std::string& name) const {
    const auto entry = store->published()->find({"deployments.apps", "default", name});
    return entry ? entry->object["status"] : Value();
  }
  Value events() const {
    Value all = Value::array();
    store->published()->scan("events", "default", nullptr, [&](const store::EntryPtr& entry) {
      all.push_back(entry->object);
      return true;
    });
    return all;
  }
  std::size_t sent(Verb verb, std::string_view plural) const {
    std::size_t count = 0;
    for (const Request& request : api.seen) count += request.verb == verb && request.resource.plural == plural;
    return count;
  }
  bool until(const std::function<bool()>& done) { return loop.run_until(done, base::minutes(2)); }

  runtime::sim::Loop loop;
  runtime::sim::SeededRandom random{3};
  std::unique_ptr<store::Store> store = store::make_memory_store(loop);
  apiserver::ApiServer server{*store, loop, random};
  apiserver::LocalClient local{server, loop, {.user = "admin", .groups = {"system:masters"}}};
  Trouble api{local, loop};
  Switch leadership;
  DecisionLog log;
  std::optional<Runner> runner;
  Copier* copier = nullptr;
};

const std::set<std::string> kThree = {"web-0", "web-1", "web-2"};

TEST_F(RunnerTest, Carries_effects_out_in_order_and_writes_the_status_last) {
  start();
  make("web", 3);
  ASSERT_TRUE(until([&] { return status("web")["replicas"].as_int() == 3; }));
  EXPECT_EQ(copies(), kThree);
  std::vector<std::string> order;
  for (const Request& request : api.seen)
    if (request.resource.plural != "events")
      order.push_back(request.resource.plural + (request.subresource.empty() ? "" : "/" + request.subresource));
  EXPECT_EQ(order, (std::vector<std::string>{"configmaps", "configmaps", "configmaps", "deployments/status"}));
  loop.run_for(seconds(1));
  EXPECT_TRUE(runner->idle());
}

TEST_F(RunnerTest, Does_nothing_more_once_all_is_as_it_should_be) {
  start();
  make("web", 3);
  ASSERT_TRUE(until([&] { return status("web")["replicas"].as_int() == 3; }));
  loop.run_for(seconds(1));
  const auto before = api.seen.size();
  loop.run_for(base::hours(1));
  EXPECT_EQ(api.seen.size(), before);
}

TEST_F(RunnerTest, Wakes_up_in_time_whatever_the_wall_clock_does) {
  for (const base::Duration jump :
       {base::Duration{}, base::Duration(base::hours(5)), base::Duration(-base::hours(9))}) {
    SCOPED_TRACE(base::format_duration(jump));
    start();
    copier->wake_at = loop.now() + base::minutes(3);
    make("web" + std::to_string(jump.count() / base::Duration(base::hours(1)).count() + 10), 1);
    loop.run_for(seconds(10));
    const int before = copier->decisions;
    loop.jump_clock(jump);
    loop.run_for(base::minutes(2));
    EXPECT_EQ(copier->decisions > before, jump > base::Duration{}) << "early only when the clock says so";
    loop.run_for(base::minutes(1));
    EXPECT_GT(copier->decisions, before);
  }
}

TEST_F(RunnerTest, Stops_at_the_first_failure_and_observes_again) {
  start();
  int refusals = 0;
  api.judge = [&](const Request& request) {
    if (request.verb != Verb::Create || api::name_of(request.body) != "web-1" || refusals++ > 0)
      return Trouble::Fate::Pass;
    EXPECT_TRUE(status("web")["replicas"].is_null());
    return Trouble::Fate::Refuse;
  };
  make("web", 3);
  ASSERT_TRUE(until([&] { return status("web")["replicas"].as_int() == 3; }));
  EXPECT_EQ(copies(), kThree);
  EXPECT_EQ(sent(Verb::Create, "configmaps"), 4u);  // web-0, web-1 refused, web-1, web-2
}

TEST_F(RunnerTest, A_lost_answer_makes_no_second_copy) {
  api.make_stallable();
  start(/*numbered=*/false);
  bool lost = false;
  api.judge = [&](const Request& request) {
    if (request.verb != Verb::Create || request.resource.plural != "configmaps" || std::exchange(lost, true))
      return Trouble::Fate::Pass;
    api.hold();
    return Trouble::Fate::LoseAnswer;
  };
  make("web", 1);
  loop.run_for(seconds(10));
  EXPECT_EQ(copies().size(), 1u) << "what became of the request is looked up before deciding again";
  api.resume();
  ASSERT_TRUE(until([&] { return status("web")["replicas"].as_int() == 1; }));
  EXPECT_EQ(copies().size(), 1u);
}

TEST_F(RunnerTest, A_lost_request_is_sent_again) {
  start();
  int lost = 0;
  api.judge = [&](const Request&) { return lost++ < 3 ? Trouble::Fate::LoseRequest : Trouble::Fate::Pass; };
  make("web", 3);
  ASSERT_TRUE(until([&] { return status("web")["replicas"].as_int() == 3; }));
  EXPECT_EQ(copies(), kThree);
}

// The watch stands still: without waiting for its own writes the controller would make its copies again and again.
class StaleCache : public RunnerTest {
 protected:
  std::size_t copies_made_by_careless_names() {
    api.make_stallable();
    start(/*numbered=*/false);
    make("web", 2);
    EXPECT_TRUE(until([&] { return copier->decisions > 0; }));
    api.hold();
    loop.run_for(milliseconds(10));
    runner->nudge("copier", {"default", "web"});
    loop.run_for(seconds(3));
    runner->nudge("copier", {"default", "web"});
    loop.run_for(seconds(3));
    const std::size_t made = copies().size();
    api.resume();
    loop.run_for(seconds(3));
    return made;
  }
};

TEST_F(StaleCache, Is_not_decided_on_before_it_shows_our_own_writes) {
  EXPECT_EQ(copies_made_by_careless_names(), 2u);
  EXPECT_EQ(copies().size(), 2u);
}

TEST_F(StaleCache, Forgetting_own_writes_is_caught) {
  const PlantedMutant planted(Mutant::ForgetOwnWrite);
  EXPECT_GT(copies_made_by_careless_names(), 2u);
}

TEST_F(StaleCache, Deciding_on_it_is_caught) {
  const PlantedMutant planted(Mutant::DecideOnStaleCache);
  EXPECT_GT(copies_made_by_careless_names(), 2u);
}

TEST_F(RunnerTest, An_object_is_not_decided_on_while_it_still_shows_what_we_deleted) {
  api.make_stallable();
  start();
  make("web", 3);
  ASSERT_TRUE(until([&] { return copies().size() == 3; }));
  loop.run_for(seconds(1));
  scale("web", 1);
  ASSERT_TRUE(until([&] { return copier->decisions > 0 && copies().size() < 3; }));
  api.hold();
  loop.run_for(seconds(1));
  const auto deletes = sent(Verb::Delete, "configmaps");
  runner->nudge("copier", {"default", "web"});
  loop.run_for(seconds(5));
  EXPECT_EQ(sent(Verb::Delete, "configmaps"), deletes);
  api.resume();
  ASSERT_TRUE(until([&] { return status("web")["replicas"].as_int() == 1; }));
  EXPECT_EQ(copies(), std::set<std::string>{"web-0"});
}

// The lease runs out between two effects; the answer of the first is still under way.
class TermFence : public RunnerTest {
 protected:
  std::size_t creates_after_loss() {
    start();
    api.judge = [&](const Request& request) {
      if (request.verb == Verb::Create && request.resource.plural == "configmaps" && ++creates_ == 1)
        leadership.lose_silently();
      return Trouble::Fate::Pass;
    };
    make("web", 3);
    loop.run_for(seconds(5));
    return creates_ - 1;
  }
  std::size_t creates_ = 0;
};

TEST_F(TermFence, Nothing_is_sent_once_the_lease_is_lost) {
  EXPECT_EQ(creates_after_loss(), 0u);
  EXPECT_TRUE(status("web")["replicas"].is_null());
  leadership.gain();
  ASSERT_TRUE(until([&] { return status("web")["replicas"].as_int() == 3; }));
  EXPECT_EQ(copies(), kThree);
}

TEST_F(TermFence, Skipping_the_fence_is_caught) {
  const PlantedMutant planted(Mutant::SkipTermFence);
  EXPECT_GT(creates_after_loss(), 0u);
}

TEST_F(RunnerTest, A_new_term_in_the_middle_starts_over) {
  start();
  std::size_t creates = 0;
  api.judge = [&](const Request& request) {
    if (request.verb == Verb::Create && request.resource.plural == "configmaps" && ++creates == 2) {
      leadership.lose();
      leadership.gain();
    }
    return Trouble::Fate::Pass;
  };
  make("web", 3);
  ASSERT_TRUE(until([&] { return status("web")["replicas"].as_int() == 3; }));
  EXPECT_EQ(copies(), kThree);
}

// A standby whose watches are behind: another leader has made the copies, and it has not heard of it yet.
TEST_F(RunnerTest, A_new_leader_sees_what_another_wrote_before_it_decides) {
  leadership.lose();
  api.make_stallable();
  start(/*numbered=*/false);
  make("web", 2);
  loop.run_for(seconds(1));
  api.hold();
  const auto entry = store->published()->find({"deployments.apps", "default", "web"});
  for (int i = 0; i < 2; ++i)
    call({.verb = Verb::Create,
          .resource = api::kConfigMaps,
          .space = "default",
          .body = Copier::copy(entry->object, i)});
  loop.run_for(seconds(1));
  leadership.gain();
  ASSERT_TRUE(until([&] { return copier->decisions > 0; }));
  loop.run_for(seconds(5));
  EXPECT_EQ(sent(Verb::Create, "configmaps"), 0u);
  EXPECT_EQ(copies(), (std::set<std::string>{"web-0", "web-1"}));
}

TEST_F(RunnerTest, Who_leads_from_the_start_lists_once) {
  start();
  EXPECT_EQ(api.lists, 2) << "Deployments and ConfigMaps";
  leadership.lose();
  loop.run_for(base::minutes(1));
  EXPECT_EQ(api.lists, 2);
  leadership.gain();
  loop.run_for(base::minutes(10));
  EXPECT_EQ(api.lists, 4);
}

TEST_F(RunnerTest, Decides_nothing_without_leadership) {
  leadership.lose();
  start();
  make("web", 3);
  loop.run_for(base::minutes(5));
  EXPECT_EQ(copier->decisions, 0);
  leadership.gain();
  EXPECT_TRUE(until([&] { return status("web")["replicas"].as_int() == 3; }));
}

TEST_F(RunnerTest, The_same_effects_are_held_back_and_the_wait_grows) {
  start();
  api.refusal = Code::Forbidden;
  api.judge = [](const Request& request) {
    return request.resource.plural == "configmaps" ? Trouble::Fate::Refuse : Trouble::Fate::Pass;
  };
  make("web", 1);
  loop.run_for(base::minutes(10));
  const auto tries = sent(Verb::Create, "configmaps");
  EXPECT_GE(tries, 10u);
  EXPECT_LE(tries, 40u);
  ASSERT_TRUE(copier->last_failure.has_value());
  EXPECT_EQ(copier->last_failure->error.code, Code::Forbidden);
  EXPECT_EQ(copier->last_failure->effect, 0u);
  api.judge = nullptr;
  ASSERT_TRUE(until([&] { return status("web")["replicas"].as_int() == 1; }));
  loop.run_for(seconds(5));
  runner->nudge("copier", {"default", "web"});
  loop.run_for(seconds(1));
  EXPECT_FALSE(copier->last_failure.has_value());
}

TEST_F(RunnerTest, Other_effects_do_not_wait_for_the_back_off) {
  start();
  api.refusal = Code::Invalid;  // nothing will help but a change: waits for the cap
  api.judge = [](const Request& request) {
    return api::name_of(request.body) == "web-0" ? Trouble::Fate::Refuse : Trouble::Fate::Pass;
  };
  make("web", 1);
  loop.run_for(seconds(5));
  EXPECT_EQ(sent(Verb::Create, "configmaps"), 1u);
  api.judge = nullptr;
  scale("web", 2);
  EXPECT_TRUE(loop.run_until([&] { return copies().size() == 2; }, seconds(3)));
}

TEST_F(RunnerTest, Mistakes_about_order_are_caught) {
  start();
  api.judge = [](const Request& request) {
    return request.resource.plural == "configmaps" ? Trouble::Fate::Refuse : Trouble::Fate::Pass;
  };
  {
    const PlantedMutant planted(Mutant::StatusBeforeEffects);
    make("early", 1);
    loop.run_for(seconds(1));
    EXPECT_FALSE(status("early")["replicas"].is_null()) << "the status claims what did not happen";
  }
  const PlantedMutant planted(Mutant::IgnoreFailureOfEffect);
  make("careless", 1);
  loop.run_for(seconds(1));
  EXPECT_FALSE(status("careless")["replicas"].is_null()) << "the status claims what did not happen";
}

TEST_F(RunnerTest, News_that_may_wait_are_told_together_and_never_forgotten) {
  start();
  copier->patience = seconds(2);
  make("web", 1);
  ASSERT_TRUE(until([&] { return status("web")["replicas"].as_int() == 1; })) << "the first at once";
  const auto since = loop.mono();
  const auto before = runner->stats().status_writes;
  for (const int replicas : {2, 3, 4}) {
    scale("web", replicas);
    ASSERT_TRUE(until([&] { return copies().size() == static_cast<std::size_t>(replicas); }));
  }
  EXPECT_EQ(status("web")["replicas"].as_int(), 1) << "effects do not wait";
  ASSERT_TRUE(until([&] { return status("web")["replicas"].as_int() == 4; }));
  EXPECT_GE(loop.mono() - since, milliseconds(1900));
  EXPECT_EQ(runner->stats().status_writes, before + 1);
}

TEST_F(RunnerTest, The_status_is_not_written_over_a_newer_object) {
  start();
  bool changed = false;
  api.judge = [&](const Request& request) {
    if (request.subresource == "status" && !std::exchange(changed, true)) {
      // Somebody scales between the decision and its status.
      local.call({.verb = Verb::Patch,
                  .resource = api::kDeployments,
                  .space = "default",
                  .name = "web",
                  .body = Value::object({{"spec", Value::object({{"replicas", 2}})}})},
                 [](Answer) {});
    }
    return Trouble::Fate::Pass;
  };
  make("web", 1);
  ASSERT_TRUE(until([&] { return status("web")["replicas"].as_int() == 2; }));
  EXPECT_EQ(copies().size(), 2u);
}

class Refuser final : public Invariant {
 public:
  std::string_view name() const override { return "few-copies"; }
  std::optional<Violation> check(const World&, const Controller&, const ObjectName&, const Decision& decision,
                                 base::Time) const override {
    if (decision.effects.size() <= 2) return std::nullopt;
    return Violation{"few-copies", std::to_string(decision.effects.size()) + " effects"};
  }
};

TEST_F(RunnerTest, A_decision_that_breaks_an_invariant_is_refused_and_reported) {
  auto made = std::make_unique<Copier>();
  runner.emplace(api, loop, random, leadership);
  runner->add_invariant(std::make_unique<Refuser>());
  runner->add_observer(log);
  runner->add(std::move(made));
  runner->start();
  loop.run_for(seconds(1));
  make("web", 3);
  loop.run_for(seconds(20));
  EXPECT_TRUE(copies().empty());
  EXPECT_GT(runner->stats().refusals, 0u);
  bool reported = false;
  const Value all = events();
  for (const Value& event : all.items()) reported |= event["reason"].as_string() == "InvariantViolation";
  EXPECT_TRUE(reported);
  ASSERT_FALSE(log.of("copier", {"default", "web"}).empty());
  EXPECT_EQ(log.of("copier", {"default", "web"}).back().outcome, "refused: few-copies: 3 effects");
  scale("web", 2);
  EXPECT_TRUE(until([&] { return copies().size() == 2; }));
}

TEST_F(RunnerTest, Notes_become_events_and_repeats_are_counted) {
  start();
  make("web", 1);
  ASSERT_TRUE(until([&] { return status("web")["replicas"].as_int() == 1; }));
  for (const int replicas : {2, 3, 2}) {
    scale("web", replicas);
    ASSERT_TRUE(until([&] { return copies().size() == static_cast<std::size_t>(replicas); }));
    loop.run_for(seconds(5));
  }
  ASSERT_EQ(events().size(), 1u);
  const Value all = events();
  EXPECT_EQ(all.at(0)["reason"].as_string(), "Copied");
  EXPECT_EQ(all.at(0)["count"].as_int(), 4);
  EXPECT_EQ(all.at(0)["involvedObject"]["name"].as_string(), "web");
}

TEST_F(RunnerTest, The_log_tells_what_was_decided_and_why) {
  start();
  make("web", 2);
  ASSERT_TRUE(until([&] { return status("web")["replicas"].as_int() == 2; }));
  loop.run_for(seconds(1));
  const auto records = log.of("copier", {"default", "web"});
  ASSERT_FALSE(records.empty());
  EXPECT_EQ(records[0].reasons[0].text, "0 of 2");
  EXPECT_EQ(records[0].effects,
            (std::vector<std::string>{"create configmaps default/web-0", "create configmaps default/web-1"}));
  EXPECT_EQ(records[0].outcome, "done");
}

TEST_F(RunnerTest, A_crash_between_any_two_effects_is_harmless) {
  for (int crash_at = 1; crash_at <= 4; ++crash_at) {
    const std::string name = "web" + std::to_string(crash_at);
    start();
    int writes = 0;
    bool crashed = false;
    api.judge = [&](const Request& request) {
      if (request.resource.plural == "events") return Trouble::Fate::Pass;
      if (++writes == crash_at) {
        crashed = true;
        loop.post([&] { runner.reset(); });  // its last request still arrives, the answer does not
      }
      return Trouble::Fate::Pass;
    };
    make(name, 3);
    loop.run_for(seconds(2));
    ASSERT_TRUE(crashed);
    api.judge = nullptr;
    start();
    ASSERT_TRUE(until([&] { return status(name)["replicas"].as_int() == 3; }));
    std::size_t own = 0;
    for (const std::string& copy : copies()) own += copy.starts_with(name + "-");
    EXPECT_EQ(own, 3u);
    runner.reset();
  }
}

}  // namespace
}  // namespace slipway::control
