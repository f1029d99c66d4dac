// What two statuses of a Release tell.
#include "delivery/notify/happenings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/testing.h"

namespace slipway::delivery::notify {
namespace {

using data::Value;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Value status(const std::string& text) {
  return api::testing::yaml("{stable: {revision: 1, hash: h1, images: web=shop:v1}, " + text + "}");
}

std::vector<std::string> told(const Value& before, const Value& after) {
  std::vector<std::string> out;
  for (const Event& event : happenings(before, after)) out.emplace_back(to_text(event.what));
  return out;
}
Value data_of(const Value& before, const Value& after) { return happenings(before, after).at(0).data; }

const std::string kCandidate =
    "candidate: {revision: 2, hash: h2, images: web=shop:v2, startedAt: '2026-11-29T12:00:00.000000Z'}";

TEST(Happenings, a_release_begins_goes_on_and_ends) {
  const Value idle = status("phase: Idle");
  const Value begun = status("phase: Progressing, step: {index: 0, count: 3}, " + kCandidate);
  const Value step =
      status("phase: Progressing, step: {index: 1, count: 3}, traffic: {wanted: 5, verified: 5}, " + kCandidate);
  const Value ended = api::testing::yaml(
      "{phase: Idle, stable: {revision: 2, hash: h2}, history: [{revision: 2, hash: h2, images: web=shop:v2, result: "
      "Released, "
      "startedAt: '2026-11-29T12:00:00Z', finishedAt: '2026-11-29T12:01:00Z'}]}");
  EXPECT_THAT(told(idle, begun), ElementsAre("Started"));
  EXPECT_THAT(told(begun, step), ElementsAre("Step"));
  EXPECT_THAT(told(step, step), IsEmpty());
  EXPECT_THAT(told(step, ended), ElementsAre("Released"));
  const Value data = data_of(begun, step);
  EXPECT_EQ(data["candidate"], api::testing::json(R"({"revision":2,"images":"web=shop:v2"})"));
  EXPECT_EQ(data["stable"], api::testing::json(R"({"revision":1,"images":"web=shop:v1"})"));
  EXPECT_EQ(data["share"], Value(5.0));
  EXPECT_EQ(data["step"], api::testing::json(R"({"index":2,"count":3})"));
  EXPECT_EQ(data_of(step, ended)["result"], Value("Released"));
}

TEST(Happenings, adoption_and_news_for_people_tell_nothing) {
  EXPECT_THAT(told(Value(), status("phase: Idle, history: [{revision: 1, hash: h1, result: Adopted}]")), IsEmpty());
  EXPECT_THAT(told(status("phase: Idle, message: a"), status("phase: Idle, message: b, replicas: {stable: 1}")),
              IsEmpty());
}

TEST(Happenings, whoever_has_to_act_is_told) {
  const Value going = status("phase: Progressing, " + kCandidate);
  EXPECT_THAT(told(going, status("phase: Paused, message: waits for approval, " + kCandidate)), ElementsAre("Paused"));
  const Value halted =
      status("phase: Paused, halt: {cause: Restarts, message: too many, at: '2026-11-29T12:00:00Z'}, " + kCandidate);
  EXPECT_THAT(told(going, halted), ElementsAre("Halted"));
  EXPECT_THAT(told(halted, halted), IsEmpty());
  EXPECT_EQ(data_of(going, halted)["cause"], Value("Restarts"));
  const Value waits = status("phase: Waiting, waiting: {reason: Window, window: night, until: '2026-11-30T00:00:00Z'}");
  EXPECT_THAT(told(going, waits), ElementsAre("Waiting"));
  EXPECT_EQ(data_of(going, waits)["waits"], Value("Window"));
  EXPECT_THAT(told(going, status("phase: Invalid, message: no such template")), ElementsAre("Invalid"));
  const Value stalled = status(
      "phase: Progressing, conditions: [{type: Stalled, status: 'True', reason: Forbidden, message: cannot patch}], " +
      kCandidate);
  EXPECT_THAT(told(going, stalled), ElementsAre("Stalled"));
  EXPECT_THAT(told(stalled, stalled), IsEmpty());
}

TEST(Happenings, a_variant_that_is_stopped_is_told_once) {
  const auto test = [](const std::string& b) {
    return status("phase: Paused, variants: [{name: a, revision: 2}, {name: b, revision: 3" + b + "}], " + kCandidate);
  };
  const Value both = test(""),
              one = test(", stoppedAt: '2026-11-29T12:00:00.000000Z', cause: Restarts, message: crashes");
  EXPECT_THAT(told(both, one), ElementsAre("VariantStopped"));
  EXPECT_EQ(data_of(both, one)["variant"], Value("b"));
  EXPECT_EQ(data_of(both, one)["cause"], Value("Restarts"));
  EXPECT_THAT(told(one, one), IsEmpty());
}

TEST(Happenings, a_command_says_who_and_why) {
  const Value after =
      status("phase: Progressing, command: {id: a, verb: promote, by: ann, reason: looks good, result: accepted}, " +
             kCandidate);
  const Value before = status("phase: Progressing, " + kCandidate);
  EXPECT_THAT(told(before, after), ElementsAre("Commanded"));
  EXPECT_EQ(data_of(before, after)["by"], Value("ann"));
  EXPECT_EQ(data_of(before, after)["reason"], Value("looks good"));
}

const std::string kBack =
    "cause: AnalysisFailed, message: errors failed, metric: errors/ratio, from: {revision: 2, images: web=shop:v2}, "
    "share: 25, startedAt: "
    "'2026-11-29T12:00:00.000000Z'";

TEST(Happenings, a_failed_verification_says_what_is_still_wrong) {
  const Value going = status(
      "phase: Progressing, analysis: [{run: r, metrics: [{name: ratio, value: 0.2, limit: 1 %}]}], " + kCandidate);
  const Value back =
      status("phase: RollingBack, analysis: [{run: r, metrics: [{name: ratio, value: 0.2, limit: 1 %}]}], rollback: {" +
             kBack + ", verification: {phase: Pending}}, " + kCandidate);
  const Value failed = status("phase: Verifying, rollback: {" + kBack +
                              ", verification: {phase: TimedOut, checks: [{name: traffic, state: Passed}, {name: "
                              "replicas, state: TimedOut, message: "
                              "1 of 4 stable pods are available}]}}, " +
                              kCandidate);
  const Value over = status("phase: RolledBack, lastRollback: {" + kBack +
                            ", verification: {phase: TimedOut}}, rejected: {revision: 2}, history: [{revision: 2, "
                            "result: RolledBack, cause: AnalysisFailed, "
                            "message: errors failed, verification: TimedOut}]");
  EXPECT_THAT(told(going, back), ElementsAre("RollingBack"));
  const Value begun = data_of(going, back);
  EXPECT_EQ(begun["cause"], Value("AnalysisFailed"));
  EXPECT_EQ(begun["why"], Value("errors failed"));
  EXPECT_EQ(begun["share"], Value(25.0));
  EXPECT_EQ(begun["metrics"].at(0), api::testing::json(R"({"name":"ratio","value":0.2,"limit":"1 %"})"));
  EXPECT_THAT(told(back, failed), ElementsAre("VerificationFailed"));
  EXPECT_EQ(
      data_of(back, failed)["checks"].at(0),
      api::testing::json(R"({"name":"replicas","state":"TimedOut","message":"1 of 4 stable pods are available"})"));
  EXPECT_THAT(told(failed, over), ElementsAre("RolledBack"));
  EXPECT_EQ(data_of(failed, over)["verification"], Value("TimedOut"));
}

TEST(Happenings, a_short_way_back_tells_all_in_one_write) {
  const Value back =
      status("phase: RollingBack, rollback: {" + kBack + ", verification: {phase: Pending}}, " + kCandidate);
  const Value over = status("phase: RolledBack, lastRollback: {" + kBack +
                            ", verification: {phase: Passed}}, history: [{revision: 2, result: RolledBack}]");
  EXPECT_THAT(told(back, over), ElementsAre("Verified", "RolledBack"));
}

TEST(Happenings, types_are_words_of_cloud_events) {
  EXPECT_EQ(type_of("Started"), "dev.slipway.release.started");
  EXPECT_EQ(type_of("VerificationFailed"), "dev.slipway.release.verification-failed");
}

TEST(KeptEvents, have_numbers_that_never_come_again_and_are_bounded) {
  const base::Time now = *base::parse_time("2026-11-29T12:00:00Z");
  const Value going = status("phase: Progressing, " + kCandidate), paused = status("phase: Paused, " + kCandidate);
  Value last = going;
  for (std::size_t i = 0; i < 2 * kEventsKept; ++i) {
    Value next = (i % 2 == 0 ? paused : going).with("events", last["events"]);
    keep_events(last, next, {"Paused"}, now);
    last = next;
  }
  ASSERT_EQ(last["events"].size(), kEventsKept);
  keep_events(going, last, {"Paused"}, now);
  EXPECT_EQ(last["events"].size(), kEventsKept);
  Value more = paused.with("events", last["events"]);
  keep_events(last, more, {"Paused"}, now);
  EXPECT_EQ(more["events"].size(), kEventsKept);
  EXPECT_EQ(more["events"].at(kEventsKept - 1)["number"], Value(static_cast<std::int64_t>(kEventsKept) + 1));
}

TEST(KeptEvents, nothing_is_kept_that_nobody_asks_for) {
  Value after = status("phase: Paused, " + kCandidate);
  const Value before = status("phase: Progressing, " + kCandidate), untouched = after;
  keep_events(before, after, {}, base::Time{});
  EXPECT_EQ(after, untouched);
  keep_events(before, after, {"Released"}, base::Time{});
  EXPECT_EQ(after, untouched);
}

TEST(KeptEvents, texts_are_cut_between_characters) {
  std::string longer;
  for (std::size_t i = 0; i < kMostText; ++i) longer += "ä";
  const Value before = status("phase: Progressing, " + kCandidate);
  Value after = status("phase: Paused, " + kCandidate).with("message", longer);
  keep_events(before, after, {"Paused"}, base::Time{});
  const std::string message = after["events"].at(0)["data"]["message"].str();
  EXPECT_LE(message.size(), kMostText + 4);
  EXPECT_THAT(message, HasSubstr("ä ..."));
}

}  // namespace
}  // namespace slipway::delivery::notify
