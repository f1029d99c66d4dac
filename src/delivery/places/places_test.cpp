#include "delivery/places/places.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <random>

#include "control/mutants.h"
#include "data/json.h"

namespace slipway::delivery::places {
namespace {

using data::Value;

Value json(const std::string& text) { return *data::parse_json(text); }

Value policy(const std::string& spec) {
  return json(R"({"metadata":{"name":"cluster","generation":1},"spec":)" + spec + "}");
}
Value release(const std::string& space, const std::string& name, const std::string& status) {
  return json(fmt::format(R"({{"metadata":{{"namespace":"{}","name":"{}","uid":"{}/{}"}},"status":{}}})", space, name,
                          space, name, status));
}
Value asking(const std::string& space, const std::string& name, int ticket, int second) {
  return release(space, name,
                 fmt::format(R"({{"phase":"Waiting","waiting":{{"reason":"Place"}},"ticket":{{"number":{},"since":
    "2026-11-23T12:00:{:02}.000000Z"}}}})",
                             ticket, second));
}
Value under_way(const std::string& space, const std::string& name, int ticket) {
  return release(space, name, fmt::format(R"({{"candidate":{{"revision":2}},"ticket":{{"number":{}}}}})", ticket));
}
Value at_rest(const std::string& space, const std::string& name, int ticket) {
  return release(space, name, fmt::format(R"({{"phase":"Idle","ticket":{{"number":{}}}}})", ticket));
}

std::string places_of(const Value& policy) {
  std::string out;
  for (const Value& p : policy["status"]["places"].items())
    out += fmt::format("{}{}#{}", out.empty() ? "" : " ", p["uid"].as_string(), p["ticket"].as_int());
  return out;
}
Value decided(Value policy, const std::vector<Value>& releases) {
  policy.set("status", decide(policy, releases).status);
  return policy;
}

TEST(Places, are_given_in_the_order_in_which_releases_wanted_to_begin) {
  const std::vector<Value> all = {asking("a", "late", 1, 9), asking("b", "first", 4, 1), asking("a", "second", 2, 2),
                                  asking("c", "also-second", 1, 2), at_rest("a", "rests", 3)};
  const Value p = decided(policy(R"({"maxConcurrent":2})"), all);
  EXPECT_EQ(places_of(p), "a/second#2 b/first#4");
  EXPECT_EQ(queue_text(p, all[3]), "waits for its turn: 2 releases are under way, the cap is 2; 1st in the queue");
  EXPECT_EQ(queue_text(p, all[0]), "waits for its turn: 2 releases are under way, the cap is 2; 2nd in the queue");
  EXPECT_TRUE(has_place(p, "b/first", 4));
  EXPECT_FALSE(has_place(p, "b/first", 3)) << "an old ticket";
  EXPECT_EQ(decide(p, all).status, p["status"]) << "steady";
}

TEST(Places, a_full_namespace_lets_others_pass) {
  const std::vector<Value> all = {under_way("a", "one", 1), asking("a", "two", 1, 1), asking("b", "three", 1, 2)};
  const Value p = decided(policy(R"({"maxConcurrent":3,"maxConcurrentPerNamespace":1})"), all);
  EXPECT_EQ(places_of(p), "a/one#1 b/three#1");
  EXPECT_EQ(queue_text(p, all[1]),
            "waits for its turn: 1 release is under way in namespace a, the cap is 1; 1st in the queue");
}

TEST(Places, are_kept_until_the_claim_was_seen_to_end) {
  Value p = decided(policy(R"({"maxConcurrent":1})"), {asking("a", "x", 7, 1), asking("a", "y", 1, 2)});
  EXPECT_EQ(places_of(p), "a/x#7");
  // A cache that is behind shows x as it was before it asked: nobody else gets the place.
  p = decided(p, {at_rest("a", "x", 6), asking("a", "y", 1, 2)});
  EXPECT_EQ(places_of(p), "a/x#7");
  p = decided(p, {under_way("a", "x", 7), asking("a", "y", 1, 2)});
  EXPECT_EQ(places_of(p), "a/x#7");
  p = decided(p, {at_rest("a", "x", 7), asking("a", "y", 1, 2)});
  EXPECT_EQ(places_of(p), "a/y#1");
}

TEST(Places, end_with_their_release_and_are_not_inherited_by_one_of_the_same_name) {
  Value p = decided(policy(R"({"maxConcurrent":1})"), {under_way("a", "x", 2)});
  EXPECT_EQ(places_of(decided(p, {})), "");
  Value reborn = asking("a", "x", 1, 5);
  reborn.set({"metadata", "uid"}, "another");
  p = decided(p, {reborn, asking("a", "w", 1, 3)});
  EXPECT_EQ(places_of(p), "a/w#1");
}

TEST(Places, releases_that_are_under_way_when_the_cap_comes_go_on_and_count) {
  const std::vector<Value> all = {under_way("a", "x", 0), under_way("a", "y", 0), asking("a", "z", 1, 1)};
  const Value p = decided(policy(R"({"maxConcurrent":1})"), all);
  EXPECT_EQ(places_of(p), "a/x#0 a/y#0");
  EXPECT_EQ(decide(policy(R"({"stop":{"reason":"x"}})"), all).status, json(R"({"observedGeneration":1})"));
}

