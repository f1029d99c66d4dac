#include "view/steps.h"

#include <gtest/gtest.h>

#include "view/step_text.h"
#include "view/test_objects.h"

namespace slipway::view {
namespace {

using delivery::Phase;
using namespace test;

TEST(Steps, what_is_left_is_what_the_plan_still_asks_for) {
  delivery::State s = canary_state();
  Objects o = objects_with(s);
  o.release.set({"spec", "strategy", "canary", "steps"},
                json(R"([{"weight":5},{"analysis":{"templates":[{"name":"errors"}]}},{"pause":{"duration":"8m"}},
                        {"analysis":{"templates":[{"name":"errors"}]}}])"));
  stand_at(o, 1);
  o.runs[0].set({"spec", "metrics"}, json(R"([{"name":"error-rate","interval":"30s","count":5}])"));
  ReleaseView v = compute(o, kNow);
  EXPECT_NE(text(render_live(v, {})).find("at least 9m30s left"), std::string::npos)
      << "the last analysis is of unknown length\n"
      << text(render_live(v, {}));
  EXPECT_NE(text(render_live(v, {})).find(" ● 2 analysis errors  30s of 2m "), std::string::npos);
  o.templates = {json(
      R"({"metadata":{"name":"errors"},"spec":{"metrics":[{"interval":"30s","count":5},{"initialDelay":"1m"}]}})")};
  v = compute(o, kNow);
  EXPECT_NE(text(render_live(v, {})).find("about 11m left"), std::string::npos) << text(render_live(v, {}));
  EXPECT_EQ(to_value(v)["left"], json(R"({"seconds":690.0,"approvals":0,"complete":true})"));
  o.runs[0].set({"status", "startedAt"}, delivery::stamp(ago(180)));
  v = compute(o, kNow);
  EXPECT_NE(text(render_live(v, {})).find(" ● 2 analysis errors  3m (2m planned) "), std::string::npos)
      << "samples are lacking\n"
      << text(render_live(v, {}));
  EXPECT_NE(text(render_live(v, {})).find("about 10m left"), std::string::npos);
  s.position.full = true;
  o.release.set("status", delivery::write_state(s));
  EXPECT_FALSE(compute(o, kNow).left) << "a person has asked to skip all that lasts";
}

// A batch is pods, traffic, a wait, an analysis and an approval.
TEST(Steps, the_time_of_a_batch_is_that_of_what_it_does_now) {
  delivery::State s = canary_state();
  s.user_step = 0, s.user_steps = 2;
  s.position.since = ago(8);
  s.log = Value::array({entry(138, "release.start", "revision 13 is to replace revision 12")});
  Objects o = objects_with(s);
  o.runs = {};
  o.templates = {json(R"({"metadata":{"name":"errors"},"spec":{"metrics":[{"interval":"30s","count":3}]}})")};
  o.release.set({"spec", "target", "kind"}, "StatefulSet");
  o.release.erase({"spec", "traffic"});
  o.release.set({"spec", "strategy"}, json(R"({"rolling":{"batches":[
      {"percent":50,"bake":"10s","analysis":{"templates":[{"name":"errors"}]},"approve":true},{"percent":100}]}})"));
  const auto shown = [&](int parts_before_the_last) {
    stand_at(o, 0, parts_before_the_last);
    const ReleaseView v = compute(o, kNow);
    return time_text(v.steps[0], kNow) + ", " + left_text(v);
  };
  EXPECT_EQ(shown(3), "2m18s, about 70s and 1 approval left") << "its pods start";
  EXPECT_EQ(shown(2), "8s of 10s, about 62s and 1 approval left");
  EXPECT_EQ(shown(1), "2m18s, about 60s and 1 approval left") << "its run has not begun";
  o.runs = {run("web-13-1-1", 0, "Running", 0.004)};
  o.runs[0].set({"spec", "metrics"}, json(R"([{"name":"error-rate","interval":"30s","count":3}])"));
  EXPECT_EQ(shown(1), "30s of 60s, about 30s and 1 approval left");
  EXPECT_EQ(shown(0), "2m18s, 1 approval left") << "the wait is over";
  o.release.set({"status", "phase"}, "Paused");
  EXPECT_EQ(shown(2), "2m18s, about 70s and 1 approval left") << "after spec.paused it waits anew";
}

TEST(Steps, promote_is_taken_where_a_person_is_waited_for_or_a_time_may_be_ended) {
  Objects o = objects_with(canary_state());
  const auto taken_at = [&](int step, Phase phase) {
    o.release.set({"status", "phase"}, delivery::to_text(phase));
    stand_at(o, step);
    return compute(o, kNow).takes_promote;
  };
  EXPECT_FALSE(taken_at(0, Phase::Progressing));
  EXPECT_FALSE(taken_at(1, Phase::Progressing)) << "it measures";
  EXPECT_TRUE(taken_at(1, Phase::Paused)) << "it cannot tell";
  EXPECT_TRUE(taken_at(3, Phase::Paused));
  o.release.set({"status", "halt"}, json(R"({"cause":"Restarts","message":"it restarts"})"));
  EXPECT_TRUE(taken_at(2, Phase::Paused));
  o.release.erase({"status", "halt"});
  EXPECT_FALSE(taken_at(2, Phase::Paused));
  o.release.set({"status", "position", "backTo"}, 1);
  EXPECT_TRUE(taken_at(2, Phase::Paused)) << "a person went back";
  o.release.erase({"status", "position", "backTo"});
  o.release.set({"spec", "strategy"}, json(R"({"blueGreen":{"previewNamespace":"shop-preview"}})"));
  EXPECT_FALSE(taken_at(0, Phase::Paused)) << "the namespace does not let it in";
  EXPECT_TRUE(taken_at(1, Phase::Paused));
  EXPECT_FALSE(taken_at(2, Phase::Progressing)) << "it switches";
  EXPECT_TRUE(taken_at(3, Phase::Keeping));
}

}  // namespace
}  // namespace slipway::view
