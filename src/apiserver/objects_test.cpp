// The life of objects through the API: create, read, change, delete.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apiserver/test_cluster.h"

namespace slipway::apiserver::testing {
namespace {

using data::Value;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(Objects, CreateFillsInTheServersPart) {
  Cluster c;
  Reply made = c.post(kDeployments, deployment("web"));
  ASSERT_EQ(made.status, 201) << made.text;
  const Value& m = made.body["metadata"];
  EXPECT_EQ(m["namespace"], Value("default"));
  EXPECT_EQ(m["uid"].as_string().size(), 36u);
  EXPECT_EQ(m["generation"], Value(1));
  EXPECT_EQ(m["creationTimestamp"], Value("2023-11-14T22:13:20Z"));
  EXPECT_FALSE(m["resourceVersion"].is_empty());
  EXPECT_EQ(made.body["spec"]["strategy"]["type"], Value("RollingUpdate"));
  Reply read = c.get(std::string(kDeployments) + "/web");
  EXPECT_EQ(read.status, 200);
  EXPECT_EQ(read.body, made.body);
}

TEST(Objects, CreateTwiceIsAlreadyExists) {
  Cluster c;
  c.post(kMaps, config_map("a"));
  Reply again = c.post(kMaps, config_map("a"));
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(again.reason(), "AlreadyExists");
  EXPECT_EQ(again.message(), "configmaps \"a\" already exists");
  EXPECT_EQ(again.body["details"]["kind"], Value("configmaps"));
}

TEST(Objects, GenerateNameMakesDistinctNames) {
  Cluster c;
  std::string body = "apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: job-}\n";
  Reply one = c.post(kMaps, body), two = c.post(kMaps, body);
  EXPECT_THAT(one.body["metadata"]["name"].str(), StartsWith("job-"));
  EXPECT_EQ(one.body["metadata"]["name"].as_string().size(), 9u);
  EXPECT_NE(one.body["metadata"]["name"], two.body["metadata"]["name"]);
}

TEST(Objects, MissingNamespaceIsNotFound) {
  Cluster c;
  Reply r = c.post("/api/v1/namespaces/nowhere/configmaps", config_map("a"));
  EXPECT_EQ(r.status, 404);
  EXPECT_EQ(r.message(), "namespaces \"nowhere\" not found");
}

TEST(Objects, NamespaceOfBodyMustBeThatOfTheUrl) {
  Cluster c;
  Reply r = c.post(kMaps, config_map("a", "1", ", namespace: other"));
  EXPECT_EQ(r.status, 400);
  EXPECT_THAT(r.message(), HasSubstr("does not match the namespace sent on the request"));
}

TEST(Objects, NoContentTypeIsJson) {
  Cluster c;
  Reply r = c.ask({.method = "POST", .target = kMaps, .body = R"({"metadata":{"name":"a"}})", .content_type = ""});
  EXPECT_EQ(r.status, 201) << r.text;
  EXPECT_EQ(r.body["kind"], Value("ConfigMap"));
}

TEST(Objects, StrictValidationRefusesUnknownAndDuplicateFields) {
  Cluster c;
  std::string body =
      R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"dta":{"x":"1"},"data":{"k":"1"},"data":{"k":"2"}})";
  Ask ask{.method = "POST", .target = std::string(kMaps) + "?fieldValidation=Strict", .body = body};
  Reply strict = c.ask(ask);
  EXPECT_EQ(strict.status, 400);
  EXPECT_THAT(strict.message(), HasSubstr("strict decoding error: unknown field \"dta\""));
  EXPECT_THAT(strict.message(), HasSubstr("duplicate field \"data\""));
  ask.target = kMaps;
  Reply warned = c.ask(ask);
  EXPECT_EQ(warned.status, 201);
  EXPECT_THAT(warned.header("Warning"), HasSubstr("unknown field \\\"dta\\\""));
  EXPECT_FALSE(warned.body.has("dta"));
}