TEST(Places, only_the_first_of_the_queue_are_named) {
  std::vector<Value> all = {under_way("a", "x", 1)};
  for (int i = 0; i < 40; ++i) all.push_back(asking("a", fmt::format("w{:02}", i), 1, i));
  const Value p = decided(policy(R"({"maxConcurrent":1})"), all);
  EXPECT_EQ(p["status"]["waiting"], Value(40));
  EXPECT_EQ(p["status"]["queue"].size(), kQueueShown);
  EXPECT_EQ(queue_text(p, all[10]), "waits for its turn: 1 release is under way, the cap is 1; 10th in the queue");
  EXPECT_EQ(queue_text(p, all[11]),
            "waits for its turn: 1 release is under way, the cap is 1; more than 10 are before it");
}

TEST(Places, only_what_changes_them_asks_for_a_decision) {
  const Value p = decided(policy(R"({"maxConcurrent":1})"), {under_way("a", "x", 1)});
  EXPECT_FALSE(concerns(p, at_rest("a", "idle", 0)));
  EXPECT_FALSE(concerns(p, under_way("a", "x", 1))) << "its steps are its own affair";
  EXPECT_TRUE(concerns(p, at_rest("a", "x", 1)));
  EXPECT_TRUE(concerns(p, asking("a", "y", 1, 1)));
  EXPECT_FALSE(concerns(policy("{}"), asking("a", "y", 1, 1)));
}

// --- the cap holds exactly --------------------------------------------------------------------------------

// Releases and two deciders that see each other's writes late, in any order, and fail over in the middle.
class Late {
 public:
  explicit Late(std::uint32_t seed) : random_(seed), cap_(1 + seed % 3) {}

  void run(int turns) {
    for (int i = 0; i < turns; ++i) {
      catch_up();
      if (random_() % 3 == 0) decide_places();
      move(random_() % kReleases);
      most_over_ = std::max(most_over_, count() - cap_);
    }
  }
  std::int64_t most_over() const { return most_over_; }
  std::int64_t begun() const { return begun_; }

 private:
  static constexpr int kReleases = 6;
  enum class Is { AtRest, Asking, UnderWay };
  struct One {
    Is is = Is::AtRest;
    int ticket = 0, since = 0;
    bool operator==(const One&) const = default;
  };

  Value object(int i, const One& one) const {
    const std::string name = fmt::format("r{}", i);
    if (one.is == Is::Asking) return asking("a", name, one.ticket, one.since);
    return one.is == Is::UnderWay ? under_way("a", name, one.ticket) : at_rest("a", name, one.ticket);
  }
  std::int64_t count() const {
    return std::ranges::count_if(now_, [](const One& o) { return o.is == Is::UnderWay; });
  }
  // What the decider sees of each Release is any state that it has had, never an older one than before, except after
  // a failover.
  void catch_up() {
    for (int i = 0; i < kReleases; ++i)
      while (seen_[i].size() > 1 && random_() % 2 == 0) seen_[i].pop_front();
    if (random_() % 40 == 0)
      for (int i = 0; i < kReleases; ++i) seen_[i] = past_[i];
  }
  void decide_places() {
    std::vector<Value> releases;
    for (int i = 0; i < kReleases; ++i) releases.push_back(object(i, seen_[i].front()));
    Value p = policy(fmt::format(R"({{"maxConcurrent":{}}})", cap_));
    p.set("status", status_);
    earlier_ = status_;
    status_ = decide(p, releases).status;
  }
  void move(std::uint32_t i) {
    One& one = now_[i];
    const One before = one;
    Value p = policy("{}");
    p.set("status", random_() % 3 == 0 ? earlier_ : status_);  // a Release sees the policy late, too
    if (one.is == Is::AtRest)
      one = {Is::Asking, one.ticket + 1, clock_++ % 60};
    else if (one.is == Is::UnderWay ? random_() % 3 == 0 : random_() % 8 == 0)
      one.is = Is::AtRest;
    else if (one.is == Is::Asking && has_place(p, fmt::format("a/r{}", i), one.ticket))
      one.is = Is::UnderWay, ++begun_;
    if (one == before) return;
    seen_[i].push_back(one);
    past_[i] = {before, one};
  }

  std::mt19937 random_;
  std::array<One, kReleases> now_{};
  std::array<std::deque<One>, kReleases> seen_ = filled(), past_ = filled();
  static std::array<std::deque<One>, kReleases> filled() {
    std::array<std::deque<One>, kReleases> out;
    for (auto& each : out) each = {One{}};
    return out;
  }
  Value status_, earlier_;
  std::int64_t cap_, most_over_ = -100, begun_ = 0;
  int clock_ = 0;
};

RC_GTEST_PROP(PlacesProperty, the_cap_holds_however_late_anything_is_seen, ()) {
  Late world(*rc::gen::inRange<std::uint32_t>(0, 1'000'000));
  world.run(400);
  RC_ASSERT(world.most_over() <= 0);
  RC_ASSERT(world.begun() > 5);
}

TEST(Places, the_property_catches_one_place_too_many) {
  const control::PlantedMutant mistake(control::Mutant::GiveOnePlaceTooMany);
  Late world(1);
  world.run(400);
  EXPECT_GT(world.most_over(), 0);
}

}  // namespace
}  // namespace slipway::delivery::places
