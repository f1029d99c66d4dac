#include "gateway/failures.h"

#include <gtest/gtest.h>

namespace slipway::gateway {
namespace {

using base::seconds;

base::MonoTime at(double s) { return base::MonoTime(base::from_seconds(1000 + s)); }
base::Time wall(int s) { return base::Time(seconds(1'700'000'000 + s)); }

struct Log {
  Failures failures;
  void fail(std::string_view method, std::string_view path, int status, int second, std::string_view on = "web-1") {
    failures.add({.method = method, .path = path, .status = status, .at = wall(second), .ended = at(second), .on = on});
  }
  std::vector<FailureKind> kinds(int window, int now) const { return failures.kinds(seconds(window), at(now)); }
};

TEST(PathPattern, leaves_out_what_tells_one_thing_from_another) {
  EXPECT_EQ(path_pattern("/cart/17/items?user=3"), "/cart/*/items");
  EXPECT_EQ(path_pattern("/u/3f2504e0-4f89-11d3-9a0c-0305e82c3301"), "/u/*");
  EXPECT_EQ(path_pattern("/blob/deadbeef01"), "/blob/*");
  EXPECT_EQ(path_pattern("/of/ann@shop.example"), "/of/*");
  EXPECT_EQ(path_pattern("/v1/facade/feedbeef"), "/v1/facade/feedbeef") << "words of these letters stay";
  EXPECT_EQ(path_pattern("/x/" + std::string(41, 'k')), "/x/*");
  EXPECT_EQ(path_pattern("/1/2/3/4/5/6/7/8/9"), "/*/*/*/*/*/*/*/*/...");
  EXPECT_EQ(path_pattern("//a//b/"), "/a/b");
  for (const char* root : {"", "/", "?x", "//"}) EXPECT_EQ(path_pattern(root), "/") << root;
}

TEST(Failures, are_counted_by_what_was_asked_for) {
  Log log;
  log.fail("GET", "/", 503, 0, "");
  for (int i = 1; i <= 3; ++i) log.fail("POST", "/cart/" + std::to_string(i), 500, i, "web-" + std::to_string(i));
  const auto kinds = log.kinds(60, 5);
  ASSERT_EQ(kinds.size(), 2u);
  EXPECT_EQ(kinds[0], (FailureKind{"POST", "/cart/*", 500, 3, wall(1), "web-1"}));
  EXPECT_EQ(kinds[1], (FailureKind{"GET", "/", 503, 1, wall(0), ""}));
  const auto later = log.kinds(3, 5);
  ASSERT_EQ(later.size(), 1u) << "those that ended within the window";
  EXPECT_EQ(later[0], (FailureKind{"POST", "/cart/*", 500, 1, wall(3), "web-3"}));
  EXPECT_TRUE(log.kinds(3, 60).empty());
}

TEST(Failures, keep_the_newest_and_as_many_kinds_as_have_a_place) {
  Log log;
  for (int i = 0; i < 5000; ++i) log.fail("GET", "/page/p" + std::to_string(i % 100), 500, i);
  const auto kinds = log.kinds(10'000, 5000);
  ASSERT_EQ(kinds.size(), Failures::kKinds + 1);
  std::uint64_t all = 0;
  for (const FailureKind& k : kinds) all += k.count;
  EXPECT_EQ(all, Failures::kKept);
  EXPECT_EQ(kinds[0].method, "") << "most have no place of their own";
  // Places are free again when their failures are forgotten.
  for (int i = 0; i < 2000; ++i) log.fail("GET", "/other", 502, 6000 + i);
  const auto now = log.kinds(10'000, 8000);
  ASSERT_EQ(now.size(), 1u);
  EXPECT_EQ(now[0].path, "/other");
}

TEST(Failures, of_several_gateways_add_up) {
  Log here, there;
  here.fail("GET", "/a", 500, 5, "web-1");
  there.fail("GET", "/a", 500, 3, "web-2");
  there.fail("GET", "/a", 502, 4, "web-2");
  auto all = *failure_kinds_of(to_value(here.kinds(60, 9)));
  add(all, *failure_kinds_of(to_value(there.kinds(60, 9))));
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0], (FailureKind{"GET", "/a", 500, 2, wall(3), "web-2"}));
  EXPECT_FALSE(failure_kinds_of(data::Value::array({data::Value::object({{"count", 3}})})));
}

}  // namespace
}  // namespace slipway::gateway
