#include "workload/statefulset/decide.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "workload/statefulset/test_set.h"

namespace slipway::workload::statefulset {
namespace {

using base::seconds;
using data::Value;
using testing::Cluster;
using testing::set_image;
using testing::set_of;

Value with(Value set, std::string_view field, Value value) {
  set.set({"spec", field}, std::move(value));
  return set;
}

Value with_partition(Value set, std::int64_t partition) {
  set.set({"spec", "updateStrategy"},
          Value::object({{"type", "RollingUpdate"}, {"rollingUpdate", Value::object({{"partition", partition}})}}));
  return set;
}

Value on_delete(Value set) { return with(std::move(set), "updateStrategy", Value::object({{"type", "OnDelete"}})); }

Value parallel(Value set) { return with(std::move(set), "podManagementPolicy", "Parallel"); }

std::string names(const Cluster& cluster) {
  std::string text;
  for (const auto& [name, pod] : cluster.pods) text += (text.empty() ? "" : " ") + name;
  return text;
}

TEST(StatefulSet, A_pod_has_its_name_labels_and_place) {
  Cluster cluster(set_of(1));
  cluster.decide();
  const Value& pod = cluster.pods.at("db-0");
  const std::string revision(api::name_of(cluster.revisions.begin()->second));
  EXPECT_EQ(api::label(pod, "app"), "db");
  EXPECT_EQ(api::label(pod, "statefulset.kubernetes.io/pod-name"), "db-0");
  EXPECT_EQ(api::label(pod, "apps.kubernetes.io/pod-index"), "0");
  EXPECT_EQ(api::label(pod, "controller-revision-hash"), revision);
  EXPECT_EQ(pod["spec"]["hostname"].as_string(), "db-0");
  EXPECT_EQ(pod["spec"]["subdomain"].as_string(), "db");
  EXPECT_EQ(pod["metadata"]["generateName"].as_string(), "db-");
  EXPECT_EQ(api::controller_of(pod)["uid"].as_string(), "set-1");
}

TEST(StatefulSet, Its_version_is_written_down_in_the_form_that_undo_applies) {
  Cluster cluster(set_of(1));
  cluster.set.set({"metadata", "annotations", "why"}, "first");
  cluster.decide();
  ASSERT_EQ(cluster.revisions.size(), 1u);
  const Value& revision = cluster.revisions.begin()->second;
  EXPECT_EQ(revision["revision"].as_int(), 1);
  EXPECT_EQ(revision["data"]["spec"]["template"]["$patch"].as_string(), "replace");
  EXPECT_EQ(revision["data"]["spec"].size(), 1u);
  EXPECT_EQ(api::annotation(revision, "why"), "first");
  EXPECT_EQ("db-" + std::string(api::label(revision, "controller.kubernetes.io/hash")), api::name_of(revision));
  const Value back = *data::apply_strategic_patch(set_of(1, "db:9"), revision["data"], nullptr);
  EXPECT_EQ(back["spec"]["template"], cluster.set["spec"]["template"]);
}

TEST(StatefulSet, Pods_are_made_one_after_the_other) {
  Cluster cluster(set_of(3));
  cluster.decide();
  EXPECT_EQ(names(cluster), "db-0");
  cluster.decide();
  EXPECT_EQ(names(cluster), "db-0") << "db-0 is not ready";
  cluster.make_ready("db-0");
  cluster.decide();
  EXPECT_EQ(names(cluster), "db-0 db-1");
  cluster.make_ready("db-1", "Pending");
  cluster.decide();
  EXPECT_EQ(names(cluster), "db-0 db-1") << "ready, but not running";
  cluster.make_ready("db-1");
  cluster.decide();
  EXPECT_EQ(names(cluster), "db-0 db-1 db-2");
}

TEST(StatefulSet, Parallel_pods_are_made_and_removed_at_once) {
  Cluster cluster(parallel(set_of(4)));
  cluster.decide();
  EXPECT_EQ(names(cluster), "db-0 db-1 db-2 db-3");
  cluster.set.set({"spec", "replicas"}, 1);
  cluster.decide();
  EXPECT_EQ(cluster.images(), "db-0=db:1") << "no waiting for unready ones";
}

TEST(StatefulSet, A_pod_counts_after_the_minimum_time) {
  Cluster cluster(with(set_of(2), "minReadySeconds", 10));
  cluster.decide();
  cluster.make_ready("db-0");
  EXPECT_EQ(cluster.decide().wake_at, cluster.now + seconds(10));
  EXPECT_EQ(names(cluster), "db-0");
  EXPECT_EQ(cluster.set["status"]["readyReplicas"].as_int(), 1);
  EXPECT_EQ(cluster.set["status"]["availableReplicas"].as_int(), 0);
  cluster.now += seconds(10);
  cluster.decide();
  EXPECT_EQ(names(cluster), "db-0 db-1");
  EXPECT_EQ(cluster.set["status"]["availableReplicas"].as_int(), 1);
}

TEST(StatefulSet, It_shrinks_from_the_highest_ordinal_and_waits_for_each) {
  Cluster cluster(set_of(4));
  cluster.settle();
  cluster.set.set({"spec", "replicas"}, 2);
  cluster.decide();
  EXPECT_EQ(cluster.images(), "db-0=db:1 db-1=db:1 db-2=db:1");
  cluster.decide();
  EXPECT_EQ(cluster.images(), "db-0=db:1 db-1=db:1 db-2=db:1") << "db-3 is not gone yet";
  cluster.forget("db-3");
  cluster.decide();
  EXPECT_EQ(cluster.images(), "db-0=db:1 db-1=db:1");
}

// Of pods that are too many, one that is ill holds the others up, except when it is the first that is.
TEST(StatefulSet, An_ill_pod_holds_up_shrinking_unless_it_goes_first) {
  Cluster cluster(set_of(4));
  cluster.settle();
  cluster.set.set({"spec", "replicas"}, 1);
  cluster.make_ready("db-3", "Running", false);
  cluster.decide();
  EXPECT_EQ(cluster.images(), "db-0=db:1 db-1=db:1 db-2=db:1") << "nothing else is ill: it may go";
  cluster.pods.at("db-3").erase({"metadata", "deletionTimestamp"});
  cluster.make_ready("db-2", "Running", false);
  cluster.decide();
  EXPECT_EQ(cluster.images().size(), std::string("db-0=db:1 db-1=db:1 db-2=db:1 db-3=db:1").size())
      << "db-2 is the first ill one; db-3 waits for it";
}

TEST(StatefulSet, Ended_pods_that_are_too_many_do_not_wait_for_each_other) {
  Cluster cluster(set_of(3));
  cluster.settle();
  cluster.make_ready("db-1", "Failed", false);
  cluster.make_ready("db-2", "Failed", false);
  cluster.set.set({"spec", "replicas"}, 0);
  cluster.settle();
  EXPECT_EQ(cluster.images(), "");
}

TEST(StatefulSet, Ended_pods_are_made_again) {
  for (const char* phase : {"Failed", "Succeeded"}) {
    Cluster cluster(set_of(2));
    cluster.settle();
    cluster.make_ready("db-0", phase, false);
    cluster.decide();
    EXPECT_EQ(cluster.images(), "db-1=db:1");
    EXPECT_EQ(cluster.decide().effects.size(), 0u) << "its name is not free yet";
    cluster.forget("db-0");
    cluster.decide();
    EXPECT_EQ(cluster.images(), "db-0=db:1 db-1=db:1");
  }
}

TEST(StatefulSet, Ordinals_may_start_anywhere) {
  Cluster cluster(with(set_of(2), "ordinals", Value::object({{"start", 5}})));
  cluster.settle();
  EXPECT_EQ(names(cluster), "db-5 db-6");
  cluster.set.set({"spec", "ordinals", "start"}, 6);
  cluster.settle();
  EXPECT_EQ(names(cluster), "db-6 db-7");
}

TEST(StatefulSet, Pods_of_other_names_are_not_touched) {
  Cluster cluster(set_of(1));
  cluster.settle();
  for (const char* name : {"db-01", "db-x", "db", "database-1", "db-99999999999"}) {
    Value pod = cluster.pods.at("db-0");
    pod.set({"metadata", "name"}, name);
    pod.erase({"metadata", "ownerReferences"});
    cluster.pods[name] = pod;
  }
  EXPECT_EQ(cluster.decide().effects.size(), 0u);
}

TEST(StatefulSet, It_adopts_pods_that_carry_its_names) {
  Cluster cluster(set_of(2));
  cluster.settle();
  cluster.pods.at("db-1").erase({"metadata", "ownerReferences"});
  cluster.pods.at("db-1").erase({"metadata", "labels", "statefulset.kubernetes.io/pod-name"});
  cluster.settle();
  EXPECT_EQ(api::controller_of(cluster.pods.at("db-1"))["uid"].as_string(), "set-1");
  EXPECT_EQ(api::label(cluster.pods.at("db-1"), "statefulset.kubernetes.io/pod-name"), "db-1");
  EXPECT_EQ(cluster.deleted, 0);
}

TEST(StatefulSet, An_update_goes_from_the_highest_ordinal_down_and_waits_for_each) {
  Cluster cluster(set_of(3));
  cluster.settle();
  set_image(cluster.set, "db:2");
  cluster.decide();
  EXPECT_EQ(cluster.images(), "db-0=db:1 db-1=db:1");
  cluster.forget("db-2");
  cluster.decide();
  EXPECT_EQ(cluster.images(), "db-0=db:1 db-1=db:1 db-2=db:2");
  cluster.decide();
  EXPECT_EQ(cluster.images(), "db-0=db:1 db-1=db:1 db-2=db:2") << "db-2 is not ready";
  cluster.make_ready("db-2");
  cluster.decide();
  EXPECT_EQ(cluster.images(), "db-0=db:1 db-2=db:2");
  cluster.settle();
  EXPECT_EQ(cluster.images(), "db-0=db:2 db-1=db:2 db-2=db:2");
}

// The status tells where an update stands, as `kubectl rollout status` reads it.
TEST(StatefulSet, The_status_tells_old_and_new) {
  Cluster cluster(with_partition(set_of(3), 2));
  cluster.settle();
  const std::string old = cluster.set["status"]["currentRevision"].str();
  EXPECT_EQ(cluster.set["status"]["updateRevision"].as_string(), old);
  EXPECT_EQ(cluster.set["status"]["currentReplicas"].as_int(), 3);
  set_image(cluster.set, "db:2");
  cluster.settle();
  const Value status = cluster.set["status"];
  EXPECT_EQ(status["currentRevision"].as_string(), old);
  EXPECT_NE(status["updateRevision"].as_string(), old);
  EXPECT_EQ(status["currentReplicas"].as_int(), 2);
  EXPECT_EQ(status["updatedReplicas"].as_int(), 1);
  EXPECT_EQ(status["readyReplicas"].as_int(), 3);
  EXPECT_EQ(status["observedGeneration"].as_int(), 2);
  cluster.set = with_partition(cluster.set, 0);
  cluster.settle();
  EXPECT_EQ(cluster.set["status"]["currentRevision"], status["updateRevision"]);
  EXPECT_EQ(cluster.set["status"]["currentReplicas"].as_int(), 3);
}

TEST(StatefulSet, A_partition_holds) {
  Cluster cluster(with_partition(set_of(4), 2));
  cluster.settle();
  set_image(cluster.set, "db:2");
  cluster.settle();
  EXPECT_EQ(cluster.images(), "db-0=db:1 db-1=db:1 db-2=db:2 db-3=db:2");
  // What is lost below it comes back as it was, and above it as it is to be.
  cluster.forget("db-1");
  cluster.forget("db-3");
  cluster.settle();
  EXPECT_EQ(cluster.images(), "db-0=db:1 db-1=db:1 db-2=db:2 db-3=db:2");
  // What is new already below a partition that moves up is left alone.
  cluster.set = with_partition(cluster.set, 4);
  cluster.settle();
  EXPECT_EQ(cluster.images(), "db-0=db:1 db-1=db:1 db-2=db:2 db-3=db:2");
  cluster.forget("db-3");
  cluster.settle();
  EXPECT_EQ(cluster.images(), "db-0=db:1 db-1=db:1 db-2=db:2 db-3=db:1");
}

TEST(StatefulSet, A_partition_counts_from_the_first_ordinal) {
  Cluster cluster(with_partition(with(set_of(3), "ordinals", Value::object({{"start", 5}})), 2));
  cluster.settle();
  set_image(cluster.set, "db:2");
  cluster.settle();
  EXPECT_EQ(cluster.images(), "db-5=db:1 db-6=db:1 db-7=db:2");
}

TEST(StatefulSet, Without_a_partition_a_lost_pod_comes_back_as_it_was_while_its_like_are_there) {
  Cluster cluster(with(set_of(3), "updateStrategy", Value::object({{"type", "RollingUpdate"}})));
  cluster.settle();
  set_image(cluster.set, "db:2");
  cluster.decide();
  cluster.forget("db-2");
  cluster.forget("db-0");
  cluster.decide();
  EXPECT_EQ(cluster.images(), "db-0=db:1 db-1=db:1") << "two are left at the old version: 0 and 1";
  cluster.settle();
  EXPECT_EQ(cluster.images(), "db-0=db:2 db-1=db:2 db-2=db:2");
}

TEST(StatefulSet, On_delete_replaces_what_somebody_deletes) {
  Cluster cluster(on_delete(set_of(3)));
  cluster.settle();
  set_image(cluster.set, "db:2");
  cluster.settle();
  EXPECT_EQ(cluster.images(), "db-0=db:1 db-1=db:1 db-2=db:1");
  const std::string old = cluster.set["status"]["currentRevision"].str();
  cluster.forget("db-1");
  cluster.settle();
  EXPECT_EQ(cluster.images(), "db-0=db:1 db-1=db:2 db-2=db:1");
  cluster.forget("db-0");
  cluster.forget("db-2");
  cluster.settle();
  EXPECT_EQ(cluster.images(), "db-0=db:2 db-1=db:2 db-2=db:2");
  EXPECT_EQ(cluster.set["status"]["currentRevision"].as_string(), old) << "only a rolling update completes";
  EXPECT_EQ(cluster.set["status"]["updatedReplicas"].as_int(), 3);
}

// The known trap: the way back from a version that never becomes ready waits for the pod that is stuck in it.
TEST(StatefulSet, A_stuck_pod_has_to_be_deleted_by_hand) {
  Cluster cluster(set_of(2));
  cluster.settle();
  set_image(cluster.set, "bad");
  cluster.decide();
  cluster.forget("db-1");
  cluster.decide();
  set_image(cluster.set, "db:1");
  EXPECT_EQ(cluster.decide().effects.size(), 1u) << "the old version becomes the newest again, and nothing else";
  EXPECT_EQ(cluster.decide().effects.size(), 0u);
  EXPECT_EQ(cluster.images(), "db-0=db:1 db-1=bad");
  cluster.forget("db-1");
  cluster.settle();
  EXPECT_EQ(cluster.images(), "db-0=db:1 db-1=db:1");
}

TEST(StatefulSet, Parallel_pods_are_updated_one_by_one_all_the_same) {
  Cluster cluster(parallel(set_of(3)));
  cluster.settle();
  set_image(cluster.set, "db:2");
  cluster.decide();
  EXPECT_EQ(cluster.deleted, 1);
  cluster.forget("db-2");
  cluster.decide();
  cluster.decide();
  EXPECT_EQ(cluster.deleted, 1) << "db-2 is not ready";
}

TEST(StatefulSet, Max_unavailable_lets_several_go_at_once) {
  Cluster cluster(parallel(set_of(5)));
  cluster.set.set({"spec", "updateStrategy", "rollingUpdate", "maxUnavailable"}, "50%");
  cluster.settle();
  set_image(cluster.set, "db:2");
  cluster.decide();
  EXPECT_EQ(cluster.images(), "db-0=db:1 db-1=db:1 db-2=db:1") << "50 % of 5, rounded down";
  cluster.settle();
  EXPECT_EQ(cluster.images(), "db-0=db:2 db-1=db:2 db-2=db:2 db-3=db:2 db-4=db:2");
}

TEST(StatefulSet, An_earlier_version_is_numbered_anew) {
  Cluster cluster(set_of(1));
  cluster.settle();
  const std::string first = cluster.set["status"]["updateRevision"].str();
  set_image(cluster.set, "db:2");
  cluster.settle();
  set_image(cluster.set, "db:1");
  cluster.settle();
  EXPECT_EQ(cluster.set["status"]["updateRevision"].as_string(), first);
  EXPECT_EQ(cluster.revisions.size(), 2u);
  EXPECT_EQ(cluster.revisions.at(first)["revision"].as_int(), 3);
}

TEST(StatefulSet, History_is_kept_up_to_the_limit) {
  Cluster cluster(with(set_of(1), "revisionHistoryLimit", 2));
  for (int version = 1; version <= 6; ++version) {
    set_image(cluster.set, "db:" + std::to_string(version));
    cluster.settle();
  }
  EXPECT_EQ(cluster.revisions.size(), 3u) << "two old ones, and the one in use";
  std::int64_t oldest = 99;
  for (const auto& [name, revision] : cluster.revisions) oldest = std::min(oldest, revision["revision"].as_int());
  EXPECT_EQ(oldest, 4);
}

TEST(StatefulSet, Versions_of_pods_are_kept_whatever_the_limit) {
  Cluster cluster(with_partition(with(set_of(2), "revisionHistoryLimit", 0), 1));
  cluster.settle();
  const std::string first = cluster.set["status"]["currentRevision"].str();
  for (const char* image : {"db:2", "db:3", "db:4"}) {
    set_image(cluster.set, image);
    cluster.settle();
  }
  EXPECT_EQ(cluster.revisions.size(), 2u);
  EXPECT_TRUE(cluster.revisions.contains(first));
}

TEST(StatefulSet, A_name_that_is_taken_changes_the_hash) {
  Cluster cluster(set_of(1));
  cluster.decide();
  Value other = cluster.revisions.begin()->second;
  const std::string name(api::name_of(other));
  Cluster second(set_of(1));
  Value owner = set_of(1);
  owner.set({"metadata", "uid"}, "daemons-1");
  other.set({"metadata", "ownerReferences"}, Value::array({api::controller_reference(owner, api::kDaemonSets)}));
  second.revisions[name] = other;
  second.decide();
  EXPECT_EQ(second.set["status"]["collisionCount"].as_int(), 1);
  EXPECT_NE(second.set["status"]["updateRevision"].as_string(), name);
  EXPECT_EQ(second.revisions.size(), 2u);
}

TEST(StatefulSet, It_waits_for_the_versions_of_its_predecessor_to_go) {
  Cluster cluster(set_of(1));
  cluster.decide();
  Cluster second(set_of(1));
  second.set.set({"metadata", "uid"}, "set-2");
  second.revisions = cluster.revisions;
  EXPECT_EQ(second.decide(), control::Decision{});
  second.revisions.clear();
  second.decide();
  EXPECT_EQ(second.images(), "db-0=db:1");
  EXPECT_EQ(second.set["status"]["collisionCount"].as_int(), 0);
}

TEST(StatefulSet, One_that_is_being_deleted_does_nothing_but_count) {
  Cluster cluster(set_of(2));
  cluster.settle();
  cluster.set.set({"metadata", "deletionTimestamp"}, "2026-11-23T12:00:00Z");
  cluster.set.set({"spec", "replicas"}, 5);
  cluster.forget("db-1");
  EXPECT_EQ(cluster.decide().effects.size(), 0u);
  EXPECT_EQ(cluster.set["status"]["replicas"].as_int(), 1);
}

// As on every cluster: what others write into its status goes with the next change of a number.
TEST(StatefulSet, Foreign_conditions_last_until_the_next_news) {
  Cluster cluster(set_of(1));
  cluster.settle();
  const Value condition = Value::object({{"type", "Held"}, {"status", "True"}});
  cluster.set.set({"status", "conditions"}, Value::array({condition}));
  cluster.decide();
  EXPECT_FALSE(cluster.set["status"]["conditions"].is_null());
  cluster.set.set({"spec", "replicas"}, 2);
  cluster.settle();
  EXPECT_TRUE(cluster.set["status"]["conditions"].is_null());
}

}  // namespace
}  // namespace slipway::workload::statefulset
