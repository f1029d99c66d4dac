// Nothing that somebody wrote breaks a line of a picture.
#include "view/plain.h"

#include <gtest/gtest.h>

#include "view/test_objects.h"

namespace slipway::view {
namespace {

using namespace test;

constexpr std::string_view kWild = "one\ntwo\x1b[31m";
const std::string kText(kWild);

// Wild wherever people, pods and routers write.
Objects wild(Objects o) {
  delivery::State s = delivery::read_state(o.release["status"]);
  s.message = s.stable->images = kText;
  if (s.candidate) s.candidate->images = kText;
  s.override_windows = {.by = kText, .reason = kText, .at = ago(9)};
  s.troubles = {{.kind = delivery::TroubleKind::NoData, .object = kText, .message = kText}};
  s.log.push_back(entry(30, "guard", kText.c_str()));
  Value command = entry(20, "command", kText.c_str());
  command.set("inputs", json(R"({"verb":"promote","accepted":true,"step":1})").with("by", kText).with("reason", kText));
  s.log.push_back(command);
  Value past = json(R"({"revision":11,"result":"RolledBack"})");
  for (const char* field : {"images", "message", "by", "reason"}) past.set(field, kText);
  s.history = Value::array({past});
  if (s.last_rollback) {
    s.last_rollback->message = s.last_rollback->from.images = s.last_rollback->verification.checks[0].message = kText;
    o.findings = {{kText, kText, 2}};
    o.replica_sets[1].set({"spec", "template", "spec", "containers"},
                          Value::array({Value::object({{"name", kText}, {"image", kText}})}));
  }
  o.release.set("status", delivery::write_state(s));
  o.deployment.set({"metadata", "annotations", "kubernetes.io/change-cause"}, kText);
  Value steps = o.release["spec"]["strategy"]["canary"]["steps"];
  steps = Value::array({steps.at(0).with("name", kText), steps.at(1), steps.at(2), steps.at(3)});
  o.release.set({"spec", "strategy", "canary", "steps"}, steps);
  Value container = json(R"({"state":{"waiting":{}}})");
  container.set({"state", "waiting", "reason"}, kText);
  container.set({"state", "waiting", "message"}, kText);
  o.pods[2].set({"status", "containerStatuses"}, Value::array({container}));
  return o;
}

void expect_lines(const Lines& lines, const char* of) {
  EXPECT_FALSE(lines.empty()) << of;
  bool told = false;
  for (const std::string& line : lines) {
    EXPECT_EQ(line.find_first_of("\n\x1b"), line.npos) << of << ": " << line;
    told = told || line.contains("one two [31m");
  }
  EXPECT_TRUE(told) << of << " tells it";
}

TEST(Plain, no_picture_has_a_line_that_somebody_broke) {
  const Style style{.width = 0};
  const ReleaseView v = compute(wild(objects_with(canary_state())), kNow);
  EXPECT_TRUE(v.message.contains('\n')) << "JSON shows it as it is";
  expect_lines(render_live(v, style), "live");
  expect_lines(render_tree(v, style), "tree");
  expect_lines(render_changes(nullptr, v), "changes");
  expect_lines({render_waiting(v)}, "waiting");
  expect_lines(render_troubles(v, style), "troubles");
  expect_lines(render_history(v, style), "history");
  expect_lines(render_explain(v, style), "explain");
  expect_lines({render_summary(v)}, "summary");
  expect_lines({versions_text(v)}, "versions");
}

TEST(Plain, nor_has_the_evidence_of_a_rollback) {
  const ReleaseView v = compute(wild(rolled_back()), kNow);
  expect_lines(render_rollback(v, {.width = 0}), "rollback");
  expect_lines(render_live(v, {.width = 0}), "live");
}

TEST(Plain, a_message_is_told_apart_from_its_troubles_all_the_same) {
  ReleaseView v;
  v.troubles = {{.kind = delivery::TroubleKind::NoData, .object = "Pod a", .message = kText}};
  v.message = "waiting; Pod a: " + kText;
  const Lines lines = render_live(v, {.width = 0});
  EXPECT_NE(std::find(lines.begin(), lines.end(), "Pending: waiting"), lines.end()) << text(lines);
}

}  // namespace
}  // namespace slipway::view
