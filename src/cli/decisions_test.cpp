#include "cli/decisions.h"

#include <gtest/gtest.h>

#include "data/json.h"

namespace slipway::cli {
namespace {

TEST(Decisions, ShowTheNumbersThatTheyWereMadeFrom) {
  const auto log = data::parse_json(R"([
    {"time":"2026-11-30T04:25:00.000000Z","rule":"step.done","text":"done: analyse errors","inputs":{"index":2,"step":1,"metrics":[
      {"name":"error-rate","value":0.002,"unit":"ratio","limit":"1 %","samples":1200,"stable":0.001,"stableSamples":800},
      {"name":"queue","value":7},{"name":"latency","limit":"200 ms"}]}},
    {"time":"2026-11-30T04:25:01.000000Z","rule":"guard","text":"restarts","inputs":{"restarts":3}},
    {"time":"2026-11-30T04:25:02.000000Z","rule":"command","text":"abort by ann: accepted","inputs":{"by":"ann"}}])");
  ASSERT_TRUE(log);
  EXPECT_EQ(decisions_text(*log),
            "2026-11-30T04:25:00.000000Z  step.done              done: analyse errors\n"
            "                             error-rate             0.2 % (1200 samples)   limit 1 %   stable 0.1 % (800 "
            "samples)\n"
            "                             queue                  7\n"
            "                             latency                no data   limit 200 ms\n"
            "2026-11-30T04:25:01.000000Z  guard                  restarts\n"
            "                             restarts               3\n"
            "2026-11-30T04:25:02.000000Z  command                abort by ann: accepted\n");
}

TEST(Decisions, AreOneLineEachWhoeverWroteThem) {
  const auto log = data::parse_json(R"([{"time":"2026-11-30T04:25:00.000000Z","rule":"guard","text":"a\nb",
      "inputs":{"metrics":[{"name":"c\nd","value":7,"limit":"e\nf"}]}}])");
  ASSERT_TRUE(log);
  EXPECT_EQ(decisions_text(*log),
            "2026-11-30T04:25:00.000000Z  guard                  a b\n"
            "                             c d                    7   limit e f\n");
}

}  // namespace
}  // namespace slipway::cli
