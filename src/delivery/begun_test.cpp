#include "delivery/begun.h"

#include <gtest/gtest.h>

#include "delivery/commands.h"
#include "delivery/decide/modelled_cluster.h"

namespace slipway::delivery {
namespace {

using data::Value;

constexpr const char* kApproval =
    R"({"target":{"name":"web"},"traffic":{"route":"web","service":"web"},"deadline":"30s",
  "strategy":{"canary":{"steps":[{"weight":50},{"pause":{}}]}}})";

// What people have been seen to do to a Release whose release is under way.
constexpr const char* kEdits[] = {
    R"({"spec":{"traffic":null}})",
    R"({"spec":{"traffic":{"route":"web2"}}})",
    R"({"spec":{"traffic":{"service":"nosuch"}}})",
    R"({"spec":{"traffic":{"kind":"Service","route":null}}})",
    R"({"spec":{"traffic":{"stableService":"web-old","canaryService":"web-new"}}})",
    R"({"spec":{"strategy":{"canary":null,"blueGreen":{}}}})",
    R"({"spec":{"strategy":{"canary":null,"rolling":{}}}})",
    R"({"spec":{"traffic":null,"strategy":{"canary":null,"rolling":{}}}})",
};

ModelledCluster half_way(const char* edit) {
  ModelledCluster c(json(kApproval));
  EXPECT_TRUE(c.reaches(Phase::Idle));
  c.set_image("v2");
  EXPECT_TRUE(c.reaches(Phase::Paused)) << c.state().message;
  EXPECT_EQ(c.view().candidate.points, 5000);
  c.patch_release(json(edit));
  for (int i = 0; i < 20; ++i) c.turn();
  return c;
}

// The candidate has no pods only when the route gives it nothing.
void watch_users(ModelledCluster& c) {
  c.watch = [&](const Observation&, const control::Decision&) {
    const RouteView view = c.view();
    if (view.shape == RouteView::Shape::Split && view.candidate > plan::kNone) EXPECT_GT(c.pods_of("v2"), 0);
    if (view.shape == RouteView::Shape::Split && view.candidate < plan::kWhole) EXPECT_GT(c.pods_of("v1"), 0);
  };
}

bool is_plain(const ModelledCluster& c) {
  const Value& refs = c.route()["spec"]["rules"].at(0)["backendRefs"];
  return refs.size() == 1 && refs.at(0)["name"].as_string() == "web";
}

TEST(Begun, whatever_is_edited_the_way_back_takes_the_split_out_of_the_route_that_has_it) {
  for (const char* edit : kEdits) {
    ModelledCluster c = half_way(edit);
    watch_users(c);
    c.command(Verb::Abort);
    ASSERT_TRUE(c.run_until([&] { return c.state().last_rollback && !c.state().candidate; }))
        << edit << c.state().message;
    c.patch_release(json(R"({"spec":{"traffic":{"kind":null,"route":"web","service":"web"}}})"));  // what is looked at
    EXPECT_TRUE(is_plain(c)) << edit;
    EXPECT_EQ(c.state().last_rollback->verification.state, CheckState::Passed) << edit;
    EXPECT_EQ(c.pods_of("v1"), 4) << edit;
    EXPECT_EQ(c.pods_of("v2"), 0) << edit;
  }
}

TEST(Begun, a_release_whose_traffic_is_edited_goes_on_over_its_route_to_the_end) {
  for (const char* edit : {kEdits[1], kEdits[2], kEdits[4]}) {
    ModelledCluster c = half_way(edit);
    watch_users(c);
    c.command(Verb::Promote);
    ASSERT_TRUE(c.run_until([&] { return !c.state().candidate && c.pods_of("v2") == 4; })) << edit << c.state().message;
    EXPECT_TRUE(is_plain(c)) << edit;
    EXPECT_EQ(c.pods_of("v1"), 0) << edit;
  }
}

// The Deployment is deleted and made again: nobody is left with Services that are gone.
TEST(Begun, the_split_goes_with_its_own_names_when_the_deployment_is_another_one) {
  for (const char* edit : kEdits) {
    ModelledCluster c = half_way(edit);
    c.delete_deployment();
    ASSERT_TRUE(c.run_until([&] { return c.state().phase == Phase::Pending; })) << edit;
    EXPECT_EQ(c.state().history.at(0)["result"], Value("Withdrawn")) << edit;
    c.create_deployment();
    for (int i = 0; i < 20; ++i) c.turn();
    if (c.state().phase == Phase::Invalid)  // which it says; mended it is as the others
      c.patch_release(json(R"({"spec":{"strategy":{"rolling":null,"canary":{"steps":[{"weight":5}]}}}})"));
    ASSERT_TRUE(c.run_until([&] { return c.state().begun.is_null() && c.pods_of("v2") == 4; }))
        << edit << c.state().message;
    c.patch_release(json(R"({"spec":{"traffic":{"kind":null,"route":"web","service":"web"}}})"));  // what is looked at
    EXPECT_TRUE(is_plain(c)) << edit;
  }
}

TEST(Begun, it_is_told_once_and_the_next_release_begins_with_what_the_spec_says) {
  ModelledCluster c = half_way(R"({"spec":{"traffic":{"canaryService":"web-new"}}})");
  int told = 0;
  for (const Value& entry : c.state().log.items()) told += entry["rule"].as_string() == "traffic.edited";
  EXPECT_EQ(told, 1);
  EXPECT_FALSE(c.has_service("web-new"));
  c.command(Verb::Promote);
  ASSERT_TRUE(c.reaches(Phase::Idle)) << c.state().message;
  EXPECT_TRUE(c.state().begun.is_null());
  c.set_image("v3");
  ASSERT_TRUE(c.reaches(Phase::Paused)) << c.state().message;
  EXPECT_TRUE(c.has_service("web-new"));
}

TEST(Begun, a_release_without_a_router_gets_none_in_the_middle) {
  ModelledCluster c(json(R"({"target":{"name":"web"},"strategy":{"canary":{"steps":[{"weight":50},{"pause":{}}]}}})"));
  ASSERT_TRUE(c.reaches(Phase::Idle));
  c.set_image("v2");
  ASSERT_TRUE(c.run_until([&] { return c.state().phase == Phase::Paused && c.pods_of("v2") == 2; }));
  c.patch_release(json(R"({"spec":{"traffic":{"route":"web","service":"web"}}})"));
  c.command(Verb::Promote);
  ASSERT_TRUE(c.run_until([&] { return !c.state().candidate; })) << c.state().message;
  EXPECT_TRUE(is_plain(c));
  EXPECT_EQ(c.pods_of("v2"), 4);
}

TEST(Begun, nothing_is_copied_where_nothing_was_edited) {
  const Value release = json(R"({"spec":{"traffic":{"route":"web","service":"web"}},
    "status":{"begun":{"routed":true,"traffic":{"route":"web","service":"web"},"stableService":"web-stable","canaryService":"web-canary"}}})");
  EXPECT_EQ(as_begun(release), release);
  EXPECT_EQ(traffic_of_begin(release), release["status"]["begun"]);
  EXPECT_FALSE(is_traffic_edited(release));
  Value edited = release;
  edited.set({"spec", "strategy", "blueGreen"}, Value::object());
  EXPECT_NE(as_begun(edited), edited) << "its Services would have other names";
  EXPECT_FALSE(is_traffic_edited(edited)) << "nobody has edited spec.traffic";
  edited.set({"spec", "traffic", "service"}, "shop");
  EXPECT_TRUE(is_traffic_edited(edited));
}

}  // namespace
}  // namespace slipway::delivery
