#include "workload/deployment/rollout.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <numeric>

namespace slipway::workload::deployment {
namespace {

using data::Value;

Value rolling(Value surge, Value unavailable) {
  return Value::object({{"type", "RollingUpdate"},
                        {"rollingUpdate", Value::object({{"maxSurge", surge}, {"maxUnavailable", unavailable}})}});
}

TEST(Fenceposts, Surge_rounds_up_and_unavailability_down) {
  struct Case {
    Value surge, unavailable;
    std::int64_t desired;
    Fenceposts expected;
  };
  const Case cases[] = {
      {"25%", "25%", 10, {3, 2}}, {"25%", "25%", 1, {1, 0}}, {"25%", "25%", 4, {1, 1}}, {0, "10%", 5, {0, 1}},
      {0, 3, 2, {0, 2}},          {"0%", "0%", 5, {0, 1}},   {2, 0, 5, {2, 0}},         {"100%", "100%", 3, {3, 3}},
      {"33%", "66%", 7, {3, 4}},  {"25%", "25%", 0, {0, 0}},
  };
  for (const Case& c : cases)
    EXPECT_EQ(*resolve_fenceposts(rolling(c.surge, c.unavailable), c.desired), c.expected) << c.desired;
}

TEST(Fenceposts, Default_is_a_quarter_each_way) { EXPECT_EQ(*resolve_fenceposts(Value(), 8), (Fenceposts{2, 2})); }

TEST(Fenceposts, Nonsense_is_refused) {
  EXPECT_FALSE(resolve_fenceposts(rolling("many", 1), 8).has_value());
  EXPECT_FALSE(resolve_fenceposts(rolling(1, "-5%%"), 8).has_value());
}

TEST(Growth, Fills_the_surge_and_never_passes_the_desired_number) {
  EXPECT_EQ(grown_size(0, 10, 10, {3, 2}), 3);
  EXPECT_EQ(grown_size(3, 13, 10, {3, 2}), 3);   // no room
  EXPECT_EQ(grown_size(9, 11, 10, {3, 2}), 10);  // one is missing
  EXPECT_EQ(grown_size(0, 0, 10, {3, 2}), 10);   // nothing runs yet
}

TEST(Shrinking, Takes_unavailable_replicas_before_available_ones) {
  // Ten desired, two may be unavailable; the old set has four broken replicas.
  EXPECT_EQ(shrunk_sizes({{10, 6, 4}}, {3, 3}, 10, {3, 2}), (std::vector<std::int64_t>{5}));
  EXPECT_EQ(shrunk_sizes({{10, 10}}, {3, 0}, 10, {3, 2}), (std::vector<std::int64_t>{8}));
  EXPECT_EQ(shrunk_sizes({{8, 8}}, {5, 0}, 10, {3, 2}), (std::vector<std::int64_t>{8}));
}

TEST(Shrinking, Begins_with_the_oldest_set) {
  EXPECT_EQ(shrunk_sizes({{4, 4}, {4, 4}}, {4, 4}, 10, {3, 2}), (std::vector<std::int64_t>{0, 4}));
}

// They may all be available: then the unhealthy ones of the other set would be missing as well.
TEST(Shrinking, Takes_no_replica_for_unhealthy_that_may_be_available) {
  EXPECT_EQ(shrunk_sizes({{6, 0, 0}, {4, 1, 3}}, {2, 2}, 10, {2, 1}), (std::vector<std::int64_t>{6, 1}));
  EXPECT_EQ(shrunk_sizes({{6, 0, 6}, {4, 1, 3}}, {2, 2}, 10, {2, 1}), (std::vector<std::int64_t>{3, 4}));
}

TEST(Proportion, Keeps_shares_and_gives_the_rest_to_the_largest) {
  // The documentation's example: 10 -> 15 with surge 3, old 8 and new 5.
  EXPECT_EQ(proportional_sizes({{8, 13, "2026-01-01T00:00:00Z"}, {5, 13, "2026-01-02T00:00:00Z"}}, 15, {3, 2}, 13),
            (std::vector<std::int64_t>{11, 7}));
  EXPECT_EQ(proportional_sizes({{8, 13, "a"}, {5, 13, "b"}}, 0, {3, 2}, 13), (std::vector<std::int64_t>{0, 0}));
  EXPECT_EQ(proportional_sizes({{5, 10, "a"}, {5, 10, "b"}}, 5, {0, 1}, 10), (std::vector<std::int64_t>{2, 3}));
}

RC_GTEST_PROP(Proportion, Gives_exactly_what_is_allowed, ()) {
  const auto desired = *rc::gen::inRange<std::int64_t>(0, 200);
  const Fenceposts posts{*rc::gen::inRange<std::int64_t>(0, 50), 0};
  const auto before = *rc::gen::inRange<std::int64_t>(1, 200);
  const auto raw =
      *rc::gen::nonEmpty(rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(1, 60)));
  std::vector<Share> sets;
  for (const std::int64_t size : raw) sets.push_back({size, before, std::to_string(sets.size())});
  const auto sizes = proportional_sizes(sets, desired, posts, before);
  const std::int64_t total = std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0});
  for (const std::int64_t size : sizes) RC_ASSERT(size >= 0);
  // The largest set alone may not be able to give back all that rounding leaves.
  if (desired > 0) RC_ASSERT(total >= desired + posts.surge);
  if (desired > 0 && desired + posts.surge >= std::accumulate(raw.begin(), raw.end(), std::int64_t{0}))
    RC_ASSERT(total == desired + posts.surge);
  if (desired == 0) RC_ASSERT(total == 0);
}

RC_GTEST_PROP(Shrinking, Never_takes_an_available_replica_below_the_minimum, ()) {
  const auto desired = *rc::gen::inRange<std::int64_t>(1, 100);
  const Fenceposts posts{*rc::gen::inRange<std::int64_t>(0, 20), *rc::gen::inRange<std::int64_t>(0, desired + 1)};
  // What is neither for sure may be one or the other.
  auto load = [] {
    const auto size = *rc::gen::inRange<std::int64_t>(0, 60);
    const auto available = *rc::gen::inRange<std::int64_t>(0, size + 1);
    return Load{size, available, *rc::gen::inRange<std::int64_t>(0, size - available + 1)};
  };
  std::vector<Load> old_sets(static_cast<std::size_t>(*rc::gen::inRange(1, 5)));
  std::vector<std::int64_t> really;
  for (Load& set : old_sets) {
    set = load();
    really.push_back(*rc::gen::inRange<std::int64_t>(set.available, set.size - set.unhealthy + 1));
  }
  const Load new_set = load();
  const auto sizes = shrunk_sizes(old_sets, new_set, desired, posts);
  // The worst choice of victims: available ones last, as the ReplicaSet does.
  std::int64_t before = new_set.available, after = new_set.available;
  for (std::size_t i = 0; i < sizes.size(); ++i) before += really[i], after += std::min(sizes[i], really[i]);
  RC_ASSERT(after >= std::min(before, desired - posts.unavailable));
}

}  // namespace
}  // namespace slipway::workload::deployment
