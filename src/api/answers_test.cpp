// Tables, discovery, OpenAPI and Status.
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "api/jsonpath.h"
#include "api/testing.h"

namespace slipway::api {
namespace {

using data::Value;
using testing::json;
using testing::kind;
using testing::yaml;

const base::Time kNow = *base::parse_time("2026-01-01T01:00:00Z");

std::vector<std::string> cells(const Resource& resource, std::string_view object) {
  const Value table = make_table(kind(resource), {yaml(object)}, {}, IncludeObject::None, kNow);
  std::vector<std::string> out;
  for (const Value& cell : table["rows"].at(0)["cells"].items())
    out.push_back(cell.is_string() ? cell.str() : data::to_json(cell));
  return out;
}

using Cells = std::vector<std::string>;

TEST(Table, OfARunningPod) {
  EXPECT_EQ(cells(kPods, R"(
metadata: {name: web-1, creationTimestamp: 2026-01-01T00:00:00Z}
spec: {nodeName: n1, containers: [{name: a}, {name: b}], readinessGates: [{conditionType: g}]}
status:
  phase: Running
  podIP: 10.0.0.1
  conditions: [{type: g, status: 'True'}]
  containerStatuses:
  - {name: a, ready: true, restartCount: 2, state: {running: {}}, lastState: {terminated: {finishedAt: 2026-01-01T00:59:00Z}}}
  - {name: b, ready: false, restartCount: 0, state: {running: {}}}
)"),
            (Cells{"web-1", "1/2", "Running", "2 (60s ago)", "60m", "10.0.0.1", "n1", "<none>", "1/1"}));
}

std::string status_of(std::string_view object) { return cells(kPods, object)[2]; }

TEST(Table, StatusOfAPodTellsWhatMatters) {
  EXPECT_EQ(status_of("status: {phase: Pending}"), "Pending");
  EXPECT_EQ(status_of("status: {phase: Pending, containerStatuses: [{state: {waiting: {reason: ImagePullBackOff}}}]}"),
            "ImagePullBackOff");
  EXPECT_EQ(status_of("status: {phase: Running, containerStatuses: [{state: {terminated: {exitCode: 3}}}]}"),
            "ExitCode:3");
  EXPECT_EQ(status_of("status: {phase: Running, containerStatuses: [{state: {terminated: {signal: 9}}}]}"), "Signal:9");
  EXPECT_EQ(status_of("status: {phase: Failed, reason: Evicted}"), "Evicted");
  EXPECT_EQ(status_of("metadata: {deletionTimestamp: x}\nstatus: {phase: Running}"), "Terminating");
  EXPECT_EQ(status_of("spec: {initContainers: [{name: i}, {name: j}]}\nstatus: {phase: Pending, initContainerStatuses: "
                      "[{name: i, state: {terminated: {exitCode: 0}}}, {name: j, state: {running: {}}}]}"),
            "Init:1/2");
  EXPECT_EQ(status_of("spec: {initContainers: [{name: i}]}\nstatus: {phase: Pending, initContainerStatuses: "
                      "[{name: i, state: {waiting: {reason: CrashLoopBackOff}}}]}"),
            "Init:CrashLoopBackOff");
}

TEST(Table, OfADeploymentAndAService) {
  EXPECT_EQ(cells(kDeployments, R"(
metadata: {name: web}
spec: {replicas: 3, selector: {matchLabels: {app: web}}, template: {spec: {containers: [{name: a, image: i:1}, {name: b, image: j:2}]}}}
status: {readyReplicas: 2, updatedReplicas: 1, availableReplicas: 2}
)"),
            (Cells{"web", "2/3", "1", "2", "<unknown>", "a,b", "i:1,j:2", "app=web"}));
  EXPECT_EQ(cells(kServices, R"(
metadata: {name: web, creationTimestamp: 2026-01-01T00:59:15Z}
spec:
  {type: NodePort, clusterIP: 10.96.0.1, selector: {app: web},
   ports: [{port: 80, nodePort: 30080, protocol: TCP}, {port: 53, protocol: UDP}]}
)"),
            (Cells{"web", "NodePort", "10.96.0.1", "<none>", "80:30080/TCP,53/UDP", "45s", "app=web"}));
}

TEST(Table, OfNodesAndEvents) {
  EXPECT_EQ(cells(kNodes, R"(
metadata: {name: n1, labels: {node-role.kubernetes.io/worker: ''}, creationTimestamp: 2025-12-31T01:00:00Z}
spec: {unschedulable: true}
status:
  conditions: [{type: Ready, status: 'True'}]
  nodeInfo: {kubeletVersion: v1.33.0}
  addresses: [{type: InternalIP, address: 127.0.0.1}]
)"),
            (Cells{"n1", "Ready,SchedulingDisabled", "worker", "24h", "v1.33.0", "127.0.0.1", "<none>", "<unknown>",
                   "<unknown>", "<unknown>"}));
  EXPECT_EQ(cells(kEvents, R"(
metadata: {name: e1}
involvedObject: {kind: Pod, name: web-1}
type: Warning
reason: Failed
message: "no image\n"
lastTimestamp: 2026-01-01T00:58:00Z
firstTimestamp: 2026-01-01T00:50:00Z
count: 4
source: {component: agent, host: n1}
)"),
            (Cells{"2m", "Warning", "Failed", "pod/web-1", "null", "agent, n1", "no image", "10m", "4", "e1"}));
}

TEST(Table, RowsCarryWhatIsAskedFor) {
  const Value pod = yaml("metadata: {name: a}\nspec: {nodeName: n}");
  const Value metadata = make_table(kind(kPods), {pod}, yaml("resourceVersion: '7'"), IncludeObject::Metadata, kNow);
  EXPECT_EQ(metadata["kind"].as_string(), "Table");
  EXPECT_EQ(metadata["metadata"]["resourceVersion"].as_string(), "7");
  EXPECT_EQ(data::to_json(metadata["rows"].at(0)["object"]),
            R"({"apiVersion":"meta.k8s.io/v1","kind":"PartialObjectMetadata","metadata":{"name":"a"}})");
  EXPECT_TRUE(make_table(kind(kPods), {pod}, {}, IncludeObject::Object, kNow)["rows"].at(0)["object"].shares(pod));
  EXPECT_FALSE(make_table(kind(kPods), {pod}, {}, IncludeObject::None, kNow)["rows"].at(0).has("object"));
}

TEST(Discovery, AggregatedListsGroupsResourcesAndSubresources) {
  const Value apis = aggregated_discovery(*Scheme::builtin(), false);
  EXPECT_EQ(apis["apiVersion"].as_string(), "apidiscovery.k8s.io/v2");
  const Value core = aggregated_discovery(*Scheme::builtin(), true);
  ASSERT_EQ(core["items"].size(), 1u);
  std::set<std::string> subresources;
  for (const Value& resource : core["items"].at(0)["versions"].at(0)["resources"].items())
    for (const Value& sub : resource["subresources"].items())
      subresources.insert(resource["resource"].str() + "/" + sub["subresource"].str() + ":" +
                          sub["responseKind"]["kind"].str());
  for (const char* expected : {"pods/status:Pod", "pods/log:Pod", "pods/eviction:Eviction", "pods/binding:Binding",
                               "namespaces/finalize:Namespace"})
    EXPECT_TRUE(subresources.contains(expected)) << expected;
  for (const Value& group : apis["items"].items()) {
    EXPECT_NE(group["metadata"]["name"].as_string(), "autoscaling");  // its Scale is no resource
    if (group["metadata"]["name"].as_string() != "apps") continue;
    const Value& deployment = group["versions"].at(0)["resources"].at(0);
    EXPECT_EQ(deployment["resource"].as_string(), "deployments");
    EXPECT_EQ(deployment["scope"].as_string(), "Namespaced");
    EXPECT_EQ(data::to_json(deployment["shortNames"]), R"(["deploy"])");
    EXPECT_EQ(data::to_json(deployment["subresources"].at(0)["responseKind"]),
              R"({"group":"autoscaling","kind":"Scale","version":"v1"})");
  }
}

TEST(Discovery, PlainLists) {
  const Value groups = group_list(*Scheme::builtin());
  EXPECT_TRUE(data::to_json(groups).contains(R"({"groupVersion":"apps/v1","version":"v1"})"));
  const Value core = resource_list(*Scheme::builtin(), "v1");
  EXPECT_EQ(core["groupVersion"].as_string(), "v1");
  bool eviction = false;
  for (const Value& r : core["resources"].items())
    eviction = eviction || (r["name"].as_string() == "pods/eviction" && r["group"].as_string() == "policy" &&
                            r["version"].as_string() == "v1");
  EXPECT_TRUE(eviction);
  EXPECT_TRUE(resource_list(*Scheme::builtin(), "nothing/v1").is_null());
}

TEST(OpenApi, EveryReferenceLeadsSomewhere) {
  const auto scheme = Scheme::builtin();
  const Value index = openapi_index(*scheme);
  EXPECT_TRUE(index["paths"].has("api/v1"));
  EXPECT_TRUE(index["paths"].has("apis/apps/v1"));
  for (std::string_view gv :
       {"v1", "apps/v1", "rbac.authorization.k8s.io/v1", "gateway.networking.k8s.io/v1", "authorization.k8s.io/v1"}) {
    const Value document = openapi_document(*scheme, gv);
    int references = 0;
    std::function<void(const Value&)> walk = [&](const Value& v) {
      constexpr std::string_view kPrefix = "#/components/schemas/";
      if (v["$ref"].is_string()) {
        ++references;
        const std::string_view ref = v["$ref"].as_string();
        EXPECT_TRUE(document["components"]["schemas"].has(ref.substr(kPrefix.size()))) << ref;
      }
      for (const data::Member& m : v.members()) walk(m.value);
      for (const Value& item : v.items()) walk(item);
    };
    walk(document);
    EXPECT_GT(references, 5) << gv;
  }
  EXPECT_TRUE(openapi_document(*scheme, "none/v1").is_null());
}

TEST(OpenApi, SaysWhatKubectlLooksFor) {
  const Value document = openapi_document(*Scheme::builtin(), "apps/v1");
  const Value& patch = document["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]["patch"];
  EXPECT_EQ(data::to_json(patch["x-kubernetes-group-version-kind"]),
            R"({"group":"apps","kind":"Deployment","version":"v1"})");
  std::set<std::string> parameters;
  for (const Value& p : patch["parameters"].items()) parameters.insert(p["name"].str());
  EXPECT_TRUE(parameters.contains("fieldValidation") && parameters.contains("dryRun"));
  const Value& schemas = document["components"]["schemas"];
  EXPECT_EQ(
      schemas["io.k8s.api.core.v1.PodSpec"]["properties"]["containers"]["x-kubernetes-patch-merge-key"].as_string(),
      "name");
  EXPECT_EQ(schemas["io.k8s.api.apps.v1.Deployment"]["x-kubernetes-group-version-kind"].at(0)["kind"].as_string(),
            "Deployment");
  EXPECT_FALSE(schemas["io.k8s.api.apps.v1.DeploymentSpec"]["properties"]["replicas"]["description"].is_empty());
}

TEST(OpenApi, EveryFieldIsExplained) {
  std::set<const Schema*> seen;
  std::function<void(const Schema&, const std::string&)> walk = [&](const Schema& schema, const std::string& at) {
    if (!seen.insert(&schema).second) return;
    if (schema.items) walk(*schema.items, at + "[]");
    for (const Field& field : schema.fields) {
      EXPECT_FALSE(field.doc.empty()) << at << "." << field.name;
      walk(*field.type, at + "." + field.name);
    }
  };
  for (const auto& each : Scheme::builtin()->kinds()) {
    EXPECT_FALSE(each->schema->doc.empty()) << each->resource.kind;
    walk(*each->schema, each->resource.kind);
  }
}

TEST(Status, OfAFailure) {
  base::Error error{.code = base::Code::TooManyRequests,
                    .message = "slow down",
                    .causes = {{"R", "m", "f"}},
                    .subject = {.group = "apps", .kind = "deployments", .name = "web"},
                    .retry_after = base::milliseconds(1500)};
  EXPECT_EQ(
      data::to_json(make_status(error)),
      R"({"apiVersion":"v1","code":429,)"
            R"("details":{"causes":[{"field":"f","message":"m","reason":"R"}],"group":"apps","kind":"deployments",)"
            R"("name":"web","retryAfterSeconds":2},)"
            R"("kind":"Status","message":"slow down","metadata":{},"reason":"TooManyRequests","status":"Failure"})");
  EXPECT_FALSE(make_status({.code = base::Code::NotFound, .message = "gone"}).has("details"));
}

TEST(JsonPath, FindsWhatColumnsNeed) {
  const Value o = json(R"({"a":{"b.c":1,"list":[{"t":"x","v":1},{"t":"y","v":2}]}})");
  auto first = [&](std::string_view path) { return data::to_json(find_first(o, path)); };
  EXPECT_EQ(first(".a['b.c']"), "1");
  EXPECT_EQ(first(".a.b\\.c"), "1");
  EXPECT_EQ(first("{.a.list[1].v}"), "2");
  EXPECT_EQ(first(".a.list[-1].v"), "2");
  EXPECT_EQ(first(".a.list[?(@.t==\"y\")].v"), "2");
  EXPECT_EQ(first(".a.list[?(@.v==1)].t"), "\"x\"");
  EXPECT_EQ(first(".a.none.x"), "null");
  EXPECT_EQ(find_all(o, ".a.list[*].v")->size(), 2u);
  EXPECT_FALSE(find_all(o, ".a[?(x").has_value());
  EXPECT_EQ(data::to_json(*set_at_path(json("{}"), ".spec.size", 3)), R"({"spec":{"size":3}})");
  EXPECT_FALSE(set_at_path(json("{\"spec\":1}"), ".spec.size", 3).has_value());
}

}  // namespace
}  // namespace slipway::api
