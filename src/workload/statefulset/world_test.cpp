// StatefulSets against the real API server in memory, with modelled nodes.
#include "workload/test_world.h"

namespace slipway::workload::testing {
namespace {

class StatefulWorld : public World {
 protected:
  void create_db(int replicas, std::string_view extra = "") {
    create_shop();
    create(api::kStatefulSets, R"(
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop}
spec:
  serviceName: db
  replicas: )" + std::to_string(replicas) +
                                   R"(
  selector: {matchLabels: {app: db}}
)" + std::string(extra) + R"(
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: "db:1"}]}
)");
  }
  void set_image(std::string_view image) {
    call({.verb = Verb::Patch,
          .resource = api::kStatefulSets,
          .space = "shop",
          .name = "db",
          .body = *data::parse_yaml("{spec: {template: {spec: {containers: [{name: db, image: \"" + std::string(image) +
                                    "\"}]}}}}"),
          .patch_type = client::PatchType::Strategic});
  }
  Value status() const { return find(api::kStatefulSets, "db")["status"]; }
  // "db-0=db:1 db-1=db:2": ready ones.
  std::string ready() const {
    std::string text;
    for (const Value& pod : all(api::kPods))
      if (control::is_active(pod) && control::is_ready(pod))
        text += (text.empty() ? "" : " ") + std::string(api::name_of(pod)) + "=" +
                pod["spec"]["containers"].at(0)["image"].str();
    return text;
  }
  bool settled() const {
    const Value set = find(api::kStatefulSets, "db");
    return set["status"]["observedGeneration"].as_int() == api::generation_of(set) && runner.idle();
  }
  void rest() {
    until([&] { return settled(); });
    loop.run_for(minutes(1));
  }
};

TEST_F(StatefulWorld, It_becomes_ready_is_rolled_rolled_back_and_scaled) {
  create_db(3);
  ASSERT_TRUE(until([&] { return ready() == "db-0=db:1 db-1=db:1 db-2=db:1"; }));
  std::int64_t lowest = 3;
  set_image("db:2");
  ASSERT_TRUE(until([&] {
    lowest = std::min(lowest, available());
    return ready() == "db-0=db:2 db-1=db:2 db-2=db:2";
  }));
  EXPECT_EQ(lowest, 2);
  ASSERT_TRUE(until([&] { return status()["currentRevision"] == status()["updateRevision"]; }));
  set_image("db:1");
  ASSERT_TRUE(until([&] { return ready() == "db-0=db:1 db-1=db:1 db-2=db:1"; }));
  EXPECT_EQ(all(api::kControllerRevisions).size(), 2u);
  patch(api::kStatefulSets, "db", "{spec: {replicas: 5}}", "scale");
  ASSERT_TRUE(until([&] { return available() == 5; }));
  patch(api::kStatefulSets, "db", "{spec: {replicas: 1}}", "scale");
  ASSERT_TRUE(until([&] { return all(api::kPods).size() == 1; }));
  EXPECT_EQ(ready(), "db-0=db:1");
}

TEST_F(StatefulWorld, A_partition_is_lowered_step_by_step) {
  create_db(4, "  updateStrategy: {rollingUpdate: {partition: 4}}");
  ASSERT_TRUE(until([&] { return available() == 4; }));
  set_image("db:2");
  rest();
  EXPECT_EQ(ready(), "db-0=db:1 db-1=db:1 db-2=db:1 db-3=db:1");
  patch(api::kStatefulSets, "db", "{spec: {updateStrategy: {rollingUpdate: {partition: 2}}}}");
  rest();
  EXPECT_EQ(ready(), "db-0=db:1 db-1=db:1 db-2=db:2 db-3=db:2");
  EXPECT_EQ(status()["updatedReplicas"].as_int(), 2);
  EXPECT_EQ(status()["currentReplicas"].as_int(), 2);
  erase(api::kPods, "db-0");
  rest();
  EXPECT_EQ(ready(), "db-0=db:1 db-1=db:1 db-2=db:2 db-3=db:2");
  set_image("db:1");  // back, below the partition nothing has to happen
  rest();
  EXPECT_EQ(ready(), "db-0=db:1 db-1=db:1 db-2=db:1 db-3=db:1");
  EXPECT_EQ(status()["currentRevision"], status()["updateRevision"]);
}

TEST_F(StatefulWorld, With_on_delete_somebody_else_says_when) {
  create_db(2, "  updateStrategy: {type: OnDelete}");
  ASSERT_TRUE(until([&] { return available() == 2; }));
  set_image("db:2");
  rest();
  EXPECT_EQ(ready(), "db-0=db:1 db-1=db:1");
  erase(api::kPods, "db-0");
  rest();
  EXPECT_EQ(ready(), "db-0=db:2 db-1=db:1");
}

TEST_F(StatefulWorld, A_bad_version_stops_at_its_first_pod) {
  kubelet.broken_images.insert("bad");
  create_db(3);
  ASSERT_TRUE(until([&] { return available() == 3; }));
  set_image("bad");
  rest();
  EXPECT_EQ(ready(), "db-0=db:1 db-1=db:1");
}

TEST_F(StatefulWorld, Claims_are_bound_kept_and_protected) {
  create_db(2, R"(  volumeClaimTemplates:
  - {metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}
  persistentVolumeClaimRetentionPolicy: {whenScaled: Delete})");
  ASSERT_TRUE(until([&] { return available() == 2; }));
  EXPECT_EQ(find(api::kPersistentVolumeClaims, "data-db-1")["status"]["phase"].as_string(), "Bound");
  erase(api::kPersistentVolumeClaims, "data-db-0");
  loop.run_for(minutes(1));
  EXPECT_TRUE(api::is_deleting(find(api::kPersistentVolumeClaims, "data-db-0"))) << "a pod uses it";
  patch(api::kStatefulSets, "db", "{spec: {replicas: 1}}", "scale");
  ASSERT_TRUE(until([&] { return find(api::kPersistentVolumeClaims, "data-db-1").is_null(); }));
  erase(api::kStatefulSets, "db");
  ASSERT_TRUE(until([&] { return all(api::kPersistentVolumeClaims).empty(); }));
}

TEST_F(StatefulWorld, Everything_goes_with_it) {
  create_db(2);
  ASSERT_TRUE(until([&] { return available() == 2; }));
  erase(api::kStatefulSets, "db");
  ASSERT_TRUE(until([&] { return all(api::kPods).empty() && all(api::kControllerRevisions).empty(); }));
}

TEST_F(StatefulWorld, Orphans_are_taken_over_by_a_set_of_the_same_name) {
  create_db(2);
  ASSERT_TRUE(until([&] { return available() == 2; }));
  const std::string revision = status()["updateRevision"].str();
  std::vector<std::string> uids;
  for (const Value& pod : all(api::kPods)) uids.emplace_back(api::uid_of(pod));
  erase(api::kStatefulSets, "db", "Orphan");
  ASSERT_TRUE(until([&] { return find(api::kStatefulSets, "db").is_null(); }));
  create(api::kStatefulSets, R"(
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop}
spec:
  serviceName: db
  replicas: 2
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: "db:1"}]}
)");
  ASSERT_TRUE(until([&] { return status()["readyReplicas"].as_int() == 2; }));
  EXPECT_EQ(status()["updateRevision"].as_string(), revision);
  std::vector<std::string> after;
  for (const Value& pod : all(api::kPods)) after.emplace_back(api::uid_of(pod));
  EXPECT_EQ(uids, after);
}

}  // namespace
}  // namespace slipway::workload::testing
