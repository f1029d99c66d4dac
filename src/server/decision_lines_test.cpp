#include "server/decision_lines.h"

#include <gtest/gtest.h>

#include "data/json.h"

namespace slipway::server {
namespace {

control::DecisionRecord record(std::string outcome) {
  return {.last = *base::parse_time("2026-11-30T12:00:00Z"),
          .controller = "release",
          .object = {"shop", "web"},
          .reasons = {{.rule = "step.done", .text = "done: 5 %"}},
          .effects = {"patch httproutes web"},
          .notes = {{.kind = control::Note::Kind::Warning, .reason = "Halted", .message = "errors"}},
          .outcome = std::move(outcome)};
}

TEST(DecisionLines, a_decision_is_one_line_of_json) {
  const std::string line = line_of(record("done"));
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const auto read = data::parse_json(line);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ((*read)["time"].as_string(), "2026-11-30T12:00:00.000000Z");
  EXPECT_EQ((*read)["level"].as_string(), "info");
  EXPECT_EQ((*read)["namespace"].as_string(), "shop");
  EXPECT_EQ((*read)["reasons"].at(0)["text"].as_string(), "done: 5 %");
  EXPECT_EQ((*read)["effects"].at(0).as_string(), "patch httproutes web");
  EXPECT_EQ((*read)["notes"].at(0)["type"].as_string(), "Warning");
}

TEST(DecisionLines, what_was_refused_has_a_level_of_its_own) {
  EXPECT_EQ((*data::parse_json(line_of(record("refused: weights-add-up: no"))))["level"].as_string(), "error");
  EXPECT_EQ((*data::parse_json(line_of(record("the object has been modified"))))["level"].as_string(), "warning");
}

}  // namespace
}  // namespace slipway::server
