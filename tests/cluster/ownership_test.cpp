// Who owns what, and who writes when, beside a real kube-controller-manager (docs/decisions/0004, 0005, 0006).
#include <gtest/gtest.h>

#include <algorithm>

#include "api/meta.h"
#include "data/json.h"
#include "delivery/commands.h"
#include "release_bed.h"

namespace slipway::tests {
namespace {

using data::Value;

constexpr const char* kRolling = R"({"rolling":{"maxSurge":1,"maxUnavailable":0}})";
constexpr const char* kRatio = R"({"canary":{"steps":[{"weight":50},{"pause":{}}]}})";
constexpr const char* kCanary = R"({"canary":{"steps":[{"weight":25},{"pause":{}}]}})";

class OwnershipTest : public ReleaseOnCluster {
 protected:
  // v1 serves, v2 waits for a person at its first step.
  void pause_at_first_step(const char* strategy, bool routed) {
    attach(strategy, routed);
    if (IsSkipped() || HasFatalFailure()) return;
    set_image("v2");
    ASSERT_TRUE(reaches("Paused")) << told();
  }
  void expect_settled(const std::string& tag, std::int64_t replicas = 4) {
    EXPECT_EQ(phase(), "Idle") << told();
    EXPECT_EQ(pods_of(tag, true), replicas);
    EXPECT_EQ(pods_of(""), replicas);
    EXPECT_EQ(owner_of(tag), "Deployment");
    EXPECT_TRUE(get(api::kDeployments, "web")["spec"]["paused"].as_bool());
  }
};
SLIPWAY_EACH_VERSION(OwnershipTest);

TEST_P(OwnershipTest, AttachingRestartsNothingAndARestingReleaseWritesNothing) {
  ASSERT_TRUE(until([&] { return pods_of("v1", true) == 4; }));
  const auto before = uids_of("v1");
  attach(kRolling);
  EXPECT_EQ(uids_of("v1"), before);
  EXPECT_TRUE(until([&] {
    const Value deployment = get(api::kDeployments, "web");
    return api::condition(deployment, "slipway.dev/Held")["message"].as_string().find("slipway undo web") !=
           std::string::npos;
  }));
  // Another object changes meanwhile, so that there are events to be woken by.
  ASSERT_EQ(kubectl_code({"label", "deployment/web", "quiet=yes"}), 0);
  ASSERT_TRUE(until([&] { return get(api::kDeployments, "web")["status"]["observedGeneration"].as_int() > 0; }));
  const auto writes = [&] {
    std::int64_t n = 0;
    for (const AuditedRequest& r : bed().audited("system:serviceaccount:slipway-system:slipway-controller"))
      n += r.space == space && r.verb != "get" && r.verb != "list" && r.verb != "watch";
    return n;
  };
  ASSERT_TRUE(until([&] { return phase() == "Idle"; }));
  const std::int64_t settled = writes();
  int looks = 0;
  ASSERT_TRUE(until([&] { return ++looks > 40; }));
  EXPECT_EQ(writes(), settled);
}

TEST_P(OwnershipTest, AQuotaThatKeepsTheCandidatesPodsAwayIsSaid) {
  attach(kCanary, true);
  if (IsSkipped() || HasFatalFailure()) return;
  ASSERT_EQ(kubectl_code({"create", "quota", "few", "--hard=pods=4"}), 0);
  ASSERT_TRUE(until([&] { return kubectl({"get", "quota", "few", "-o", "jsonpath={.status.used.pods}"}) == "4"; }))
      << "the quota is not counted";
  set_image("v2");
  EXPECT_TRUE(until([&] { return told().find("exceeded quota") != std::string::npos; })) << told();
  ASSERT_EQ(kubectl_code({"delete", "quota", "few"}), 0);
  EXPECT_TRUE(reaches("Paused")) << told();
}

TEST_P(OwnershipTest, ARollingReleaseKeepsItsPodsAndTheDeploymentAdoptsThem) {
  attach(kRolling);
  set_image("v2");
  ASSERT_TRUE(until([&] { return pods_of("v2", true) == 4 && phase() != "Idle"; })) << told();
  const auto released = uids_of("v2");
  ASSERT_TRUE(reaches("Idle")) << told();
  expect_settled("v2");
  EXPECT_EQ(uids_of("v2"), released) << "the pods that were watched are the pods that stay";
  EXPECT_GE(fewest_ready, 4);
}

TEST_P(OwnershipTest, ACanaryIsPromotedThroughAnyGatewayController) {
  pause_at_first_step(kCanary, true);
  if (IsSkipped()) return;
  EXPECT_EQ(weight_of("web-canary"), 25);
  EXPECT_EQ(pods_of("v1", true), 4);
  const auto canary = uids_of("v2");
  EXPECT_EQ(canary.size(), 1u);
  ask("promote");
  ASSERT_TRUE(reaches("Idle")) << told();
  expect_settled("v2");
  EXPECT_TRUE(uids_of("v2").contains(*canary.begin()));
  EXPECT_EQ(weight_of("web"), 1);
  EXPECT_GE(fewest_ready, 4);
}

TEST_P(OwnershipTest, AnAbortLeavesTheOldPodsAlone) {
  pause_at_first_step(kCanary, true);
  if (IsSkipped()) return;
  const auto before = uids_of("v1");
  ask("abort");
  ASSERT_TRUE(reaches("RolledBack")) << told();
  EXPECT_EQ(uids_of("v1"), before);
  EXPECT_EQ(pods_of("v2"), 0);
  EXPECT_EQ(owner_of("v1"), "Deployment");
  EXPECT_EQ(weight_of("web"), 1);
}

// The very pod that was the candidate's, out of every selector, until its time is over; the real controllers let it be.
TEST_P(OwnershipTest, APodOfARejectedVersionIsKeptAside) {
  pause_at_first_step(kCanary, true);
  if (IsSkipped()) return;
  const auto canary = uids_of("v2");
  ASSERT_EQ(canary.size(), 1u);
  const std::string route_owners = "jsonpath={.metadata.managedFields[*].manager}";
  EXPECT_NE(kubectl({"get", "httproute", "web", "--show-managed-fields", "-o", route_owners}).find("release"),
            std::string::npos);
  ASSERT_EQ(kubectl_code({"patch", "release", "web", "--type=merge", "-p",
                          R"({"spec":{"rollback":{"keepPods":{"count":1,"duration":"20s"}}}})"}),
            0);
  ask("abort");
  ASSERT_TRUE(reaches("RolledBack")) << told();
  const std::vector<std::string> kept = {"get", "pods", "-l", "slipway.dev/kept-of=web", "-o"};
  const auto with = [&](const char* path) {
    std::vector<std::string> out = kept;
    out.emplace_back(path);
    return kubectl(out);
  };
  EXPECT_EQ(with("jsonpath={.items[*].metadata.uid}"), *canary.begin());
  EXPECT_EQ(with("jsonpath={.items[*].metadata.ownerReferences[*].kind}"), "Release");
  EXPECT_EQ(pods_of("v1", true), 4);
  EXPECT_EQ(weight_of("web"), 1);
  EXPECT_TRUE(until([&] {
    return kubectl({"get", "httproute", "web", "--show-managed-fields", "-o", route_owners}).find("release") ==
           std::string::npos;
  })) << "what the Release owned of the route is given up";
  EXPECT_TRUE(until([&] { return with("name").empty(); })) << "it goes by itself";
}

// An autoscaler writes the scale subresource; the controller manager is killed on the way.
TEST_P(OwnershipTest, ScalingInTheMiddleIsFollowedAcrossARestartOfTheControllerManager) {
  pause_at_first_step(kCanary, true);
  if (IsSkipped()) return;
  bed().kill(Part::ControllerManager);
  ASSERT_EQ(kubectl_code({"scale", "deployment/web", "--replicas=8"}), 0);
  ASSERT_TRUE(bed().start_part(Part::ControllerManager).has_value());
  ASSERT_TRUE(until([&] { return pods_of("v1", true) == 8 && pods_of("v2", true) == 2; })) << told();
  ask("promote");
  ASSERT_TRUE(reaches("Idle")) << told();
  expect_settled("v2", 8);
}

TEST_P(OwnershipTest, AForegroundDeletionInTheMiddleTakesNoPodWithIt) {
  pause_at_first_step(kRatio, false);
  EXPECT_EQ(pods_of("v1", true), 2);
  EXPECT_EQ(pods_of("v2", true), 2);
  ASSERT_EQ(kubectl_code({"delete", "release", "web", "--cascade=foreground", "--wait=false"}), 0);
  ASSERT_TRUE(until([&] { return get(api::kReleases, "web").is_null(); })) << told();
  ASSERT_TRUE(until([&] { return pods_of("v1", true) == 4 && pods_of("v2") == 0; }));
  EXPECT_EQ(owner_of("v1"), "Deployment");
  EXPECT_GE(fewest_ready, 3) << "of four, a quarter may be unavailable";
}

TEST_P(OwnershipTest, LeavingAtRestRestartsNothing) {
  attach(kRolling);
  const auto before = uids_of("v1");
  ASSERT_EQ(kubectl_code({"delete", "release", "web"}), 0);
  EXPECT_FALSE(get(api::kDeployments, "web")["spec"]["paused"].as_bool());
  EXPECT_TRUE(api::condition(get(api::kDeployments, "web"), "slipway.dev/Held").is_null());
  EXPECT_EQ(uids_of("v1"), before);
  set_image("v2");  // Kubernetes rolls by itself again
  ASSERT_TRUE(until([&] { return pods_of("v2", true) == 4 && pods_of("v1") == 0; }));
}

TEST_P(OwnershipTest, KubectlsRefusalsHaveAnAnswerAndAResumeIsHeldAgain) {
  pause_at_first_step(kRatio, false);
  EXPECT_NE(kubectl_code({"rollout", "undo", "deployment/web"}), 0);
  EXPECT_NE(kubectl_code({"rollout", "restart", "deployment/web"}), 0);
  ASSERT_EQ(kubectl_code({"rollout", "resume", "deployment/web"}), 0);
  ASSERT_TRUE(until([&] { return get(api::kDeployments, "web")["spec"]["paused"].as_bool(); }));
  ASSERT_TRUE(until([&] {
    return pods_of("v1", true) == 2 && pods_of("v2", true) == 2 && pods_of("") == 4 && phase() == "Paused";
  })) << told();
  ask("promote");
  ASSERT_TRUE(reaches("Idle")) << told();
  expect_settled("v2");
}

TEST_P(OwnershipTest, AReplicaSetThatWasDeletedByHandIsMadeAgain) {
  pause_at_first_step(kRatio, false);
  const auto sets = api().list(api::kReplicaSets, "slipway.dev/release=web");
  ASSERT_TRUE(sets.has_value());
  for (const Value& set : (*sets)["items"].items())
    if (set["spec"]["template"]["spec"]["containers"].at(0)["image"] == Value("shop/web:v2"))
      ASSERT_EQ(kubectl_code({"delete", "replicaset", std::string(api::name_of(set))}), 0);
  ASSERT_TRUE(until([&] { return pods_of("v2", true) == 2 && phase() == "Paused"; })) << told();
  ask("promote");
  ASSERT_TRUE(reaches("Idle")) << told();
  expect_settled("v2");
}

// Kubernetes would make it again for a Deployment that is not paused; for one that we hold, we do.
TEST_P(OwnershipTest, AStableReplicaSetThatWasDeletedByHandIsMadeAgain) {
  const auto delete_set = [&](const std::string& tag) {
    const auto sets = api().list(api::kReplicaSets);
    ASSERT_TRUE(sets.has_value());
    for (const Value& set : (*sets)["items"].items())
      if (set["spec"]["template"]["spec"]["containers"].at(0)["image"] == Value("shop/web:" + tag))
        ASSERT_EQ(kubectl_code({"delete", "replicaset", std::string(api::name_of(set))}), 0);
  };
  attach(kRatio);
  const auto old = uids_of("v1");
  delete_set("v1");  // at rest
  ASSERT_TRUE(until([&] { return pods_of("v1", true) == 4 && uids_of("v1") != old; })) << told();
  ASSERT_TRUE(until([&] { return owner_of("v1") == "Deployment"; })) << told();
  set_image("v2");
  ASSERT_TRUE(until([&] { return phase() == "Paused" && pods_of("v1", true) == 2; })) << told();
  const auto before = uids_of("v1");
  delete_set("v1");  // in the middle
  ASSERT_TRUE(until([&] { return phase() == "Paused" && pods_of("v1", true) == 2 && uids_of("v1") != before; }))
      << told();
  ask("abort");
  ASSERT_TRUE(until([&] { return phase() == "RolledBack" && pods_of("v1", true) == 4; })) << told();
  const auto rolled_back = uids_of("v1");
  delete_set("v1");  // while the Deployment asks for a version that was rejected
  ASSERT_TRUE(until([&] { return pods_of("v1", true) == 4 && uids_of("v1") != rolled_back; })) << told();
  ASSERT_TRUE(until([&] { return owner_of("v1") == "Deployment"; })) << told();
  // The Deployment may have woken v2 by itself, until v1 was back.
  ASSERT_TRUE(until([&] { return pods_of("v2") == 0; })) << told();
  EXPECT_EQ(phase(), "RolledBack");
}

TEST_P(OwnershipTest, WhatVersionsWereIsKeptAsLongAsTheHistory) {
  attach(kRolling);
  patch(api::kReleases, "web", R"({"spec":{"revisionHistoryLimit":1}})");
  const auto kept = [&] {
    return kubectl({"get", "controllerrevisions", "-l", "slipway.dev/release=web", "-o", "name"});
  };
  EXPECT_NE(kept(), "");
  for (const char* tag : {"v2", "v3"}) {
    set_image(tag);
    ASSERT_TRUE(until([&] { return phase() == "Idle" && pods_of(tag, true) == 4 && pods_of("") == 4; })) << told();
  }
  ASSERT_TRUE(until([&] { return std::ranges::count(kept(), '\n') == 1; })) << kept();
}

TEST_P(OwnershipTest, AToolThatRestoresTheRouteIsAnsweredAndNamed) {
  pause_at_first_step(kCanary, true);
  if (IsSkipped()) return;
  const auto written =
      api().call({.verb = client::Verb::Patch,
                  .resource = api::kHttpRoutes,
                  .space = space,
                  .name = "web",
                  .body = *data::parse_json(R"({"spec":{"rules":[{"backendRefs":[{"name":"web","port":80}]}]}})"),
                  .patch_type = client::PatchType::Merge,
                  .field_manager = "git-tool"});
  ASSERT_TRUE(written.has_value()) << written.error().message;
  ASSERT_TRUE(until([&] { return weight_of("web-canary") == 25 && phase() == "Paused"; })) << told();
  EXPECT_NE(kubectl({"get", "events", "-o", "jsonpath={.items[*].message}"}).find("changed by git-tool"),
            std::string::npos);
  ask("promote");
  ASSERT_TRUE(reaches("Idle")) << told();
  expect_settled("v2");
}

TEST_P(OwnershipTest, AControllerThatDiesIsReplacedInTheMiddle) {
  pause_at_first_step(kRatio, false);
  controller->signal(9);
  controller->wait();
  // Nobody hears the command before the lease of the dead one has run out.
  patch(api::kReleases, "web",
        data::to_json(delivery::command_patch({.id = "1", .verb = delivery::Verb::Promote, .by = "test"})));
  begin_controller();
  ASSERT_TRUE(reaches("Idle")) << told();
  expect_settled("v2");
  EXPECT_GE(fewest_ready, 3);
}

}  // namespace
}  // namespace slipway::tests
