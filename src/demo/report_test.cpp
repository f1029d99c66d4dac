#include "demo/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slipway::demo {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Report good() {
  Report report;
  report.rolling = {.requests = 3000, .failed = 0};
  report.canary.requests = 9000;
  report.canary.result = "succeeded";
  report.canary.steps = {{.weight = 5, .requests = 2000, .on_candidate = 103, .users = 900, .users_on_candidate = 41}};
  report.bad = {.result = "rolled-back",
                .verification = "passed",
                .detected_by = "error-rate",
                .failing_measurement_to_zero = 0.4,
                .first_bad_response_to_zero = 5.1,
                .bad_requests = 40,
                .requests = 3000};
  report.restart.requests = 5000;
  report.restart.result = "succeeded";
  return report;
}

TEST(Report, AGoodRunHasNoShortcomings) { EXPECT_THAT(shortcomings(good()), IsEmpty()); }

TEST(Report, EachBarIsChecked) {
  auto broken = [](auto change) {
    Report report = good();
    change(report);
    return shortcomings(report);
  };
  EXPECT_THAT(broken([](Report& r) { r.rolling.failed = 1; }), Contains(HasSubstr("rolling: 1 of 3000")));
  EXPECT_THAT(broken([](Report& r) { r.canary.requests = 0; }), Contains(HasSubstr("canary: no request")));
  EXPECT_THAT(broken([](Report& r) { r.restart.result = "paused"; }), Contains(HasSubstr("restart: ended as")));
  EXPECT_THAT(broken([](Report& r) { r.canary.steps[0].on_candidate = 400; }),
              Contains(HasSubstr("400 of 2000 requests")));
  EXPECT_THAT(broken([](Report& r) { r.canary.steps[0].users_on_candidate = 0; }),
              Contains(HasSubstr("0 of 900 users")));
  EXPECT_THAT(broken([](Report& r) { r.canary.steps.clear(); }), Contains(HasSubstr("no step")));
  EXPECT_THAT(broken([](Report& r) { r.bad.failing_measurement_to_zero = 2.5; }), Contains(HasSubstr("2.50 s")));
  EXPECT_THAT(broken([](Report& r) { r.bad.failing_measurement_to_zero.reset(); }),
              Contains(HasSubstr("not observed")));
  EXPECT_THAT(broken([](Report& r) { r.bad.bad_requests = 0; }), Contains(HasSubstr("never seen to fail")));
}

TEST(Report, TheIntervalIsTheOneOfTheShare) {
  EXPECT_TRUE(share_is_plausible(1, 10, 1000));
  EXPECT_FALSE(share_is_plausible(1, 40, 1000));
  EXPECT_TRUE(share_is_plausible(100, 1000, 1000));
  EXPECT_FALSE(share_is_plausible(100, 990, 1000));
}

}  // namespace
}  // namespace slipway::demo
