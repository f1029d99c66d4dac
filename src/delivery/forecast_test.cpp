#include "delivery/forecast.h"

#include <gtest/gtest.h>

#include "delivery/decide/modelled_cluster.h"
#include "delivery/plan/compile.h"

namespace slipway::delivery {
namespace {

using data::Value;

Forecast of(const char* spec, const Value& deployment = json(R"({"spec":{"replicas":10}})")) {
  const auto plan = plan::compile(Value::object({{"metadata", json(R"({"name":"web"})")}, {"spec", json(spec)}}),
                                  plan::gateway_capabilities());
  EXPECT_TRUE(plan.has_value());
  return forecast(*plan, deployment);
}

TEST(Forecast, a_router_needs_pods_for_the_largest_share_beside_the_old_ones) {
  const Forecast f = of(R"({"target":{"name":"web"},"traffic":{"route":"web","service":"web"},"strategy":{"canary":
    {"steps":[{"weight":5},{"pause":{"duration":"10m"}},{"pause":{}},{"weight":50},{"pause":{"duration":"5m"}}]}}})");
  EXPECT_EQ(f, (Forecast{.at_rest = 10, .at_peak = 20, .waits = base::minutes(15), .approvals = 1}));
  EXPECT_EQ(to_text(f),
            "pods      at most 20 of all versions, 10 at rest\n"
            "time      at least 15m0s of waits, and a person is waited for once; starts, analyses and routers come on "
            "top\n");
}

TEST(Forecast, stable_pods_that_follow_the_traffic_leave_what_the_largest_step_adds) {
  const Forecast f = of(R"({"target":{"name":"web"},"traffic":{"route":"web","service":"web"},"strategy":{"canary":
    {"dynamicStableScale":true,"steps":[{"weight":20},{"weight":50},{"weight":80}]}}})");
  EXPECT_EQ(f.at_peak, 13) << "at 50 %: eight, and five";
  const Forecast one = of(R"({"target":{"name":"web"},"traffic":{"route":"web","service":"web"},"strategy":{"canary":
    {"dynamicStableScale":true,"steps":[{"weight":1}]}}})");
  EXPECT_EQ(one.at_peak, 20) << "from 1 % to 100 % it is ten of ten, and ten";
}

TEST(Forecast, replicas_as_weights_need_the_surge_only) {
  const Forecast f = of(R"({"target":{"name":"web"},"strategy":{"rolling":{"maxSurge":"25%"}}})");
  EXPECT_EQ(f.at_peak, 13);
}

TEST(Forecast, what_is_kept_takes_time) {
  const Forecast f = of(R"({"target":{"name":"web"},"traffic":{"kind":"Service","service":"web"},
    "strategy":{"blueGreen":{"previewReplicas":1,"autoSwitch":"1m","keepPrevious":"1h"}}})");
  EXPECT_EQ(f, (Forecast{.at_rest = 10, .at_peak = 20, .waits = base::minutes(61)}));
}

TEST(Forecast, a_preview_in_another_namespace_counts_as_well) {
  const Forecast f = of(R"({"target":{"name":"web"},"traffic":{"kind":"Service","service":"web"},
    "strategy":{"blueGreen":{"previewNamespace":"shop-preview","autoSwitch":"1m","keepPrevious":"1h"}}})");
  EXPECT_EQ(f.at_peak, 20) << "it is gone before the same pods come beside the old ones";
}

TEST(Forecast, without_the_deployment_nothing_is_said_of_pods) {
  const Forecast f = of(R"({"target":{"name":"web"},"strategy":{"rolling":{}}})", Value());
  EXPECT_EQ(f.at_peak, std::nullopt);
  EXPECT_EQ(to_value(f), json(R"({"approvals":0,"waits":"0s"})"));
}

}  // namespace
}  // namespace slipway::delivery
