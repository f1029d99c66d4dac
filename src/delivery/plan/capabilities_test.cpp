#include "delivery/plan/capabilities.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/json.h"
#include "delivery/plan/compile.h"
#include "delivery/plan/support.h"
#include "runtime/file.h"

namespace slipway::delivery::plan {
namespace {

using data::Value;

Value release(const char* traffic, const char* steps) {
  Value out = *data::parse_json(
      R"({"metadata":{"name":"web","namespace":"shop"},"spec":{"target":{"name":"web"},"strategy":{"canary":{}}}})");
  out.set({"spec", "traffic"}, *data::parse_json(traffic));
  out.set({"spec", "strategy", "canary", "steps"}, *data::parse_json(steps));
  return out;
}

std::vector<std::string> fields(const char* traffic, const char* steps = R"([{"weight":100}])") {
  std::vector<std::string> out;
  const auto plan = compile(release(traffic, steps), gateway_capabilities());
  if (!plan)
    for (const base::Cause& cause : plan.error().causes) out.push_back(cause.field);
  return out;
}

TEST(Capabilities, the_page_shows_them_all) {
  const auto page = runtime::read_file("docs/support-matrix.md");
  ASSERT_TRUE(page.has_value()) << page.error().message;
  EXPECT_THAT(*page, testing::HasSubstr(router_table())) << "docs/support-matrix.md is not up to date; it needs:\n"
                                                         << router_table();
  EXPECT_THAT(*page, testing::HasSubstr(strategy_table())) << "docs/support-matrix.md is not up to date; it needs:\n"
                                                           << strategy_table();
  EXPECT_THAT(*page, testing::HasSubstr(workload_table())) << "docs/support-matrix.md is not up to date; it needs:\n"
                                                           << workload_table();
}

TEST(Capabilities, a_kind_is_read_as_it_is_written) {
  for (const RouterKind kind : all_router_kinds()) EXPECT_EQ(router_kind_of(to_text(kind)), kind);
  EXPECT_EQ(router_kind_of("Gateway"), std::nullopt);
}

// Whoever tells nothing needs a time after which it is believed, else no plan for it would compile.
TEST(Capabilities, whoever_tells_nothing_is_given_time) {
  for (const RouterKind kind : all_router_kinds()) {
    const RouterCapabilities c = capabilities_of(kind);
    EXPECT_NE(c.read_back, ReadBack::None) << c.name;
    if (c.read_back == ReadBack::Settled || c.read_back == ReadBack::Status)
      EXPECT_GT(c.settle, base::Duration{}) << c.name;
  }
}

TEST(Capabilities, a_service_is_given_as_a_whole) {
  EXPECT_EQ(fields(R"({"kind":"Service","service":"web"})"), std::vector<std::string>{});
  EXPECT_EQ(fields(R"({"kind":"Service","service":"web"})", R"([{"weight":25},{"weight":100}])"),
            (std::vector<std::string>{"spec.strategy.canary.steps[0].weight"}));
  const auto refused =
      compile(release(R"({"kind":"Service","service":"web"})", R"([{"weight":25}])"), gateway_capabilities());
  EXPECT_THAT(
      refused.error().message,
      testing::HasSubstr("a Service's selector gives all the traffic to one version or to the other, never 25 %"));
}

TEST(Capabilities, what_does_not_fit_the_kind_is_refused_with_its_field) {
  EXPECT_EQ(fields(R"({"kind":"Service","route":"web","service":"web"})"),
            (std::vector<std::string>{"spec.traffic.route"}));
  EXPECT_EQ(fields(R"({"kind":"VirtualService","service":"web"})"), (std::vector<std::string>{"spec.traffic.route"}));
  EXPECT_EQ(fields(R"({"kind":"Ingress","route":"web","service":"web","destinationRule":"web"})"),
            (std::vector<std::string>{"spec.traffic.destinationRule"}));
  EXPECT_EQ(fields(R"({"kind":"VirtualService","route":"web","service":"web","stableSubset":"a"})"),
            (std::vector<std::string>{"spec.traffic.stableSubset"}));
  EXPECT_EQ(
      fields(
          R"({"kind":"VirtualService","route":"web","service":"web","destinationRule":"web","canarySubset":"stable"})"),
      (std::vector<std::string>{"spec.traffic.canarySubset"}));
  EXPECT_EQ(fields(R"({"kind":"Gateway","route":"web","service":"web"})"),
            (std::vector<std::string>{"spec.traffic.kind"}));
}

TEST(Capabilities, the_plan_says_what_carries_the_traffic) {
  const auto text = [](const char* traffic) {
    return to_text(*compile(release(traffic, R"([{"weight":100}])"), gateway_capabilities()));
  };
  EXPECT_THAT(text(R"({"kind":"Service","service":"web"})"), testing::HasSubstr("service web selects one version"));
  EXPECT_THAT(
      text(R"({"kind":"VirtualService","route":"shop","service":"web","destinationRule":"web"})"),
      testing::HasSubstr("VirtualService shop splits web by the subsets stable and canary of DestinationRule web"));
  EXPECT_THAT(text(R"({"route":"shop","service":"web"})"),
              testing::HasSubstr("traffic   route shop splits web into web-stable and web-canary"));
}

}  // namespace
}  // namespace slipway::delivery::plan
