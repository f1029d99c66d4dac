// What the stories of tests/scenario/ cannot say because it needs a clock or a long time: how fast, and how quiet.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "api/testing.h"
#include "data/yaml.h"
#include "delivery/commands.h"
#include "delivery/state.h"
#include "rehearse/scenario/player.h"
#include "rehearse/scenario/virtual_stage.h"

namespace slipway::rehearse {
namespace {

using scenario::Observer;
using scenario::Player;
using scenario::Scenario;

// One story, and the world as it stands after it.
class Told {
 public:
  explicit Told(const std::string& name)
      : scenario_(*scenario::load("tests/scenario/" + name + ".yaml")),
        observer_(stage_),
        player_(scenario_, stage_, observer_, "shop") {
    observer_.start();
    world().run_until([this] { return observer_.synced(); }, base::minutes(1));
    player_.start({});
    world().loop().run_until([this] { return player_.done(); }, base::hours(1));
    EXPECT_EQ(player_.outcome().failure, "");
  }
  World& world() { return stage_.world(); }
  delivery::State state() { return delivery::read_state(world().get(api::kReleases, "shop", "web")["status"]); }

 private:
  Scenario scenario_;
  scenario::VirtualStage stage_{{.seed = 11}};
  Observer observer_;
  Player player_;
};

TEST(ReleaseWorld, ABadVersionHasNoTrafficASecondAfterItsMeasurement) {
  Told story("canary-slow");
  const auto rollback = *story.state().last_rollback;
  ASSERT_TRUE(rollback.failing_at && rollback.traffic_zero_at);
  EXPECT_LT(*rollback.traffic_zero_at - *rollback.failing_at, base::seconds(1));
}

TEST(ReleaseWorld, NoRequestIsLostToAVersionWithoutPods) {
  for (const char* name : {"canary-good", "canary-bad-then-fixed", "canary-crashing", "undo", "deleted-in-the-middle"})
    EXPECT_EQ(Told(name).world().gateway().unserved_while_others_could(), 0) << name;
}

TEST(ReleaseWorld, SteadyStatesWriteNothing) {
  for (const char* name : {"canary-good", "canary-slow", "rolling-good", "deleted-at-rest"}) {
    Told story(name);
    story.world().run_for(base::minutes(2));
    story.world().forget_writes();
    story.world().run_for(base::minutes(10));
    for (const auto& [object, writes] : story.world().written())
      EXPECT_TRUE(object.starts_with("leases") || object.starts_with("nodes"))
          << name << ": " << object << " " << writes;
  }
}

// The namespace of previews has a Deployment and a Release of the same name and labels, which live there.
constexpr const char* kNeighbours = R"yaml(
{apiVersion: v1, kind: Namespace, metadata: {name: shop}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: shop-preview, annotations: {slipway.dev/preview-for: shop}}}
---
{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop}, spec: {selector: {app: web}, ports: [{port: 80}]}}
---
apiVersion: slipway.dev/v1alpha1
kind: Release
metadata: {name: web, namespace: shop}
spec:
  target: {name: web}
  traffic: {kind: Service, service: web}
  strategy: {blueGreen: {previewNamespace: shop-preview, keepPrevious: 1s}}
---
apiVersion: slipway.dev/v1alpha1
kind: Release
metadata: {name: web, namespace: shop-preview}
spec: {target: {name: web}, strategy: {rolling: {}}}
)yaml";

data::Value web_of(const char* space, const char* version) {
  return api::testing::yaml(
      fmt::format(R"({{apiVersion: apps/v1, kind: Deployment, metadata: {{name: web, namespace: {}}},
    spec: {{replicas: 2, selector: {{matchLabels: {{app: web}}}}, template: {{metadata: {{labels: {{app: web}}}},
    spec: {{containers: [{{name: web, image: "shop/web:{}"}}]}}}}}}}})",
                  space, version));
}

TEST(ReleaseWorld, APreviewIsNobodyElsesWhateverNamesAndLabelsItsNeighboursHave) {
  World world({.seed = 11});
  world.start();
  for (const auto& document : *data::parse_yaml_stream(kNeighbours)) {
    const std::string kind = document.value["kind"].str();
    ASSERT_TRUE(world.apply(kind == "Namespace" ? api::kNamespaces
                            : kind == "Service" ? api::kServices
                                                : api::kReleases,
                            document.value));
  }
  for (const char* space : {"shop", "shop-preview"}) ASSERT_TRUE(world.apply(api::kDeployments, web_of(space, "v1")));
  const auto status = [&](const char* space) {
    return delivery::read_state(world.get(api::kReleases, space, "web")["status"]);
  };
  using delivery::Phase;
  ASSERT_TRUE(world.run_until(
      [&] { return status("shop").phase == Phase::Idle && status("shop-preview").phase == Phase::Idle; },
      base::minutes(5)));
  world.run_for(base::minutes(1));
  const auto neighbour = [&] {
    return std::pair(world.get(api::kReleases, "shop-preview", "web"),
                     world.get(api::kDeployments, "shop-preview", "web"));
  };
  const auto before = neighbour();
  ASSERT_TRUE(world.apply(api::kDeployments, web_of("shop", "v2")));
  ASSERT_TRUE(world.run_until([&] { return status("shop").phase == Phase::Paused; }, base::minutes(5)));
  EXPECT_EQ(status("shop").preview->ready, 2);
  EXPECT_EQ(world.truth().list(api::kPods, "shop-preview").size(), 4u);
  world.run_for(base::minutes(1));
  EXPECT_EQ(neighbour(), before) << "neither was written";
  ASSERT_TRUE(world.call({.verb = client::Verb::Patch,
                          .resource = api::kReleases,
                          .space = "shop",
                          .name = "web",
                          .body = delivery::command_patch({.id = "1", .verb = delivery::Verb::Abort, .by = "alice"}),
                          .field_manager = "user"}));
  ASSERT_TRUE(world.run_until([&] { return status("shop").phase == Phase::RolledBack; }, base::minutes(5)));
  EXPECT_EQ(world.truth().list(api::kPods, "shop-preview").size(), 2u);
  EXPECT_EQ(neighbour(), before);
  EXPECT_EQ(world.violation(), std::nullopt);
}

}  // namespace
}  // namespace slipway::rehearse