TEST(Objects, WrongTypesAreBadRequests) {
  Cluster c;
  std::string body = deployment("web");
  body.replace(body.find("replicas: 2"), 11, "replicas: many");
  Reply r = c.post(kDeployments, body);
  EXPECT_EQ(r.status, 400);
  EXPECT_THAT(r.message(), HasSubstr("Deployment in version \"v1\" cannot be handled as a Deployment"));
}

TEST(Objects, InvalidFieldsAreListed) {
  Cluster c;
  std::string body = deployment("web");
  body.replace(body.find("replicas: 2"), 11, "replicas: -2");
  Reply r = c.post(kDeployments, body);
  EXPECT_EQ(r.status, 422);
  EXPECT_THAT(r.message(), StartsWith("Deployment.apps \"web\" is invalid: "));
  EXPECT_EQ(r.body["details"]["causes"].at(0)["field"], Value("spec.replicas"));
}

TEST(Objects, UpdateNeedsTheLatestVersionWhenItNamesOne) {
  Cluster c;
  Value first = c.post(kMaps, config_map("a")).body;
  std::string at = std::string(kMaps) + "/a";
  c.patch(at, kMerge, R"({"data":{"key":"2"}})");
  Reply stale = c.ask({.method = "PUT", .target = at, .body = data::to_json(first)});
  EXPECT_EQ(stale.status, 409);
  EXPECT_EQ(stale.reason(), "Conflict");
  EXPECT_THAT(stale.message(),
              HasSubstr("the object has been modified; please apply your changes to the latest version"));
  first.member("metadata").erase("resourceVersion");
  EXPECT_EQ(c.ask({.method = "PUT", .target = at, .body = data::to_json(first)}).status, 200);
}

TEST(Objects, GenerationCountsChangesOfTheSpec) {
  Cluster c;
  c.post(kDeployments, deployment("web"));
  std::string at = std::string(kDeployments) + "/web";
  EXPECT_EQ(c.patch(at, kMerge, R"({"metadata":{"labels":{"x":"y"}}})").body["metadata"]["generation"], Value(1));
  EXPECT_EQ(c.patch(at, kMerge, R"({"spec":{"replicas":5}})").body["metadata"]["generation"], Value(2));
  Reply status = c.patch(at + "/status", kMerge, R"({"spec":{"replicas":9},"status":{"replicas":5}})");
  EXPECT_EQ(status.body["metadata"]["generation"], Value(2));
  EXPECT_EQ(status.body["spec"]["replicas"], Value(5));
  EXPECT_EQ(status.body["status"]["replicas"], Value(5));
  EXPECT_EQ(c.patch(at, kMerge, R"({"status":{"replicas":7}})").body["status"]["replicas"], Value(5));
}

TEST(Objects, WritingTheSameAgainChangesNothing) {
  Cluster c;
  c.post(kDeployments, deployment("web"));
  std::string at = std::string(kDeployments) + "/web";
  Value first = c.patch(at, kMerge, R"({"spec":{"replicas":5}})").body;
  c.loop.run_for(base::seconds(5));
  auto revision = c.store->published()->revision();
  Value second = c.patch(at, kMerge, R"({"spec":{"replicas":5}})").body;
  EXPECT_EQ(c.store->published()->revision(), revision);
  EXPECT_EQ(first["metadata"]["resourceVersion"], second["metadata"]["resourceVersion"]);
  EXPECT_EQ(c.ask({.method = "PUT", .target = at, .body = data::to_json(second)}).status, 200);
  EXPECT_EQ(c.store->published()->revision(), revision);
}

TEST(Objects, TheThreePatches) {
  Cluster c;
  c.post(kDeployments, deployment("web"));
  std::string at = std::string(kDeployments) + "/web";
  Reply strategic =
      c.patch(at, kStrategic, R"({"spec":{"template":{"spec":{"containers":[{"name":"side","image":"s:1"}]}}}})");
  EXPECT_EQ(strategic.body["spec"]["template"]["spec"]["containers"].size(), 2u) << strategic.text;
  Reply json = c.patch(at, kJsonPatch, R"([{"op":"replace","path":"/spec/replicas","value":7}])");
  EXPECT_EQ(json.body["spec"]["replicas"], Value(7)) << json.text;
  Reply failed = c.patch(at, kJsonPatch, R"([{"op":"test","path":"/spec/replicas","value":1}])");
  EXPECT_EQ(failed.status, 422) << failed.text;
  Reply stale = c.patch(at, kMerge, R"({"metadata":{"resourceVersion":"1"},"spec":{"replicas":1}})");
  EXPECT_EQ(stale.status, 409);
  EXPECT_EQ(c.patch(at, "text/plain", "{}").status, 415);
}

