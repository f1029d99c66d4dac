// Who may do what, what the API says about itself, custom kinds, server-side apply, audit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apiserver/bootstrap.h"
#include "apiserver/local_client.h"
#include "apiserver/test_cluster.h"

namespace slipway::apiserver::testing {
namespace {

using data::Value;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Identity jane() { return {.user = "jane", .groups = {"system:authenticated"}}; }

TEST(Access, ForbiddenSaysWhatIsMissing) {
  Cluster c;
  c.who = jane();
  EXPECT_EQ(c.get(std::string(kDeployments) + "/web").message(),
            "deployments.apps \"web\" is forbidden: User \"jane\" cannot get resource \"deployments\" in API group "
            "\"apps\" in the "
            "namespace \"default\"");
  Reply nodes = c.get("/api/v1/nodes");
  EXPECT_EQ(nodes.status, 403);
  EXPECT_EQ(nodes.message(),
            "nodes is forbidden: User \"jane\" cannot list resource \"nodes\" in API group \"\" at the cluster scope");
  EXPECT_EQ(c.get("/slipway/x").message(), "forbidden: User \"jane\" cannot get path \"/slipway/x\"");
  EXPECT_EQ(c.get("/version").status, 200);
}

TEST(Access, RolesAreGrantedByBindingsInTheirNamespace) {
  Cluster c;
  const std::string rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces/default";
  ASSERT_EQ(c.post(rbac + "/roles",
                   "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: reader}\n"
                   "rules: [{apiGroups: [\"\"], resources: [configmaps], resourceNames: [a], verbs: [get, list]}]\n")
                .status,
            201);
  ASSERT_EQ(c.post(rbac + "/rolebindings",
                   "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: reader}\n"
                   "subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]\n"
                   "roleRef: {kind: Role, name: reader, apiGroup: rbac.authorization.k8s.io}\n")
                .status,
            201);
  c.post(kMaps, config_map("a"));
  c.who = jane();
  EXPECT_EQ(c.get(std::string(kMaps) + "/a").status, 200);
  EXPECT_EQ(c.get(std::string(kMaps) + "/b").status, 403);
  EXPECT_EQ(c.get(kMaps).status, 403);
  EXPECT_EQ(c.get(std::string(kMaps) + "?fieldSelector=metadata.name%3Da").status, 200);
  EXPECT_EQ(c.get("/api/v1/namespaces/kube-system/configmaps/a").status, 403);
}

TEST(Access, NobodyHandsOutMoreThanTheyHave) {
  Cluster c;
  const std::string rbac = "/apis/rbac.authorization.k8s.io/v1";
  c.post(rbac + "/clusterroles",
         "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: roles}\n"
         "rules: [{apiGroups: [rbac.authorization.k8s.io], resources: [\"*\"], verbs: [create, update]}]\n");
  c.post(rbac + "/clusterrolebindings",
         "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: roles}\n"
         "subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]\n"
         "roleRef: {kind: ClusterRole, name: roles, apiGroup: rbac.authorization.k8s.io}\n");
  c.who = jane();
  Reply role = c.post(rbac + "/clusterroles",
                      "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: all}\n"
                      "rules: [{apiGroups: [\"*\"], resources: [\"*\"], verbs: [\"*\"]}]\n");
  EXPECT_EQ(role.status, 403);
  EXPECT_THAT(role.message(), HasSubstr("attempting to grant RBAC permissions not currently held"));
  Reply binding = c.post(rbac + "/clusterrolebindings",
                         "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: me}\n"
                         "subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]\n"
                         "roleRef: {kind: ClusterRole, name: cluster-admin, apiGroup: rbac.authorization.k8s.io}\n");
  EXPECT_EQ(binding.status, 403);
}

TEST(Access, OwnPartsHaveTheirRolesAndNoMore) {
  Cluster c;
  c.post(kPods, pod("web"));
  c.who = part_identity(kNodeUser);
  EXPECT_EQ(c.get("/api/v1/pods").status, 200);
  EXPECT_EQ(c.patch(std::string(kPods) + "/web/status", kMerge, R"({"status":{"phase":"Running"}})").status, 200);
  EXPECT_EQ(c.post(kDeployments, deployment("web")).status, 403);
  c.who = part_identity(kControllerUser);
  EXPECT_EQ(c.post("/api/v1/namespaces/default/secrets", "metadata: {name: s}\n").status, 403);
  EXPECT_EQ(c.post("/apis/apps/v1/namespaces/default/replicasets", "metadata: {name: s}\n").status, 422);
  c.who = part_identity(kGatewayUser);
  EXPECT_EQ(c.get("/api/v1/services").status, 200);
  EXPECT_EQ(c.remove(std::string(kPods) + "/web").status, 403);
}

TEST(Access, CanIAndWhoAmI) {
  Cluster c;
  std::string ask =
      R"({"spec":{"resourceAttributes":{"namespace":"default","verb":"create","group":"apps","resource":"deployments"}}})";
  Ask question{.method = "POST", .target = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", .body = ask};
  EXPECT_EQ(c.ask(question).body["status"]["allowed"], Value(true));
  c.who = jane();
  Reply no = c.ask(question);
  EXPECT_EQ(no.status, 201) << no.text;
  EXPECT_EQ(no.body["status"]["allowed"], Value(false));
  Reply me = c.ask({.method = "POST", .target = "/apis/authentication.k8s.io/v1/selfsubjectreviews", .body = "{}"});
  EXPECT_EQ(me.body["status"]["userInfo"]["username"], Value("jane"));
  Reply rules = c.ask({.method = "POST",
                       .target = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
                       .body = R"({"spec":{"namespace":"default"}})"});
  EXPECT_GT(rules.body["status"]["resourceRules"].size(), 0u) << rules.text;
  question.accept = "application/json;as=Table;v=v1;g=meta.k8s.io";
  EXPECT_EQ(c.ask(question).status, 406);
}

TEST(Discovery, AggregatedAndPlain) {
  Cluster c;
  const std::string v2 = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";
  Reply all = c.get("/apis?timeout=32s", v2);
  EXPECT_EQ(all.body["kind"], Value("APIGroupDiscoveryList"));
  EXPECT_EQ(all.content_type, "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
  std::string etag = all.header("ETag");
  EXPECT_FALSE(etag.empty());
  Reply same = c.ask({.target = "/apis", .accept = v2, .if_none_match = etag});
  EXPECT_EQ(same.status, 304);
  EXPECT_EQ(same.text, "");
  EXPECT_EQ(same.content_type, "");  // clients put the headers of a 304 over those they have cached
  EXPECT_EQ(c.get("/apis").body["kind"], Value("APIGroupList"));
  EXPECT_EQ(c.get("/apis/apps").body["kind"], Value("APIGroup"));
  EXPECT_EQ(c.get("/apis/apps/v1").body["kind"], Value("APIResourceList"));
  EXPECT_EQ(c.get("/api").body["versions"], Value::array({"v1"}));
  EXPECT_EQ(c.get("/apis/none.example/v1").status, 404);
  EXPECT_EQ(c.get("/version").body["minor"], Value("33"));
}

TEST(Discovery, OpenApiIndexLeadsToDocuments) {
  Cluster c;
  Value index = c.get("/openapi/v3").body;
  std::string url = index["paths"]["apis/apps/v1"]["serverRelativeURL"].str();
  EXPECT_THAT(url, HasSubstr("?hash="));
  Reply document = c.get(url);
  EXPECT_EQ(document.status, 200);
  EXPECT_THAT(document.header("Cache-Control"), HasSubstr("immutable"));
  EXPECT_TRUE(document.body["components"]["schemas"].is_object());
}

TEST(Discovery, Health) {
  Cluster c;
  bool ready = false;
  c.server.set_ready([&] { return ready; });
  EXPECT_EQ(c.get("/healthz").text, "ok");
  EXPECT_EQ(c.get("/readyz").status, 500);
  ready = true;
  EXPECT_EQ(c.get("/readyz").text, "ok");
  EXPECT_THAT(c.get("/livez?verbose").text, HasSubstr("livez check passed"));
}

constexpr const char* kWidgets = R"yaml(
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  names: {plural: widgets, singular: widget, kind: Widget, shortNames: [wd]}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            required: [size]
            properties:
              size: {type: integer, minimum: 1}
              color: {type: string, default: red}
          status: {type: object, x-kubernetes-preserve-unknown-fields: true}
)yaml";
constexpr const char* kCrds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
constexpr const char* kWidgetsPath = "/apis/example.com/v1/namespaces/default/widgets";

std::string widget(const std::string& name, const std::string& spec = "size: 3", const std::string& extra = "") {
  return "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: " + name + extra + "}\nspec: {" + spec + "}\n";
}

TEST(CustomKinds, AreServedAtOnce) {
  Cluster c;
  EXPECT_EQ(c.get(kWidgetsPath).status, 404);
  Reply crd = c.post(kCrds, kWidgets);
  ASSERT_EQ(crd.status, 201) << crd.text;
  Value live = c.get(std::string(kCrds) + "/widgets.example.com").body;
  EXPECT_EQ(live["status"]["conditions"].size(), 2u);
  EXPECT_EQ(live["status"]["acceptedNames"]["listKind"], Value("WidgetList"));
  EXPECT_EQ(live["status"]["storedVersions"], Value::array({"v1"}));
  Reply made = c.post(kWidgetsPath, widget("a"));
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.body["spec"]["color"], Value("red"));
  EXPECT_EQ(c.post(kWidgetsPath, widget("b", "size: 0")).status, 422);
  EXPECT_EQ(c.patch(std::string(kWidgetsPath) + "/a", kStrategic, "{}").status, 415);
  EXPECT_EQ(c.put(std::string(kWidgetsPath) + "/a", widget("a")).status, 422);  // custom kinds want a resourceVersion
  EXPECT_EQ(c.patch(std::string(kWidgetsPath) + "/a", kMerge, R"({"spec":{"size":4}})").body["metadata"]["generation"],
            Value(2));
  EXPECT_EQ(c.get(kWidgetsPath).body["kind"], Value("WidgetList"));
  const std::string v2 = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
  EXPECT_THAT(c.get("/apis", v2).text, HasSubstr("widgets"));
}

TEST(CustomKinds, InstancesGoWithTheirDefinition) {
  Cluster c;
  c.post(kCrds, kWidgets);
  c.post(kWidgetsPath, widget("a"));
  c.post(kWidgetsPath, widget("held", "size: 1", ", finalizers: [example.com/hold]"));
  Reply marked = c.remove(std::string(kCrds) + "/widgets.example.com");
  EXPECT_EQ(marked.status, 200);
  c.loop.run_for(base::seconds(3));
  EXPECT_EQ(c.get(std::string(kWidgetsPath) + "/a").status, 404);
  EXPECT_EQ(c.get(std::string(kCrds) + "/widgets.example.com").status, 200);
  c.patch(std::string(kWidgetsPath) + "/held", kMerge, R"({"metadata":{"finalizers":[]}})");
  c.loop.run_for(base::seconds(3));
  EXPECT_EQ(c.get(std::string(kCrds) + "/widgets.example.com").status, 404);
  EXPECT_EQ(c.get(kWidgetsPath).status, 404);
}

TEST(CustomKinds, ComeBackAfterARestart) {
  Cluster before;
  before.post(kCrds, kWidgets);
  before.post(kWidgetsPath, widget("a"));
  Cluster after({}, {.initial = before.store->published()});
  EXPECT_EQ(after.get(std::string(kWidgetsPath) + "/a").status, 200);
}

TEST(Apply, CreatesOwnsAndConflicts) {
  Cluster c;
  std::string at = std::string(kDeployments) + "/web";
  EXPECT_EQ(c.patch(at, kApply, deployment("web")).status, 400);
  Reply made = c.patch(at + "?fieldManager=one&force=false", kApply, deployment("web"));
  EXPECT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.body["metadata"]["managedFields"].at(0)["manager"], Value("one"));
  EXPECT_EQ(made.body["metadata"]["managedFields"].at(0)["operation"], Value("Apply"));
  auto revision = c.store->published()->revision();
  EXPECT_EQ(c.patch(at + "?fieldManager=one", kApply, deployment("web")).status, 200);
  EXPECT_EQ(c.store->published()->revision(), revision);
  Reply conflict = c.patch(at + "?fieldManager=two", kApply, deployment("web", "app:2"));
  EXPECT_EQ(conflict.status, 409);
  EXPECT_EQ(conflict.body["details"]["causes"].at(0)["reason"], Value("FieldManagerConflict"));
  Reply forced = c.patch(at + "?fieldManager=two&force=true", kApply, deployment("web", "app:2"));
  EXPECT_EQ(forced.status, 200);
  EXPECT_EQ(forced.body["spec"]["template"]["spec"]["containers"].at(0)["image"], Value("app:2"));
  Reply dry = c.patch(at + "?fieldManager=two&dryRun=All", kApply, deployment("web", "app:3"));
  EXPECT_EQ(dry.body["spec"]["template"]["spec"]["containers"].at(0)["image"], Value("app:3")) << dry.text;
  EXPECT_EQ(c.get(at).body["spec"]["template"]["spec"]["containers"].at(0)["image"], Value("app:2"));
}

TEST(Apply, UpdatesAreTrackedUnderTheUserAgent) {
  Cluster c;
  c.post(kMaps, config_map("a"));
  Value entry = c.get(std::string(kMaps) + "/a").body["metadata"]["managedFields"].at(0);
  EXPECT_EQ(entry["manager"], Value("kubectl"));
  EXPECT_EQ(entry["operation"], Value("Update"));
  EXPECT_TRUE(entry["fieldsV1"]["f:data"].has("f:key"));
}

class Lines final : public AuditSink {
 public:
  void write(std::string line) override { lines.push_back(std::move(line)); }
  std::vector<std::string> lines;
};

TEST(Audit, EveryWriteLeavesALineWithoutItsBody) {
  Lines lines;
  Cluster c({.audit = &lines});
  c.post("/api/v1/namespaces/default/secrets",
         "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {password: hunter2}\n");
  c.get("/api/v1/secrets");
  c.who = jane();
  c.remove("/api/v1/namespaces/default/secrets/s");
  ASSERT_EQ(lines.lines.size(), 2u);
  EXPECT_THAT(lines.lines[0], HasSubstr(R"("code":201)"));
  EXPECT_THAT(lines.lines[0], Not(HasSubstr("hunter2")));
  EXPECT_THAT(lines.lines[1], HasSubstr(R"("code":403)"));
  EXPECT_THAT(lines.lines[1], HasSubstr(R"("user":"jane")"));
}

TEST(Raw, HandlersAreGuardedAndMayAnswerLater) {
  Cluster c;
  std::vector<Responder> waiting;
  c.server.add_raw("/metrics", [](PathRequest, Responder r) { r(Response::text("up 1\n")); });
  c.server.add_raw("/slipway/v1/ask/", [&](PathRequest, Responder r) { waiting.push_back(std::move(r)); });
  EXPECT_EQ(c.get("/metrics").text, "up 1\n");
  EXPECT_FALSE(c.ask({.method = "POST", .target = "/slipway/v1/ask/traffic", .body = "{}"}).answered);
  EXPECT_EQ(waiting.size(), 1u);
  c.who = jane();
  EXPECT_EQ(c.get("/metrics").status, 403);
}

class OneLine final : public LogSource {
 public:
  base::Result<std::unique_ptr<LogReading>> open(const LogRequest& request, LogSink& sink) override {
    asked = request;
    loop->post([&sink] {
      sink.data("hello\n");
      sink.ended({});
    });
    return std::make_unique<LogReading>();
  }
  runtime::Loop* loop = nullptr;
  LogRequest asked;
};

TEST(Logs, ComeFromTheNode) {
  Cluster c;
  OneLine logs;
  logs.loop = &c.loop;
  c.server.set_logs(&logs);
  c.post(kPods, pod("web", "n1"));
  auto w = c.watch(std::string(kPods) + "/web/log?tailLines=5&follow=true&sinceSeconds=60");
  ASSERT_NE(w, nullptr);
  EXPECT_EQ(w->text, "hello\n");
  EXPECT_TRUE(w->done);
  EXPECT_EQ(logs.asked.container, "main");
  EXPECT_EQ(logs.asked.tail_lines, 5);
  EXPECT_TRUE(logs.asked.follow);
  EXPECT_EQ(logs.asked.since, c.loop.now() - base::minutes(1));
  EXPECT_EQ(c.get(std::string(kPods) + "/web/log?container=other").message(),
            "container other is not valid for pod web");
}

}  // namespace
}  // namespace slipway::apiserver::testing
