// What there is to see of a change of colours.
#include <gtest/gtest.h>

#include "view/test_objects.h"

namespace slipway::view {
namespace {

using delivery::Phase;
using namespace test;

// In the middle of `step`, which began so many seconds ago.
delivery::State at_step(int step, int since) {
  delivery::State s = canary_state();
  s.log = Value::array({entry(138, "release.start", "revision 13 is to replace revision 12")});
  for (int i = 0; i < step; ++i) s.log.push_back(entry(since + (step - i - 1) * 10, "step.done", "done", i));
  s.user_step = step;
  s.user_steps = 6;
  s.position.since = ago(since);
  return s;
}

Objects colours(const delivery::State& s) {
  Objects o = objects_with(s);
  o.release.set({"spec", "strategy"}, json(R"({"blueGreen":{"preSwitchAnalysis":{"templates":[{"name":"smoke"}]},
      "autoSwitch":"2m","postSwitchAnalysis":{"templates":[{"name":"slo"}]},"keepPrevious":"15m"}})"));
  stand_at(o, s.user_step);
  o.pods[2] = pod("web-b-1", "web-b", true, 0);
  o.runs = {run("web-13-1-2", 1, "Successful", 0.004)};
  return o;
}

std::string steps_of(const Objects& o) {
  std::string out;
  for (const std::string& line : render_live(compute(o, kNow), {.width = 200}))
    if (line.starts_with(" ") && !line.starts_with("  ")) out += line + "\n";
  return out;
}

TEST(BlueGreenView, before_the_switch_the_preview_its_proof_and_the_countdown) {
  EXPECT_EQ(steps_of(colours(at_step(2, 20))),
            " ✔ 1 preview         108s       1/1 pods ready\n"
            " ✔ 2 analysis smoke  10s        error-rate 0.4 % (limit 1 %)\n"
            " ● 3 countdown 2m    20s of 2m  switches at 12:03:58, in 100s\n"
            " · 4 switch  · 5 analysis slo  · 6 keep previous 15m\n");
}

TEST(BlueGreenView, then_when_it_was_how_long_it_took_and_what_failed) {
  delivery::State s = at_step(4, 40);
  s.switched = {.written_at = ago(42) + base::milliseconds(204), .verified_at = ago(42) + base::milliseconds(361)};
  EXPECT_NE(steps_of(colours(s)).find("switched 12:01:36.204 → .361 (157 ms)\n"), std::string::npos)
      << "nothing has been counted yet\n"
      << steps_of(colours(s));
  s.switched.counted_at = ago(38);
  s.switched.counted_for = base::seconds(5);
  s.switched.requests = 3912;
  s.switched.failed = 0;
  Objects o = colours(s);
  o.runs.push_back(run("web-13-1-5", 4, "Running", 0.0002));
  o.runs[1].set({"spec", "metrics"}, json(R"([{"name":"error-rate","interval":"1m","count":6}])"));
  o.runs[1].set({"status", "startedAt"}, delivery::stamp(ago(40)));
  EXPECT_EQ(
      steps_of(o),
      " ✔ 1 preview         68s\n"
      " ✔ 2 analysis smoke  10s        error-rate 0.4 % (limit 1 %)\n"
      " ✔ 3 countdown 2m    10s\n"
      " ✔ 4 switch          10s        switched 12:01:36.204 → .361 (157 ms), 0 of 3 912 requests failed in the 5s "
      "around it\n"
      " ● 5 analysis slo    40s of 5m  error-rate 0.02 % (limit 1 %)\n"
      " · 6 keep previous 15m\n");
  EXPECT_EQ(to_value(compute(o, kNow))["switch"]["requests"], Value(3912));
}

TEST(BlueGreenView, and_until_when_the_old_version_is_kept) {
  delivery::State s = at_step(5, 60);
  s.phase = Phase::Keeping;
  EXPECT_NE(steps_of(colours(s))
                .find(" ● 6 keep previous 15m  60s of 15m  revision 12 stays warm until 12:16:18, then "
                      "scales down   undo now: slipway undo web -n shop\n"),
            std::string::npos)
      << steps_of(colours(s));
}

}  // namespace
}  // namespace slipway::view
