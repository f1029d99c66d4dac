// Which events are sent when: a Notification, its Releases and a receiver, decision by decision.
#include "delivery/notify/decide.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/testing.h"
#include "delivery/notify/happenings.h"
#include "delivery/notify/state.h"

namespace slipway::delivery::notify {
namespace {

using base::Time;
using data::Value;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Carries decisions out as the runner does, and answers as a test says.
class Bench {
 public:
  Bench() {
    notification_ = api::testing::yaml(
        "{apiVersion: slipway.dev/v1alpha1, kind: Notification, metadata: {name: chat, namespace: shop, uid: nid, "
        "generation: 1}, "
        "spec: {webhook: {url: 'https://hook.example/x', secret: chat, signingKey: key}, events: [Started, "
        "Released]}}");
    step();  // it begins
  }
  void set(std::initializer_list<std::string_view> path, Value value) { notification_.set(path, std::move(value)); }
  // One more event of a Release.
  void happens(const std::string& release, const char* type = "Started") {
    Value& of = releases_[release];
    if (of.is_null())
      of = api::testing::yaml(
          fmt::format("{{metadata: {{name: {0}, namespace: shop, uid: u-{0}, labels: {{app: {0}}}}}}}", release));
    Value events = of["status"]["events"];
    const std::int64_t number = events.size() == 0 ? 1 : events.at(events.size() - 1)["number"].as_int() + 1;
    events.push_back(Value::object({{"number", number},
                                    {"type", type},
                                    {"time", base::format_micro_time(now_)},
                                    {"data", Value::object({{"phase", "Idle"}})}}));
    while (events.size() > kEventsKept) events.erase_at(0);
    of.set({"status", "events"}, std::move(events));
  }
  void gone(const std::string& release) { releases_.erase(release); }
  void wait(base::Duration span) { now_ += span; }

  // Decides and acts; the ids of the events that are sent, as "web/1".
  std::vector<std::string> step() {
    const auto decision = decide(observed(), now_);
    std::vector<std::string> sent;
    for (const control::Effect& effect : decision.effects) {
      if (const auto* drop = std::get_if<control::Forget>(&effect)) answers_.erase(drop->id);
      const auto* ask = std::get_if<control::Ask>(&effect);
      if (!ask) continue;
      EXPECT_EQ(ask->port, "notify");
      pending_.insert(ask->id);
      last_question = ask->question;
      sent.push_back(short_id(ask->id));
    }
    wake_at = decision.wake_at;
    notification_.set("status", decision.status);
    return sent;
  }
  void answer(const std::string& event, base::Result<Value> answer) {
    const std::string id = "notify/nid/u-" + event;
    EXPECT_EQ(pending_.erase(id), 1u) << event << " was not sent";
    answers_.insert_or_assign(id, control::Fact{now_, now_, std::move(answer)});
  }
  void answer(const std::string& event, int status) {
    answer(event, Value::object({{"status", status}, {"server", "hook"}}));
  }
  // The controllers begin anew: what was under way is forgotten.
  void restart() { answers_.clear(), pending_.clear(); }
  // Sends until nothing is left, in a world where all is taken.
  std::vector<std::string> run() {
    std::vector<std::string> all;
    for (int i = 0; i < 1000; ++i) {
      const auto sent = step();
      if (sent.empty() && answers_.empty()) return all;
      for (const std::string& each : sent) all.push_back(each), answer(each, 200);
    }
    ADD_FAILURE() << "does not end";
    return all;
  }
  State state() const { return read_state(notification_["status"]); }
  std::size_t answers() const { return answers_.size(); }

  Value last_question;
  std::optional<Time> wake_at;

 private:
  static std::string short_id(const std::string& id) { return id.substr(std::string("notify/nid/u-").size()); }
  Observation observed() const {
    Observation o{.notification = notification_, .pending = pending_};
    for (const auto& [name, release] : releases_) o.releases.push_back(release);
    for (const std::string& id : questions_of(notification_, o.releases))
      if (const auto fact = answers_.find(id); fact != answers_.end()) o.answers.insert(*fact);
    return o;
  }

