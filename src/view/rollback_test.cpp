// What there is to see of a way back.
#include <gtest/gtest.h>

#include <functional>

#include "view/test_objects.h"

namespace slipway::view {
namespace {

using namespace test;

// How it is said what a way back has done, by what there was to go back.
std::string effect_of(const char* kind, bool routed, const std::function<void(delivery::Retreat&)>& change) {
  Objects o = rolled_back();
  delivery::State s = delivery::read_state(o.release["status"]);
  change(*s.last_rollback);
  o.release.set("status", delivery::write_state(s));
  o.release.set({"spec", "target", "kind"}, kind);
  if (!routed) o.release.set({"spec", "traffic"}, Value());
  return effect_text(compute(o, kNow));
}

TEST(RollbackView, the_effect_of_a_rollback_without_a_router_is_that_of_its_pods) {
  const auto as_it_was = [](delivery::Retreat&) {};
  const auto under_way = [](delivery::Retreat& r) { r.traffic_zero_at.reset(), r.drained_at.reset(); };
  const auto restored = [](delivery::Retreat& r) { r.restored_at = r.started_at + base::milliseconds(100); };
  const auto restoring = [&](delivery::Retreat& r) { under_way(r), restored(r); };
  EXPECT_EQ(effect_of("Deployment", false, as_it_was), "its pods were gone after 0.400 s");
  EXPECT_EQ(effect_of("Deployment", false, under_way), "its pods are replaced again");
  EXPECT_EQ(effect_of("Deployment", false, [](delivery::Retreat& r) { r.traffic_zero_at = r.started_at; }),
            "it had no pods");
  EXPECT_EQ(effect_of("StatefulSet", false, as_it_was), "its pods were replaced after 0.400 s");
  EXPECT_EQ(effect_of("DaemonSet", false, under_way), "its pods are replaced again, one by one");
  EXPECT_EQ(effect_of("StatefulSet", false, restoring),
            "the StatefulSet had the template of revision 12 back after 0.100 s; its pods are replaced again, one by "
            "one");
  EXPECT_EQ(effect_of("StatefulSet", false, restored),
            "the StatefulSet had the template of revision 12 back after 0.100 s; its pods were replaced after 0.400 s");
}

TEST(RollbackView, the_effect_of_a_rollback_over_a_route_is_known_only_while_it_is_there) {
  const auto lost = [](delivery::Retreat& r) {
    r.verification.checks = {{"traffic", delivery::CheckState::Skipped, "HTTPRoute web does not exist: nobody knows"},
                             {"route", delivery::CheckState::Failed, "HTTPRoute web does not exist"}};
  };
  EXPECT_EQ(effect_of("Deployment", true, lost), "nobody can say when the traffic was back");
  const auto at_once = [](delivery::Retreat& r) { r.traffic_zero_at = r.started_at, r.drained_at.reset(); };
  EXPECT_EQ(effect_of("Deployment", true, [&](delivery::Retreat& r) { at_once(r), r.share = 0; }),
            "no traffic had to be moved");
  EXPECT_EQ(effect_of("Deployment", true, at_once), "traffic back in 0.000 s, 0.020 s after the failing measurement");
}

TEST(RollbackView, a_share_of_the_plan_is_none_where_pods_are_replaced_in_place) {
  Objects o = rolled_back();
  o.release.set({"spec", "traffic"}, Value());
  EXPECT_TRUE(render_rollback(compute(o, kNow), {.width = 140}).front().ends_with("   at 5 %, step 2"));
  o.release.set({"spec", "target", "kind"}, "StatefulSet");
  EXPECT_TRUE(render_rollback(compute(o, kNow), {.width = 140}).front().ends_with(" to 12   at step 2"));
  EXPECT_NE(text(render_markdown(compute(o, kNow), "")).find("| effect | its pods were replaced after 0.400 s |"),
            std::string::npos);
}

}  // namespace
}  // namespace slipway::view
