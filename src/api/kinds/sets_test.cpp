// StatefulSets and DaemonSets: defaults, rules, what may change.
#include <algorithm>

#include "api/testing.h"

namespace slipway::api {
namespace {

using data::Value;
using testing::kind;
using testing::lines;
using testing::yaml;

constexpr const char* kDatabase = R"(
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: "db:1", volumeMounts: [{name: data, mountPath: /data}]}]}
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
)";

constexpr const char* kAgent = R"(
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: shop}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec: {containers: [{name: agent, image: "agent:1"}]}
)";

Value stored(const Resource& r, const Value& object) {
  return with_defaults(kind(r), testing::conformed(kind(r), object));
}

std::vector<std::string> problems_of(const Resource& r, const Value& object, const Value& old = {}) {
  return lines(validate(kind(r), stored(r, object), old));
}

Value database(std::string_view path, Value value) {
  Value set = yaml(kDatabase);
  set.set({"spec", path}, std::move(value));
  return set;
}

Value agent(Value strategy) {
  Value set = yaml(kAgent);
  set.set({"spec", "updateStrategy"}, std::move(strategy));
  return set;
}

TEST(StatefulSets, GetTheirDefaults) {
  const Value set = stored(kStatefulSets, yaml(kDatabase));
  const Value& spec = set["spec"];
  EXPECT_EQ(spec["replicas"].as_int(), 1);
  EXPECT_EQ(spec["podManagementPolicy"].as_string(), "OrderedReady");
  EXPECT_EQ(spec["revisionHistoryLimit"].as_int(), 10);
  EXPECT_EQ(data::to_json(spec["updateStrategy"]), R"({"rollingUpdate":{"partition":0},"type":"RollingUpdate"})");
  EXPECT_EQ(data::to_json(spec["persistentVolumeClaimRetentionPolicy"]),
            R"({"whenDeleted":"Retain","whenScaled":"Retain"})");
  const Value& claim = spec["volumeClaimTemplates"].at(0);
  EXPECT_EQ(claim["kind"].as_string(), "PersistentVolumeClaim");
  EXPECT_EQ(claim["apiVersion"].as_string(), "v1");
  EXPECT_EQ(claim["spec"]["volumeMode"].as_string(), "Filesystem");
  EXPECT_EQ(claim["status"]["phase"].as_string(), "Pending");
  EXPECT_TRUE(stored(kStatefulSets, set) == set);
}

// An explicit type without rollingUpdate stays without a partition.
TEST(StatefulSets, AnExplicitStrategyGetsNoPartition) {
  auto strategy = [](const char* text) {
    return data::to_json(stored(kStatefulSets, database("updateStrategy", yaml(text)))["spec"]["updateStrategy"]);
  };
  EXPECT_EQ(strategy("{type: RollingUpdate}"), R"({"type":"RollingUpdate"})");
  EXPECT_EQ(strategy("{type: OnDelete}"), R"({"type":"OnDelete"})");
  EXPECT_EQ(strategy("{rollingUpdate: {partition: 2}}"), R"({"rollingUpdate":{"partition":2},"type":"RollingUpdate"})");
}

TEST(StatefulSets, AreCheckedOnCreation) {
  EXPECT_TRUE(problems_of(kStatefulSets, yaml(kDatabase)).empty());
  auto problem = [](std::string_view path, const char* text) {
    const auto found = problems_of(kStatefulSets, database(path, yaml(text)));
    return found.size() == 1 ? found[0] : ::testing::PrintToString(found);
  };
  EXPECT_EQ(problem("podManagementPolicy", "Random"),
            "spec.podManagementPolicy: Invalid value: \"Random\": must be 'OrderedReady' or 'Parallel'");
  EXPECT_EQ(problem("updateStrategy", "{type: Recreate}"),
            "spec.updateStrategy: Invalid value: {\"type\":\"Recreate\"}: must be 'RollingUpdate' or 'OnDelete'");
  EXPECT_EQ(problem("updateStrategy", "{type: OnDelete, rollingUpdate: {partition: 1}}"),
            "spec.updateStrategy.rollingUpdate: Invalid value: {\"partition\":1}: only allowed for updateStrategy "
            "'RollingUpdate'");
  EXPECT_EQ(problem("updateStrategy", "{rollingUpdate: {partition: -1}}"),
            "spec.updateStrategy.rollingUpdate.partition: Invalid value: -1: must be greater than or equal to 0");
  EXPECT_EQ(problem("updateStrategy", "{rollingUpdate: {maxUnavailable: 0}}"),
            "spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: 0: cannot be 0");
  EXPECT_EQ(problem("ordinals", "{start: -1}"),
            "spec.ordinals.start: Invalid value: -1: must be greater than or equal to 0");
  EXPECT_TRUE(problem("serviceName", "Db_1").starts_with("spec.serviceName: Invalid value: \"Db_1\": a lowercase"));
  EXPECT_EQ(problem("selector", "{}"), "spec.selector: Invalid value: {}: empty selector is invalid for statefulset");
  EXPECT_EQ(problem("volumeClaimTemplates", "[]"),
            "spec.template.spec.containers[0].volumeMounts[0].name: Not found: \"data\"");
}