TEST(Objects, DryRunStoresNothing) {
  Cluster c;
  auto revision = c.store->published()->revision();
  Reply made = c.post(std::string(kDeployments) + "?dryRun=All", deployment("web"));
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(made.body["spec"]["strategy"]["type"], Value("RollingUpdate"));
  EXPECT_EQ(c.get(std::string(kDeployments) + "/web").status, 404);
  c.post(kDeployments, deployment("real"));
  revision = c.store->published()->revision();
  EXPECT_EQ(c.patch(std::string(kDeployments) + "/real?dryRun=All", kMerge, R"({"spec":{"replicas":9}})")
                .body["spec"]["replicas"],
            Value(9));
  EXPECT_EQ(c.remove(std::string(kDeployments) + "/real?dryRun=All").status, 200);
  EXPECT_EQ(c.store->published()->revision(), revision);
}

TEST(Objects, DeleteTellsWhatIsGone) {
  Cluster c;
  Value made = c.post(kMaps, config_map("a")).body;
  Reply gone = c.remove(std::string(kMaps) + "/a", R"({"propagationPolicy":"Background"})");
  EXPECT_EQ(gone.status, 200);
  EXPECT_EQ(gone.body["status"], Value("Success"));
  EXPECT_EQ(gone.body["details"]["uid"], made["metadata"]["uid"]);
  EXPECT_EQ(c.remove(std::string(kMaps) + "/a").status, 404);
}

TEST(Objects, DeleteHonoursPreconditions) {
  Cluster c;
  c.post(kMaps, config_map("a"));
  EXPECT_EQ(c.remove(std::string(kMaps) + "/a", R"({"preconditions":{"uid":"other"}})").status, 409);
  EXPECT_EQ(c.remove(std::string(kMaps) + "/a", R"({"preconditions":{"resourceVersion":"1"}})").status, 409);
  EXPECT_EQ(c.get(std::string(kMaps) + "/a").status, 200);
}

TEST(Objects, FinalizersHoldADeletedObject) {
  Cluster c;
  c.post(kMaps, config_map("a", "1", ", finalizers: [example.com/hold]"));
  std::string at = std::string(kMaps) + "/a";
  Reply waiting = c.remove(at);
  EXPECT_EQ(waiting.status, 200);
  EXPECT_FALSE(waiting.body["metadata"]["deletionTimestamp"].is_null());
  Reply more = c.patch(at, kMerge, R"({"metadata":{"finalizers":["example.com/hold","example.com/more"]}})");
  EXPECT_EQ(more.status, 422);
  EXPECT_THAT(more.message(), HasSubstr("no new finalizers can be added"));
  EXPECT_EQ(c.patch(at, kMerge, R"({"metadata":{"finalizers":null}})").status, 200);
  EXPECT_EQ(c.get(at).status, 404);
}

TEST(Objects, PropagationBecomesAFinalizer) {
  Cluster c;
  c.post(kDeployments, deployment("web"));
  std::string at = std::string(kDeployments) + "/web";
  Reply foreground = c.remove(at, R"({"propagationPolicy":"Foreground"})");
  EXPECT_EQ(foreground.body["metadata"]["finalizers"], Value::array({"foregroundDeletion"}));
  EXPECT_EQ(foreground.body["metadata"]["generation"], Value(2));
  Reply orphan = c.remove(at, R"({"propagationPolicy":"Orphan"})");
  EXPECT_EQ(orphan.body["metadata"]["finalizers"], Value::array({"orphan"}));
  Reply background = c.remove(at, R"({"propagationPolicy":"Background"})");
  EXPECT_EQ(background.body["status"], Value("Success"));
  EXPECT_EQ(c.get(at).status, 404);
}

