// The claims of a StatefulSet's pods.
#include <gtest/gtest.h>

#include "data/yaml.h"
#include "workload/statefulset/test_set.h"

namespace slipway::workload::statefulset {
namespace {

using data::Value;
using testing::Cluster;
using testing::set_of;

Value with_claims(Value set, std::string_view when_scaled = "Retain", std::string_view when_deleted = "Retain") {
  set.set({"spec", "volumeClaimTemplates"},
          *data::parse_yaml("[{metadata: {name: data, labels: {tier: x}}, spec: {accessModes: [ReadWriteOnce], "
                            "resources: {requests: {storage: 1Gi}}}}]"));
  set.set({"spec", "persistentVolumeClaimRetentionPolicy"},
          Value::object({{"whenScaled", when_scaled}, {"whenDeleted", when_deleted}}));
  return set;
}

std::string owner_of(const Value& claim) {
  const Value& owners = claim["metadata"]["ownerReferences"];
  return owners.size() == 0 ? "" : owners.at(0)["kind"].str() + "/" + owners.at(0)["name"].str();
}

TEST(StatefulSetClaims, Are_made_before_their_pod_and_mounted_by_it) {
  Cluster cluster(with_claims(set_of(2)));
  cluster.decide();
  ASSERT_EQ(cluster.claims.size(), 1u);
  const Value& claim = cluster.claims.at("data-db-0");
  EXPECT_EQ(api::label(claim, "app"), "db");
  EXPECT_EQ(api::label(claim, "tier"), "x");
  EXPECT_EQ(claim["spec"]["accessModes"].at(0).as_string(), "ReadWriteOnce");
  EXPECT_EQ(owner_of(claim), "");
  const Value& volume = cluster.pods.at("db-0")["spec"]["volumes"].at(0);
  EXPECT_EQ(volume["name"].as_string(), "data");
  EXPECT_EQ(volume["persistentVolumeClaim"]["claimName"].as_string(), "data-db-0");
  cluster.settle();
  EXPECT_EQ(cluster.claims.size(), 2u);
}

TEST(StatefulSetClaims, Stay_when_pods_go_and_are_used_again) {
  Cluster cluster(with_claims(set_of(2)));
  cluster.settle();
  const std::string uid(api::uid_of(cluster.claims.at("data-db-1")));
  cluster.set.set({"spec", "replicas"}, 1);
  cluster.settle();
  EXPECT_EQ(cluster.claims.size(), 2u);
  cluster.set.set({"spec", "replicas"}, 2);
  cluster.settle();
  EXPECT_EQ(api::uid_of(cluster.claims.at("data-db-1")), uid);
}

TEST(StatefulSetClaims, A_pending_pod_gets_a_claim_that_was_lost) {
  Cluster cluster(with_claims(set_of(1)));
  cluster.decide();
  cluster.claims.clear();
  cluster.decide();
  EXPECT_TRUE(cluster.claims.contains("data-db-0"));
}

TEST(StatefulSetClaims, A_pod_waits_for_a_claim_that_is_going) {
  Cluster cluster(with_claims(set_of(1)));
  cluster.settle();
  cluster.forget("db-0");
  cluster.claims.at("data-db-0").set({"metadata", "deletionTimestamp"}, "2026-11-23T12:00:00Z");
  cluster.decide();
  EXPECT_EQ(cluster.images(), "");
  cluster.claims.clear();
  cluster.settle();
  EXPECT_EQ(cluster.images(), "db-0=db:1");
  EXPECT_EQ(cluster.claims.size(), 1u);
}

TEST(StatefulSetClaims, Have_owners_by_which_they_go) {
  Cluster cluster(with_claims(set_of(2), "Retain", "Delete"));
  cluster.settle();
  EXPECT_EQ(owner_of(cluster.claims.at("data-db-1")), "StatefulSet/db");
  cluster.set = with_claims(cluster.set, "Delete", "Retain");
  cluster.settle();
  EXPECT_EQ(owner_of(cluster.claims.at("data-db-1")), "");
  cluster.set = with_claims(cluster.set, "Delete", "Delete");
  cluster.settle();
  EXPECT_EQ(owner_of(cluster.claims.at("data-db-1")), "StatefulSet/db");
  cluster.set.set({"spec", "replicas"}, 1);
  cluster.decide();
  EXPECT_EQ(owner_of(cluster.claims.at("data-db-1")), "Pod/db-1") << "it goes with the pod that is too many";
  EXPECT_EQ(owner_of(cluster.claims.at("data-db-0")), "StatefulSet/db");
  // The pod is gone, its claim not yet: a new pod must not take what is about to be deleted.
  cluster.forget("db-1");
  cluster.set.set({"spec", "replicas"}, 2);
  cluster.decide();
  EXPECT_EQ(cluster.images(), "db-0=db:1");
  cluster.claims.erase("data-db-1");
  cluster.settle();
  EXPECT_EQ(cluster.images(), "db-0=db:1 db-1=db:1");
  cluster.set = with_claims(cluster.set);
  cluster.settle();
  EXPECT_EQ(owner_of(cluster.claims.at("data-db-1")), "");
}

TEST(StatefulSetClaims, Of_somebody_else_are_left_to_him) {
  Cluster cluster(with_claims(set_of(1), "Retain", "Delete"));
  cluster.settle();
  Value other = set_of(1);
  other.set({"metadata", "name"}, "other");
  cluster.claims.at("data-db-0")
      .set({"metadata", "ownerReferences"}, Value::array({api::controller_reference(other, api::kDeployments)}));
  EXPECT_EQ(cluster.decide().effects.size(), 0u);
}

}  // namespace
}  // namespace slipway::workload::statefulset