TEST(StatefulSets, AreNamedLikePods) {
  Value set = yaml(kDatabase);
  set.set({"metadata", "name"}, "my.db");
  const auto found = problems_of(kStatefulSets, set);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_TRUE(found[0].starts_with("metadata.name: Invalid value: \"my.db\": a lowercase RFC 1123 label")) << found[0];
}

TEST(StatefulSets, MayChangeOnlySomeFields) {
  const Value old = stored(kStatefulSets, yaml(kDatabase));
  Value fine = old;
  fine.set({"spec", "replicas"}, 5);
  fine.set({"spec", "minReadySeconds"}, 5);
  fine.set({"spec", "ordinals", "start"}, 3);
  fine.set({"spec", "revisionHistoryLimit"}, 2);
  fine.set({"spec", "updateStrategy", "rollingUpdate", "partition"}, 2);
  fine.set({"spec", "template", "spec", "terminationGracePeriodSeconds"}, 2);
  fine.set({"spec", "persistentVolumeClaimRetentionPolicy", "whenScaled"}, "Delete");
  EXPECT_EQ(problems_of(kStatefulSets, fine, old), std::vector<std::string>{});
  for (const auto& [field, value] :
       {std::pair{"serviceName", "other"}, {"podManagementPolicy", "Parallel"}, {"volumeClaimTemplates", "[]"}}) {
    Value changed = old;
    changed.set({"spec", field}, yaml(value));
    if (std::string_view(field) == "volumeClaimTemplates")
      changed.member("spec").member("template").member("spec").member("containers").element(0).erase("volumeMounts");
    EXPECT_EQ(problems_of(kStatefulSets, changed, old),
              std::vector<std::string>{
                  "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', "
                  "'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and "
                  "'minReadySeconds' are forbidden"})
        << field;
  }
}

TEST(DaemonSets, GetTheirDefaults) {
  const Value set = stored(kDaemonSets, yaml(kAgent));
  EXPECT_EQ(data::to_json(set["spec"]["updateStrategy"]),
            R"({"rollingUpdate":{"maxSurge":0,"maxUnavailable":1},"type":"RollingUpdate"})");
  EXPECT_EQ(set["spec"]["revisionHistoryLimit"].as_int(), 10);
  EXPECT_EQ(data::to_json(stored(kDaemonSets, agent(yaml("{type: OnDelete}")))["spec"]["updateStrategy"]),
            R"({"type":"OnDelete"})");
}

TEST(DaemonSets, AreChecked) {
  EXPECT_TRUE(problems_of(kDaemonSets, yaml(kAgent)).empty());
  const std::string at = "spec.updateStrategy.rollingUpdate.";
  auto problem = [](const char* rolling) {
    const auto found = problems_of(kDaemonSets, agent(Value::object({{"rollingUpdate", yaml(rolling)}})));
    return found.size() == 1 ? found[0] : ::testing::PrintToString(found);
  };
  EXPECT_EQ(problem("{maxSurge: 1}"),
            at + "maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero");
  EXPECT_EQ(problem("{maxUnavailable: 0}"), at + "maxUnavailable: Required value: cannot be 0 when maxSurge is 0");
  EXPECT_EQ(problem("{maxUnavailable: 101%}"), at + "maxUnavailable: Invalid value: \"101%\": must not be greater than "
                                                    "100%");
  EXPECT_TRUE(problems_of(kDaemonSets, agent(yaml("{rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}"))).empty());
  const auto found = problems_of(kDaemonSets, agent(yaml("{type: Recreate}")));
  EXPECT_EQ(found, std::vector<std::string>{"spec.updateStrategy.type: Unsupported value: \"Recreate\": supported "
                                            "values: \"OnDelete\", \"RollingUpdate\""});
}

TEST(DaemonSets, KeepTheirSelector) {
  const Value old = stored(kDaemonSets, yaml(kAgent));
  Value changed = old;
  changed.set({"spec", "selector", "matchLabels"}, yaml("{tier: x}"));
  changed.set({"spec", "template", "metadata", "labels"}, yaml("{tier: x}"));
  EXPECT_EQ(
      problems_of(kDaemonSets, changed, old),
      std::vector<std::string>{"spec.selector: Invalid value: {\"matchLabels\":{\"tier\":\"x\"}}: field is immutable"});
}

