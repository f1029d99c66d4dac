// The test bed itself: what it starts is a real control plane, and its parts can be taken away and brought back.
#include <gtest/gtest.h>

#include "data/json.h"
#include "each_version.h"

namespace slipway::tests {
namespace {

using data::Value;

class BedTest : public EachVersion {};
SLIPWAY_EACH_VERSION(BedTest);

Value config_map(const std::string& name) {
  return Value::object({{"apiVersion", "v1"},
                        {"kind", "ConfigMap"},
                        {"metadata", Value::object({{"name", name}})},
                        {"data", Value::object({{"a", "1"}})}});
}

TEST_P(BedTest, IsTheVersionThatItSays) {
  const auto version = api().fetch("/version", "application/json");
  ASSERT_TRUE(version.has_value()) << version.error().message;
  EXPECT_EQ((*data::parse_json(*version))["gitVersion"].as_string(), GetParam().version);
}

TEST_P(BedTest, LetsInOnlyWhoHasRights) {
  const std::string space = new_space();
  const auto stranger = bed().api({"stranger", {}});
  const auto refused = stranger->call({.verb = client::Verb::List, .resource = api::kConfigMaps, .space = space});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, base::Code::Forbidden);
  EXPECT_TRUE(eventually([&] {
    for (const AuditedRequest& request : bed().audited("stranger"))
      if (request.space == space && request.code == 403 && !request.allowed) return true;
    return false;
  }));
}

// What the controller manager makes of a Deployment without a single node.
TEST_P(BedTest, RunsTheControllersOfKubernetes) {
  const std::string space = new_space();
  const auto made = api().call(
      {.verb = client::Verb::Create, .resource = api::kDeployments, .space = space, .body = *data::parse_json(R"({
    "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"replicas": 2,
    "selector": {"matchLabels": {"app": "web"}}, "template": {"metadata": {"labels": {"app": "web"}},
    "spec": {"containers": [{"name": "web", "image": "web:1"}]}}}})")});
  ASSERT_TRUE(made.has_value()) << made.error().message;
  EXPECT_TRUE(eventually([this] {
    const auto pods = api().list(api::kPods, "app=web");
    return pods && (*pods)["items"].size() == 2;
  }));
}

TEST_P(BedTest, KeepsItsObjectsWhenPartsAreKilled) {
  const std::string space = new_space();
  ASSERT_TRUE(
      api()
          .call(
              {.verb = client::Verb::Create, .resource = api::kConfigMaps, .space = space, .body = config_map("kept")})
          .has_value());
  bed().kill(Part::ApiServer);
  EXPECT_FALSE(api().get(api::kConfigMaps, "kept").has_value());
  const auto again = bed().start_part(Part::ApiServer);
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_TRUE(api().get(api::kConfigMaps, "kept").has_value());
  bed().kill(Part::ControllerManager);
  ASSERT_TRUE(bed().start_part(Part::ControllerManager).has_value());
}

}  // namespace
}  // namespace slipway::tests