TEST(Objects, RunningPodsGoInTwoSteps) {
  Cluster c;
  ASSERT_EQ(c.post(kPods, pod("web", "node-1")).status, 201);
  std::string at = std::string(kPods) + "/web";
  Value marked = c.remove(at, R"({"gracePeriodSeconds":20})").body;
  EXPECT_EQ(marked["metadata"]["deletionGracePeriodSeconds"], Value(20));
  EXPECT_EQ(marked["metadata"]["deletionTimestamp"], Value("2023-11-14T22:13:40Z"));
  Value shorter = c.remove(at, R"({"gracePeriodSeconds":5})").body;
  EXPECT_EQ(shorter["metadata"]["deletionTimestamp"], Value("2023-11-14T22:13:25Z"));
  Value longer = c.remove(at, R"({"gracePeriodSeconds":60})").body;
  EXPECT_EQ(longer["metadata"]["deletionGracePeriodSeconds"], Value(5));
  std::string uid = marked["metadata"]["uid"].str();
  EXPECT_EQ(c.remove(at, R"({"gracePeriodSeconds":0,"preconditions":{"uid":")" + uid + "\"}}").status, 200);
  EXPECT_EQ(c.get(at).status, 404);
}

TEST(Objects, UnscheduledPodsGoAtOnce) {
  Cluster c;
  c.post(kPods, pod("web"));
  c.remove(std::string(kPods) + "/web");
  EXPECT_EQ(c.get(std::string(kPods) + "/web").status, 404);
}

TEST(Objects, DeleteCollectionFollowsSelectors) {
  Cluster c;
  c.post(kMaps, config_map("a", "1", ", labels: {x: z}"));
  c.post(kMaps, config_map("b"));
  Reply gone = c.remove(std::string(kMaps) + "?labelSelector=x%3Dz");
  EXPECT_EQ(gone.body["items"].size(), 1u) << gone.text;
  EXPECT_EQ(c.get(std::string(kMaps) + "/a").status, 404);
  EXPECT_EQ(c.get(std::string(kMaps) + "/b").status, 200);
}

TEST(Objects, OwnerReferencesMustBeWhole) {
  Cluster c;
  Reply r = c.post(kMaps, config_map("a", "1", ", ownerReferences: [{kind: Pod, name: x, apiVersion: v1}]"));
  EXPECT_EQ(r.status, 422);
  EXPECT_EQ(r.body["details"]["causes"].at(0)["field"], Value("metadata.ownerReferences[0].uid")) << r.text;
}

TEST(Objects, PodsAreBoundOnce) {
  Cluster c;
  c.post(kPods, pod("web"));
  std::string binding =
      R"({"apiVersion":"v1","kind":"Binding","metadata":{"name":"web"},"target":{"kind":"Node","name":"n1"}})";
  std::string at = std::string(kPods) + "/web/binding";
  EXPECT_EQ(c.ask({.method = "POST", .target = at, .body = binding}).status, 201);
  Value bound = c.get(std::string(kPods) + "/web").body;
  EXPECT_EQ(bound["spec"]["nodeName"], Value("n1"));
  EXPECT_EQ(bound["status"]["conditions"].at(0)["type"], Value("PodScheduled"));
  Reply again = c.ask({.method = "POST", .target = at, .body = binding});
  EXPECT_EQ(again.status, 409);
  EXPECT_THAT(again.message(), HasSubstr("already assigned to node \"n1\""));
}

