// Whose lines stand below a release that is shown live.
#include "cli/log_tail.h"

#include <gtest/gtest.h>

#include "data/json.h"

namespace slipway::cli {
namespace {

using data::Value;

Value json(std::string_view text) {
  auto v = data::parse_json(text);
  SLIPWAY_CHECK(v.has_value());
  return *v;
}

Value pod(const char* name, const char* hash, const char* born, const char* state) {
  Value out = json(R"({"metadata":{"labels":{}},"status":{}})");
  out.set({"metadata", "name"}, name);
  out.set({"metadata", "labels", "pod-template-hash"}, hash);
  out.set({"metadata", "creationTimestamp"}, born);
  out.set({"status", "containerStatuses"}, Value::array({Value::object({{"state", json(state)}})}));
  return out;
}

TEST(LogTail, reads_the_newest_pods_of_the_candidate_that_have_started) {
  constexpr const char *kRuns = R"({"running":{}})", *kWaits = R"({"waiting":{"reason":"ErrImagePull"}})";
  Sight sight;
  sight.objects.release = json(R"({"metadata":{"name":"web"},"status":{"phase":"Progressing",
      "stable":{"revision":1,"hash":"aaa"},"candidate":{"revision":2,"hash":"bbb"}}})");
  sight.objects.pods = {pod("stable", "aaa", "2026-11-23T12:00:00Z", kRuns),
                        pod("old", "bbb", "2026-11-23T12:00:01Z", kRuns),
                        pod("waits", "bbb", "2026-11-23T12:00:02Z", kWaits),
                        pod("ended", "bbb", "2026-11-23T12:00:03Z", R"({"terminated":{}})"),
                        pod("new", "bbb", "2026-11-23T12:00:04Z", kRuns)};
  std::string names;
  for (const Value& one : pods_for_tail(sight, 2)) names += one["metadata"]["name"].str() + " ";
  EXPECT_EQ(names, "new ended ");
  EXPECT_EQ(pods_for_tail(sight, 9).size(), 3u);
  sight.objects.pods.clear();
  EXPECT_TRUE(pods_for_tail(sight, 2).empty());
}

}  // namespace
}  // namespace slipway::cli