constexpr const char* kClaim = R"(
metadata: {name: data-db-0, namespace: shop}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
)";

TEST(Claims, AreChecked) {
  EXPECT_TRUE(problems_of(kPersistentVolumeClaims, yaml(kClaim)).empty());
  const Value empty = yaml("metadata: {name: data, namespace: shop}\nspec: {volumeName: x}");
  EXPECT_EQ(problems_of(kPersistentVolumeClaims, empty),
            (std::vector<std::string>{"spec.accessModes: Required value: at least 1 access mode is required",
                                      "spec.resources[storage]: Required value"}));
  Value set = yaml(kDatabase);
  set.member("spec").member("volumeClaimTemplates").element(0).member("spec").erase("accessModes");
  EXPECT_EQ(problems_of(kStatefulSets, set),
            std::vector<std::string>{
                "spec.volumeClaimTemplates[0].spec.accessModes: Required value: at least 1 access mode is required"});
}

TEST(Claims, GetTheirVolumeOnceAndMayGrowThen) {
  const Value old = prepare_create(kind(kPersistentVolumeClaims), stored(kPersistentVolumeClaims, yaml(kClaim)));
  EXPECT_EQ(old["status"]["phase"].as_string(), "Pending");
  auto problems = [](const Value& from, std::vector<std::string_view> path, Value value) {
    Value changed = from;
    Value* at = &changed;
    for (const std::string_view part : path) at = &at->member(part);
    *at = std::move(value);
    return problems_of(kPersistentVolumeClaims, changed, from).size();
  };
  EXPECT_EQ(problems(old, {"spec", "resources", "requests", "storage"}, "2Gi"), 1u);
  EXPECT_EQ(problems(old, {"spec", "volumeName"}, "v"), 0u);
  Value bound = old;
  bound.set({"spec", "volumeName"}, "v");
  bound.set({"status", "phase"}, "Bound");
  EXPECT_EQ(problems(bound, {"spec", "volumeName"}, "w"), 1u);
  EXPECT_EQ(problems(bound, {"spec", "resources", "requests", "storage"}, "2Gi"), 0u);
  EXPECT_EQ(problems(bound, {"spec", "resources", "requests", "storage"}, "1Mi"), 1u);
}

std::string row(const Resource& resource, const Value& object) {
  const Value table = make_table(kind(resource), {object}, {}, IncludeObject::None, base::Time{});
  std::string text;
  for (std::size_t i = 0; i < table["columnDefinitions"].size(); ++i) {
    const Value& column = table["columnDefinitions"].at(i);
    if (column["name"].as_string() == "Age") continue;
    text += column["name"].str() + (column["priority"].as_int() > 0 ? "(wide)" : "") + "=" +
            data::to_json(table["rows"].at(0)["cells"].at(i)) + " ";
  }
  return text;
}

TEST(Sets, AreListedAsKubectlShowsThem) {
  Value set = stored(kStatefulSets, yaml(kDatabase));
  set.set({"status", "readyReplicas"}, 1);
  EXPECT_EQ(row(kStatefulSets, set), R"(Name="db" Ready="1/1" Containers(wide)="db" Images(wide)="db:1" )");
  Value daemons = stored(kDaemonSets, yaml(kAgent));
  daemons.set("status", yaml("{desiredNumberScheduled: 5, currentNumberScheduled: 4, numberReady: 3, "
                             "updatedNumberScheduled: 2, numberAvailable: 1}"));
  daemons.set({"spec", "template", "spec", "nodeSelector"}, yaml("{disk: ssd}"));
  EXPECT_EQ(row(kDaemonSets, daemons),
            R"(Name="agent" Desired=5 Current=4 Ready=3 Up-to-date=2 Available=1 Node Selector="disk=ssd" )"
            R"(Containers(wide)="agent" Images(wide)="agent:1" Selector(wide)="app=agent" )");
  const Value revision = yaml(
      "{metadata: {name: db-1, ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: db, uid: u, "
      "controller: true}]}, revision: 3}");
  EXPECT_EQ(row(kControllerRevisions, revision), R"(Name="db-1" Controller="statefulset.apps/db" Revision=3 )");
  Value claim = stored(kPersistentVolumeClaims, yaml(kClaim));
  claim.set({"spec", "volumeName"}, "v");
  claim.set("status", yaml("{phase: Bound, accessModes: [ReadWriteOnce], capacity: {storage: 1Gi}}"));
  EXPECT_EQ(row(kPersistentVolumeClaims, claim),
            R"(Name="data-db-0" Status="Bound" Volume="v" Capacity="1Gi" Access Modes="RWO" StorageClass="" )"
            R"(VolumeAttributesClass="\u003cunset\u003e" VolumeMode(wide)="Filesystem" )");
}

}  // namespace
}  // namespace slipway::api
