#include "cli/send.h"

#include <gtest/gtest.h>

#include "data/json.h"

namespace slipway::cli {
namespace {

using data::Value;
using delivery::Verb;

// A Release with this command, and this status.
Value release(const std::string& id, Verb verb, const std::string& status) {
  Value out = delivery::command_patch({.id = id, .verb = verb, .by = "bob"});
  const auto read = data::parse_json(status);
  SLIPWAY_CHECK(read.has_value());
  out.set("status", *read);
  return out;
}

TEST(Send, waits_for_a_command_that_nobody_has_answered) {
  const Value pending = release("1", Verb::Promote, "{}");
  const auto other = in_the_way(pending, {.id = "2", .verb = Verb::Back});
  ASSERT_TRUE(other.has_value());
  EXPECT_EQ(other->verb, Verb::Promote);
  EXPECT_FALSE(in_the_way(release("1", Verb::Promote, R"({"command":{"id":"1"}})"), {.id = "2", .verb = Verb::Back}));
  EXPECT_FALSE(in_the_way(Value::object(), {.id = "2", .verb = Verb::Back}));
}

TEST(Send, an_abort_waits_for_nothing_but_an_abort) {
  EXPECT_FALSE(in_the_way(release("1", Verb::Promote, "{}"), {.id = "2", .verb = Verb::Abort}));
  EXPECT_TRUE(in_the_way(release("1", Verb::Abort, "{}"), {.id = "2", .verb = Verb::Abort}));
  EXPECT_TRUE(in_the_way(release("1", Verb::Abort, "{}"), {.id = "2", .verb = Verb::Promote}));
}

TEST(Send, an_answer_is_found_after_the_next_command_has_come) {
  const delivery::Command mine{.id = "1", .verb = Verb::Promote};
  EXPECT_EQ(answer_to(release("1", Verb::Promote, "{}"), mine), std::nullopt);
  EXPECT_EQ(answer_to(release("1", Verb::Promote, R"({"command":{"id":"1","result":"accepted"}})"), mine),
            (Answer{true, "accepted"}));
  EXPECT_EQ(answer_to(release("2", Verb::Back, R"({"command":{"id":"2"},"log":[{"inputs":{"id":"1","accepted":false,
                      "result":"refused: no"}}]})"),
                      mine),
            (Answer{false, "refused: no"}));
  EXPECT_EQ(answer_to(release("2", Verb::Abort, "{}"), mine),
            (Answer{false, "not carried out: `abort of bob` came before it was answered"}));
}

}  // namespace
}  // namespace slipway::cli
