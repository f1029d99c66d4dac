// Job summaries, as golden texts.
#include <gtest/gtest.h>

#include "view/test_objects.h"

namespace slipway::view {
namespace {

using delivery::Phase;
using namespace test;

TEST(Markdown, of_a_rollback_has_its_evidence) {
  EXPECT_EQ(text(render_markdown(compute(rolled_back(), kNow), "")),
            R"(### ✗ release/web in shop

|  |  |
| --- | --- |
| result | ✗ RolledBack: revision 13 is held |
| change | revision 12 → 13 |
| images | web=shop/web:1.8.2 → web=shop/web:1.9.0 |
| strategy | canary |
| cause | error-rate failed once, 0 tolerated (AnalysisFailed) |
| changed | image shop/web:1.8.2 → shop/web:1.9.0 |
| effect | traffic back in 0.400 s, 0.420 s after the failing measurement; no session left after 0.980 s |

| step |  | time |  |
| --- | --- | --- | --- |
| 1 weight 5 % | ✔ done | 98s |  |
| 2 analysis errors | ✗ failed | 35s |  |
| 3 weight 50 % | not reached |  |  |
| 4 approval | not reached |  |  |

| step | metric | value | stable | limit | samples | verdict |
| --- | --- | --- | --- | --- | --- | --- |
| 2 | error-rate | 4.7 % | 0.2 % | 1 % | 1 000 | ✗ failed, 0 of 2 |

| verification of the way back |  |  |
| --- | --- | --- |
| traffic | Passed | the router gives nothing to the candidate |
| metrics | Skipped | the release has no analysis |

`slipway explain web -n shop` shows every decision

)");
}

// At rest the steps are those of the release that is over.
TEST(Markdown, of_a_release_that_went_through_has_its_steps_and_metrics) {
  delivery::State s = canary_state();
  s.stable = *s.candidate;
  s.candidate.reset();
  s.phase = Phase::Idle;
  s.message = "revision 13 serves all users";
  s.log.push_back(entry(20, "step.done", "done: analyse errors", 1));
  s.log.push_back(entry(10, "step.done", "done: 50 % of the traffic", 2));
  s.log.push_back(entry(5, "release.done", "revision 13 serves all users"));
  s.history = json(R"([{"revision":13,"images":"web=shop/web:1.9.0","result":"Released",
      "startedAt":"2026-11-23T12:00:00Z","finishedAt":"2026-11-23T12:02:13Z"}])");
  Objects o = objects_with(s);
  o.runs = {run("web-13-1-2", 1, "Successful", 0.004)};
  EXPECT_EQ(text(render_markdown(compute(o, kNow), "")),
            R"(### ✔ release/web in shop

|  |  |
| --- | --- |
| result | ✔ Idle: revision 13 serves all users |
| change | revision 13 |
| images | web=shop/web:1.9.0 |
| strategy | canary |
| took | 2m13s |

| step |  | time |  |
| --- | --- | --- | --- |
| 1 weight 5 % | ✔ done | 98s |  |
| 2 analysis errors | ✔ done | 20s |  |
| 3 weight 50 % | ✔ done | 10s |  |
| 4 approval | passed over |  |  |

| step | metric | value | stable | limit | samples | verdict |
| --- | --- | --- | --- | --- | --- | --- |
| 2 | error-rate | 0.4 % | 0.2 % | 1 % | 1 000 | ✔ passed 2/3 |

`slipway explain web -n shop` shows every decision

)");
}

TEST(Markdown, says_what_is_in_the_way) {
  delivery::State s = canary_state();
  s.troubles = {
      {.kind = delivery::TroubleKind::NoData, .object = "AnalysisRun web-13-1-2", .message = "metric p99: no data"}};
  const std::string shown = text(render_markdown(compute(objects_with(s), kNow), ""));
  EXPECT_NE(shown.find("| REL-M02 NoData: AnalysisRun web-13-1-2: metric p99: no data | slipway get analysisrun "
                       "web-13-1-2 -n shop -o yaml |\n"),
            std::string::npos)
      << shown;
}

TEST(Markdown, nothing_in_a_cell_is_markup) {
  delivery::State s = canary_state();
  s.message = "a|b\n<img src=x> [click](http://x) `rm`";
  const std::string shown = text(render_markdown(compute(objects_with(s), kNow), "the wait is over"));
  EXPECT_NE(shown.find("a\\|b \\<img src=x\\> \\[click\\](http://x) \\`rm\\` |\n"), std::string::npos) << shown;
  EXPECT_NE(shown.find("| ended | the wait is over |\n"), std::string::npos) << shown;
}

}  // namespace
}  // namespace slipway::view
