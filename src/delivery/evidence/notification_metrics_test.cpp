#include "delivery/evidence/notification_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/resource.h"
#include "api/testing.h"

namespace slipway::delivery::evidence {
namespace {

using data::Value;
using testing::HasSubstr;
using testing::Not;

Value notification(const std::string& status) {
  return api::testing::yaml("{metadata: {name: chat, namespace: shop}, status: {" + status + "}}");
}

TEST(NotificationMetrics, follow_the_status_and_go_with_the_object) {
  runtime::Metrics metrics;
  NotificationMetrics shown(metrics);
  const Value first = notification("delivered: 5"),
              second = notification("delivered: 7, waiting: 2, failing: {attempts: 3}"),
              third = notification("delivered: 7, givenUp: 1, missed: 2, failing: {attempts: 4}");
  shown.changed(api::kNotifications, Value(), first);
  EXPECT_THAT(metrics.text(), Not(HasSubstr("chat"))) << "nothing is shown where nobody leads";
  shown.led(true);
  const std::string events = R"(slipway_notification_events_total{namespace="shop",name="chat",outcome=)";
  EXPECT_THAT(metrics.text(), HasSubstr(events + "\"Delivered\"} 0\n")) << "of before this process";
  shown.changed(api::kNotifications, first, second);
  EXPECT_THAT(metrics.text(), HasSubstr(events + "\"Delivered\"} 2\n"));
  EXPECT_THAT(metrics.text(), HasSubstr(R"(slipway_notification_waiting{namespace="shop",name="chat"} 2)"));
  EXPECT_THAT(metrics.text(), HasSubstr(R"(slipway_notification_failing{namespace="shop",name="chat"} 1)"));
  shown.changed(api::kNotifications, second, third);
  EXPECT_THAT(metrics.text(), HasSubstr(events + "\"GivenUp\"} 1\n"));
  EXPECT_THAT(metrics.text(), HasSubstr(events + "\"Missed\"} 2\n"));
  EXPECT_THAT(metrics.text(), HasSubstr(R"(slipway_notification_failures_total{namespace="shop",name="chat"} 4)"));
  shown.changed(api::kNotifications, third, Value());
  EXPECT_THAT(metrics.text(), Not(HasSubstr("chat")));
}

}  // namespace
}  // namespace slipway::delivery::evidence