TEST(Objects, ScaleReadsAndWritesReplicas) {
  Cluster c;
  c.post(kDeployments, deployment("web"));
  std::string at = std::string(kDeployments) + "/web/scale";
  Value scale = c.get(at).body;
  EXPECT_EQ(scale["kind"], Value("Scale"));
  EXPECT_EQ(scale["spec"]["replicas"], Value(2));
  EXPECT_EQ(scale["status"]["selector"], Value("app=web"));
  EXPECT_EQ(c.patch(at, kMerge, R"({"spec":{"replicas":4}})").body["spec"]["replicas"], Value(4));
  scale = c.get(at).body;
  scale.set({"spec", "replicas"}, 6);
  Reply put = c.ask({.method = "PUT", .target = at, .body = data::to_json(scale), .content_type = ""});
  EXPECT_EQ(put.status, 200) << put.text;
  EXPECT_EQ(c.ask({.method = "PUT", .target = at, .body = data::to_json(scale), .content_type = ""}).status, 409);
  EXPECT_EQ(c.get(std::string(kDeployments) + "/web").body["spec"]["replicas"], Value(6));
}

TEST(Objects, NamespacesWaitForTheirContent) {
  Cluster c;
  ASSERT_EQ(c.post("/api/v1/namespaces", "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n").status, 201);
  Value marked = c.remove("/api/v1/namespaces/shop").body;
  EXPECT_EQ(marked["status"]["phase"], Value("Terminating"));
  Reply refused = c.post("/api/v1/namespaces/shop/configmaps", config_map("a"));
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.body["details"]["causes"].at(0)["reason"], Value("NamespaceTerminating"));
  marked.member("spec").erase("finalizers");
  EXPECT_EQ(
      c.ask({.method = "PUT", .target = "/api/v1/namespaces/shop/finalize", .body = data::to_json(marked)}).status,
      200);
  EXPECT_EQ(c.get("/api/v1/namespaces/shop").status, 404);
  EXPECT_EQ(c.remove("/api/v1/namespaces/default").status, 403);
}

TEST(Objects, ServicesGetAddresses) {
  Cluster c({.service_range = "127.30.0.0/24"});
  std::string services = "/api/v1/namespaces/default/services";
  auto service = [](const std::string& name, const std::string& more) {
    return "apiVersion: v1\nkind: Service\nmetadata: {name: " + name +
           "}\nspec: {selector: {app: x}, ports: [{port: 80}]" + more + "}\n";
  };
  Value one = c.post(services, service("one", "")).body, two = c.post(services, service("two", "")).body;
  EXPECT_THAT(one["spec"]["clusterIP"].str(), StartsWith("127.30.0."));
  EXPECT_NE(one["spec"]["clusterIP"], two["spec"]["clusterIP"]);
  EXPECT_EQ(one["spec"]["clusterIPs"], Value::array({one["spec"]["clusterIP"]}));
  EXPECT_EQ(c.post(services, service("headless", ", clusterIP: None")).body["spec"]["clusterIP"], Value("None"));
  Reply taken = c.post(services, service("three", ", clusterIP: " + one["spec"]["clusterIP"].str()));
  EXPECT_EQ(taken.status, 422);
  EXPECT_THAT(taken.message(), HasSubstr("provided IP is already allocated"));
  EXPECT_EQ(c.post(services, service("four", ", clusterIP: 10.0.0.1")).status, 422);
  Reply updated = c.patch(services + "/one", kMerge, R"({"spec":{"ports":[{"port":81}]}})");
  EXPECT_EQ(updated.body["spec"]["clusterIP"], one["spec"]["clusterIP"]);
  std::int64_t node_port =
      c.post(services, service("np", ", type: NodePort")).body["spec"]["ports"].at(0)["nodePort"].as_int();
  EXPECT_GE(node_port, 30000);
  EXPECT_LE(node_port, 32767);
}

TEST(Objects, EventsAgeAway) {
  Cluster c;
  std::string event =
      "apiVersion: v1\nkind: Event\nmetadata: {name: e1}\ninvolvedObject: {kind: Pod, name: p, namespace: default}\n"
      "reason: Started\nmessage: hello\ntype: Normal\n";
  ASSERT_EQ(c.post("/api/v1/namespaces/default/events", event).status, 201);
  c.loop.run_for(base::minutes(59));
  EXPECT_EQ(c.get("/api/v1/namespaces/default/events/e1").status, 200);
  c.loop.run_for(base::minutes(2));
  EXPECT_EQ(c.get("/api/v1/namespaces/default/events/e1").status, 404);
}

}  // namespace
}  // namespace slipway::apiserver::testing
