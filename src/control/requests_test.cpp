#include "control/requests.h"

#include <gtest/gtest.h>

#include "data/json.h"
#include "data/patch.h"

namespace slipway::control {
namespace {

using data::Value;

Value json(std::string_view text) { return *data::parse_json(text); }

Patch scaled() {
  return {.resource = api::kReplicaSets,
          .space = "shop",
          .name = "web-1",
          .uid = "u1",
          .body = json(R"({"spec":{"replicas":3},"metadata":{"annotations":{"example.com/size":"4"}}})"),
          .seen = {{{"metadata", "generation"}, 7}, {{"metadata", "labels", "slipway.dev/release"}, "web"}}};
}

const char* const kObserved = R"({"metadata":{"uid":"u1","resourceVersion":"20","generation":7,"annotations":{"a":"b"},
  "labels":{"slipway.dev/release":"web"}},"spec":{"replicas":4}})";

TEST(Requests, a_patch_that_names_what_was_seen_is_refused_only_when_that_has_changed) {
  const client::Request request = request_of(scaled(), "release");
  EXPECT_EQ(request.patch_type, client::PatchType::Json);
  EXPECT_EQ(request.field_manager, "release");
  Value now = json(kObserved);
  now.set({"metadata", "resourceVersion"}, "21");
  now.set({"status", "readyReplicas"}, 4);
  const auto applied = data::apply_json_patch(now, request.body);
  ASSERT_TRUE(applied) << applied.error().message;
  EXPECT_EQ((*applied)["spec"]["replicas"], Value(3));
  EXPECT_EQ((*applied)["metadata"]["annotations"], json(R"({"a":"b","example.com/size":"4"})"));
  EXPECT_EQ((*applied)["status"]["readyReplicas"], Value(4));
  for (const auto& [path, value] :
       std::vector<std::pair<const char*, Value>>{{"uid", "u2"},
                                                  {"generation", 8},
                                                  {"labels", Value::object()},
                                                  {"labels", json(R"({"slipway.dev/release":"x"})")}}) {
    Value other = now;
    other.set({"metadata", path}, value);
    EXPECT_FALSE(data::apply_json_patch(other, request.body)) << path;
  }
}

TEST(Requests, that_it_is_not_as_it_was_seen_is_a_conflict_whatever_the_server_calls_it) {
  const base::Error refused{base::Code::Invalid, "the server rejected our request due to an error in our request"};
  EXPECT_EQ(refusal_of(scaled(), refused).code, base::Code::Conflict);
  EXPECT_EQ(refusal_of(scaled(), {base::Code::Forbidden, "no"}).code, base::Code::Forbidden);
  Patch other = scaled();
  other.seen.clear();
  EXPECT_EQ(refusal_of(other, refused).code, base::Code::Invalid);
}

}  // namespace
}  // namespace slipway::control