  Time now_ = *base::parse_time("2026-11-29T12:00:00Z");
  Value notification_;
  std::map<std::string, Value> releases_;
  std::map<std::string, control::Fact> answers_;
  std::set<std::string> pending_;
};

TEST(Notify, an_event_is_sent_once_and_written_down) {
  Bench b;
  b.happens("web");
  EXPECT_THAT(b.step(), ElementsAre("web/1"));
  EXPECT_THAT(b.step(), IsEmpty()) << "under way";
  b.answer("web/1", 204);
  EXPECT_THAT(b.step(), IsEmpty());
  EXPECT_EQ(b.state().delivered, 1);
  EXPECT_EQ(b.state().last_delivery["release"], Value("web"));
  EXPECT_THAT(b.step(), IsEmpty());
  EXPECT_EQ(b.answers(), 0u) << "the answer is forgotten once the status says it";
  EXPECT_FALSE(b.wake_at) << "nothing is left to do";
}

TEST(Notify, the_question_is_a_cloud_event_with_all_that_is_needed_to_send_it) {
  Bench b;
  b.happens("web");
  b.step();
  const Value& event = b.last_question["event"];
  EXPECT_EQ(event["specversion"], Value("1.0"));
  EXPECT_EQ(event["id"], Value("u-web-1"));
  EXPECT_EQ(event["source"], Value("/apis/slipway.dev/v1alpha1/namespaces/shop/releases/web"));
  EXPECT_EQ(event["type"], Value("dev.slipway.release.started"));
  EXPECT_EQ(event["time"], Value("2026-11-29T12:00:00.000000Z"));
  EXPECT_EQ(event["sequence"], Value("0000000001"));
  EXPECT_EQ(event["data"]["name"], Value("web"));
  EXPECT_EQ(b.last_question["url"], Value("https://hook.example/x"));
  EXPECT_EQ(b.last_question["signingKey"], Value("key"));
  EXPECT_EQ(b.last_question["secret"], api::testing::json(R"({"namespace":"shop","name":"chat"})"));
}

TEST(Notify, events_of_one_release_keep_their_order_and_those_of_others_go_beside_them) {
  Bench b;
  for (int i = 0; i < 3; ++i) b.happens("web"), b.happens("api");
  EXPECT_THAT(b.step(), ElementsAre("api/1", "web/1"));
  b.answer("api/1", 200);
  EXPECT_THAT(b.step(), IsEmpty()) << "not before it is written down";
  EXPECT_THAT(b.step(), ElementsAre("api/2"));
  b.answer("web/1", 200);
  b.answer("api/2", 200);
  b.step();
  EXPECT_THAT(b.run(), ElementsAre("api/3", "web/2", "web/3"));
}

TEST(Notify, what_nobody_asked_for_or_of_others_is_not_sent) {
  Bench b;
  b.set({"spec", "releases"}, api::testing::yaml("{names: [web], selector: {matchLabels: {app: cart}}}"));
  b.happens("web", "Step");
  b.happens("web", "Released");
  b.happens("api");
  b.happens("cart");
  EXPECT_THAT(b.run(), testing::UnorderedElementsAre("web/2", "cart/1"));
}

TEST(Notify, what_happened_before_is_not_told) {
  Bench b;
  b.happens("web");
  b.set({"status"}, Value());  // as if it were made now
  EXPECT_THAT(b.step(), IsEmpty());
  b.happens("web", "Released");
  EXPECT_THAT(b.run(), ElementsAre("web/2"));
}

TEST(Notify, a_restart_repeats_what_was_not_written_down_and_nothing_else) {
  Bench b;
  b.happens("web");
  b.happens("web");
  b.step();
  b.answer("web/1", 200);
  b.restart();  // before anybody saw the answer
  EXPECT_THAT(b.step(), ElementsAre("web/1"));
  b.answer("web/1", 200);
  b.step();
  b.restart();
  EXPECT_THAT(b.run(), ElementsAre("web/2"));
}

TEST(Notify, a_receiver_that_fails_is_tried_with_one_event_at_growing_intervals) {
  Bench b;
  b.happens("web");
  b.wait(base::milliseconds(10));
  b.happens("api");
  EXPECT_EQ(b.step().size(), 2u);
  b.answer("web/1", 503);
  b.answer("api/1", base::fail(base::Code::Unavailable, "connection refused"));
  EXPECT_THAT(b.step(), IsEmpty());
  EXPECT_EQ(b.state().failing->attempts, 1) << "both were under way at once";
  EXPECT_EQ(b.state().waiting, 2);
  EXPECT_EQ(b.state().conditions.at(0)["status"], Value("False"));
  base::Duration between = base::seconds(1);
  for (int attempt = 2; attempt <= 12; ++attempt) {
    b.wait(between - base::milliseconds(1));
    EXPECT_THAT(b.step(), IsEmpty());
    ASSERT_TRUE(b.wake_at);
    b.wait(base::milliseconds(1));
    EXPECT_THAT(b.step(), ElementsAre("web/1")) << "the oldest";
    b.answer("web/1", 503);
    EXPECT_THAT(b.step(), IsEmpty());
    EXPECT_EQ(b.state().failing->attempts, attempt);
    between = std::min(between * 2, kLongestWait);
  }
  EXPECT_EQ(b.state().failing->reason, "hook answers 503");
  b.wait(between);
  b.step();
  b.answer("web/1", 200);
  EXPECT_THAT(b.step(), ElementsAre("api/1"));
  EXPECT_FALSE(b.state().failing);
  b.answer("api/1", 200);
  EXPECT_THAT(b.run(), IsEmpty());
  EXPECT_EQ(b.state().delivered, 2);
  EXPECT_EQ(b.state().conditions.at(0)["status"], Value("True"));
}

TEST(Notify, a_receiver_says_when_it_may_be_asked_again) {
  Bench b;
  b.happens("web");
  b.step();
  b.answer("web/1", Value::object({{"status", 429}, {"retryAfter", 60}}));
  b.step();
  b.wait(base::seconds(59));
  EXPECT_THAT(b.step(), IsEmpty());
  b.wait(base::seconds(1));
  EXPECT_THAT(b.step(), ElementsAre("web/1"));
}

TEST(Notify, an_event_is_given_up_in_the_end_and_the_next_one_is_sent) {
  Bench b;
  b.set({"spec", "giveUpAfter"}, "1m");
  b.happens("web");
  b.step();
  b.answer("web/1", 503);
  b.step();
  b.wait(base::seconds(50));
  b.happens("web", "Released");
  EXPECT_THAT(b.step(), ElementsAre("web/1"));
  b.answer("web/1", 503);
  b.step();
  b.wait(base::seconds(10));
  EXPECT_THAT(b.step(), IsEmpty());
  EXPECT_EQ(b.state().given_up, 1);
  EXPECT_THAT(b.state().last_given_up["reason"].str(), HasSubstr("not delivered within 1m"));
  EXPECT_THAT(b.run(), ElementsAre("web/2"));
}

TEST(Notify, an_event_that_is_never_taken_does_not_hold_up_others_for_long) {
  Bench b;
  b.happens("web");
  b.happens("web", "Released");
  for (int attempt = 1; attempt <= kRefusals; ++attempt) {
    EXPECT_THAT(b.step(), ElementsAre("web/1")) << attempt;
    b.answer("web/1", 422);
    b.step();
    b.wait(base::seconds(20));
  }
  EXPECT_EQ(b.state().given_up, 1);
  EXPECT_THAT(b.run(), ElementsAre("web/2"));
}

TEST(Notify, paused_sends_nothing_and_goes_on_later) {
  Bench b;
  b.set({"spec", "paused"}, true);
  b.happens("web");
  EXPECT_THAT(b.step(), IsEmpty());
  EXPECT_EQ(b.state().waiting, 1);
  b.set({"spec", "paused"}, false);
  EXPECT_THAT(b.run(), ElementsAre("web/1"));
}

TEST(Notify, what_was_pushed_out_unseen_is_said) {
  Bench b;
  b.happens("web");
  b.run();
  for (std::size_t i = 0; i < kEventsKept + 7; ++i) b.happens("web");
  EXPECT_EQ(b.run().size(), kEventsKept);
  EXPECT_EQ(b.state().missed, 7);
}

TEST(Notify, no_more_than_a_few_are_under_way_at_once) {
  Bench b;
  for (int i = 0; i < 30; ++i) b.happens("r" + std::to_string(i));
  EXPECT_EQ(b.step().size(), kInFlight);
  EXPECT_THAT(b.step(), IsEmpty());
}

TEST(Notify, a_release_that_is_gone_leaves_nothing_behind) {
  Bench b;
  b.happens("web");
  b.run();
  ASSERT_EQ(b.state().positions.size(), 1u);
  b.gone("web");
  b.step();
  EXPECT_TRUE(b.state().positions.empty());
}

TEST(Notify, positions_are_bounded_and_nothing_is_told_again_for_it) {
  Bench b;
  const int many = static_cast<int>(kPositionsKept) + 100;
  for (int i = 0; i < many; ++i) b.wait(base::seconds(1)), b.happens("r" + std::to_string(i));
  EXPECT_EQ(b.run().size(), static_cast<std::size_t>(many));
  EXPECT_EQ(b.state().positions.size(), kPositionsKept);
  b.wait(base::seconds(1));
  b.happens("r0", "Released");
  EXPECT_THAT(b.run(), ElementsAre("r0/2"));
}

TEST(Notify, a_clock_that_jumped_back_ends_a_wait) {
  Bench b;
  b.happens("web");
  b.step();
  b.answer("web/1", 503);
  b.step();
  b.wait(-base::hours(10));
  EXPECT_THAT(b.step(), ElementsAre("web/1"));
}

TEST(Notify, its_status_is_read_as_it_was_written) {
  Bench b;
  b.happens("web");
  b.step();
  b.answer("web/1", 400);
  b.step();
  const Value written = write_state(b.state());
  EXPECT_EQ(write_state(read_state(written)), written);
}

}  // namespace
}  // namespace slipway::delivery::notify
