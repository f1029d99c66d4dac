// install, controller and uninstall on a real control plane: the rights of the manifest are enough, in the whole
// cluster and in some namespaces, and uninstall leaves workloads running and nothing behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <map>
#include <set>

#include "api/meta.h"
#include "data/json.h"
#include "data/yaml.h"
#include "each_version.h"
#include "programs.h"
#include "runtime/file.h"

namespace slipway::tests {
namespace {

using client::Verb;
using data::Value;
using ::testing::HasSubstr;

constexpr const char* kWeb =
    R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{"replicas":4,
  "selector":{"matchLabels":{"app":"web"}},"template":{
  "metadata":{"labels":{"app":"web"}},
  "spec":{"containers":[{"name":"web","image":"shop/web:v1"}]}}}})";
constexpr const char* kRatio = R"({"apiVersion":"slipway.dev/v1alpha1","kind":"Release","metadata":{"name":"web"},
  "spec":{"target":{"name":"web"},"deadline":"60s","strategy":{"canary":{"steps":[{"weight":50},{"pause":{}}]}}}})";

const api::Resource kAccounts{"", "v1", "serviceaccounts", "ServiceAccount"};
const api::Resource kRoles{"rbac.authorization.k8s.io", "v1", "roles", "Role"};
const api::Resource kRoleBindings{"rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding"};
const api::Resource kClusterRoles{"rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", false};
const api::Resource kClusterRoleBindings{"rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding",
                                         false};

// Controllers in a namespace of their own, so that each test has a user of its own in the audit log.
class InstallTest : public EachVersion {
 protected:
  void SetUp() override {
    EachVersion::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    node_name = new_space();
    node.emplace(
        slipway({"node", "--modelled", "--schedule", "--name", node_name}, bed().folder() + "/" + node_name + ".log"));
  }
  void TearDown() override {
    controller.reset();
    if (IsSkipped() || node_name.empty()) return;
    node.reset();
    (void)api().call({.verb = Verb::Delete, .resource = api::kNodes, .name = node_name});
    for (const std::string& each : spaces)
      (void)api().call({.verb = Verb::Delete, .resource = api::kNamespaces, .name = each});
  }

  std::string space() {
    spaces.push_back(new_space());
    return spaces.back();
  }
  runtime::Child slipway(std::vector<std::string> arguments, const std::string& log) {
    arguments.insert(arguments.end(), {"--kubeconfig", bed().admin_kubeconfig()});
    return start_slipway(std::move(arguments), log);
  }
  void run(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--kubeconfig", bed().admin_kubeconfig()});
    const auto done = run_slipway(arguments);
    ASSERT_EQ(done.status, 0) << arguments.front() << ": " << done.output;
    output = done.output;
  }
  std::string user_in(const std::string& where) const {
    return "system:serviceaccount:" + where + ":slipway-controller";
  }
  // As the account that install made in this namespace.
  void begin_controller(const std::string& where, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {
        "controller", "--kubeconfig",
        bed().kubeconfig({user_in(where), {"system:serviceaccounts", "system:authenticated"}}), "--lease-namespace",
        where};
    arguments.insert(arguments.end(), more.begin(), more.end());
    controller_log = bed().folder() + "/controller-" + where + ".log";
    controller.emplace(start_slipway(std::move(arguments), controller_log));
  }
  void end_controller() {
    controller->signal(SIGKILL);
    controller->wait();
  }
  void create(const api::Resource& resource, const std::string& where, const char* object) {
    const auto made =
        api().call({.verb = Verb::Create, .resource = resource, .space = where, .body = *data::parse_json(object)});
    ASSERT_TRUE(made.has_value()) << made.error().message;
  }
  Value get(const api::Resource& resource, const std::string& where, const std::string& name) {
    return api().call({.verb = Verb::Get, .resource = resource, .space = where, .name = name}).value_or(Value());
  }
  std::vector<Value> list(const api::Resource& resource, const std::string& where = {}) {
    const auto all = api().call({.verb = Verb::List, .resource = resource, .space = where});
    if (!all) return {};
    const auto items = (*all)["items"].items();
    return {items.begin(), items.end()};
  }
  std::string phase(const std::string& where) { return get(api::kReleases, where, "web")["status"]["phase"].str(); }
  std::set<std::string> ready_pods(const std::string& where, const std::string& tag) {
    std::set<std::string> uids;
    for (const Value& pod : list(api::kPods, where))
      if (pod["spec"]["containers"].at(0)["image"] == Value("shop/web:" + tag) && !api::is_deleting(pod) &&
          api::is_condition_true(pod, "Ready"))
        uids.insert(std::string(api::uid_of(pod)));
    return uids;
  }
  void set_image(const std::string& where, const std::string& tag) {
    const auto done = bed().kubectl({"-n", where, "set", "image", "deployment/web", "web=shop/web:" + tag});
    ASSERT_TRUE(done && done->status == 0);
  }
  // v1 serves, half of v2 waits for a person.
  void pause_at_half(const std::string& where) {
    create(api::kDeployments, where, kWeb);
    create(api::kReleases, where, kRatio);
    ASSERT_TRUE(eventually([&] { return phase(where) == "Idle" && ready_pods(where, "v1").size() == 4; }));
    set_image(where, "v2");
    ASSERT_TRUE(eventually([&] { return phase(where) == "Paused"; })) << told(where);
    ASSERT_EQ(ready_pods(where, "v1").size(), 2u);
  }
  std::string told(const std::string& where) {
    return data::to_json(get(api::kReleases, where, "web")["status"]["message"]) + "\n" +
           runtime::read_file(controller_log).value_or("");
  }

  // Names of all objects of the kinds that install and the controllers make; namespaces of tests come and go meanwhile.
  std::set<std::string> inventory() {
    std::set<std::string> out;
    for (const api::Resource& resource :
         {api::kCustomResourceDefinitions, api::kNamespaces, kClusterRoles, kClusterRoleBindings, kRoles, kRoleBindings,
          kAccounts, api::kDeployments, api::kReplicaSets, api::kServices, api::kLeases})
      for (const Value& object : list(resource))
        if (!api::space_of(object).starts_with("t-") && !api::name_of(object).starts_with("t-"))
          out.insert(resource.qualified() + " " + std::string(api::space_of(object)) + "/" +
                     std::string(api::name_of(object)));
    return out;
  }
  // What of ours is on the objects of users: anywhere but in managedFields, where names of writers stay.
  std::string traces(const std::string& where) {
    std::string out;
    for (const api::Resource& resource :
         {api::kDeployments, api::kReplicaSets, api::kServices, api::kPods, api::kEndpointSlices, api::kLeases})
      for (Value object : list(resource, where)) {
        object.erase({"metadata", "managedFields"});
        object.erase({"metadata", "annotations", "rehearse.slipway.dev/start"});
        object.erase({"spec", "template", "metadata", "annotations", "rehearse.slipway.dev/start"});
        const std::string text = data::to_json(object);
        if (text.contains("slipway.dev") || text.contains("slipway-")) out += text + "\n";
      }
    return out;
  }

  std::string node_name, output, controller_log;
  std::vector<std::string> spaces;
  std::optional<runtime::Child> node, controller;
};
SLIPWAY_EACH_VERSION(InstallTest);

TEST_P(InstallTest, IsAppliedTwiceWithoutAChangeAndTakenAwayWithoutARest) {
  const std::string own = "slipway-" + node_name;
  run({"install", "-n", own});  // takes over what other tests applied by themselves
  run({"uninstall", "--yes", "-n", own});
  const auto before = inventory();
  run({"install", "-n", own});
  const auto installed = inventory();
  std::map<std::string, std::string> versions;
  const auto look = [&] {
    std::map<std::string, std::string> now;
    for (const api::Resource& resource : {api::kCustomResourceDefinitions, kClusterRoles, kClusterRoleBindings, kRoles,
                                          kRoleBindings, kAccounts, api::kNamespaces})
      for (const Value& object : list(resource))
        if (api::label(object, "app.kubernetes.io/managed-by") == "slipway-install")
          now[resource.plural + std::string(api::name_of(object))] = std::string(api::version_of(object));
    now["generation"] = std::to_string(api::generation_of(get(api::kDeployments, own, "slipway-controller")));
    return now;
  };
  // CustomResourceDefinitions get conditions from the server for a moment longer.
  ASSERT_TRUE(eventually([&] { return std::exchange(versions, look()) == look(); }));
  EXPECT_GE(versions.size(), 10u);
  run({"install", "-n", own});
  EXPECT_EQ(look(), versions);
  EXPECT_EQ(inventory(), installed);
  run({"uninstall", "--yes", "-n", own});
  EXPECT_EQ(inventory(), before);
}

TEST_P(InstallTest, AUsersNamespaceStays) {
  const std::string own = space();
  run({"install", "-n", own});
  run({"uninstall", "--yes", "-n", own});
  EXPECT_FALSE(get(api::kNamespaces, "", own).is_null());
  EXPECT_EQ(traces(own), "");
}

TEST_P(InstallTest, UninstallInTheMiddleOfAReleaseLeavesTheWorkloadAndNothingElse) {
  const std::string own = space(), shop = space();
  run({"install", "-n", own});
  begin_controller(own);
  pause_at_half(shop);
  const auto pods = ready_pods(shop, "v1");
  run({"uninstall", "--yes", "-n", own});
  EXPECT_THAT(output, HasSubstr("deployment " + shop + "/web stays paused"));
  ASSERT_TRUE(eventually([&] { return ready_pods(shop, "v1").size() == 4 && list(api::kPods, shop).size() == 4; }));
  const auto after = ready_pods(shop, "v1");
  EXPECT_TRUE(std::ranges::includes(after, pods)) << "the pods that served go on";
  EXPECT_EQ(traces(shop), "");
  EXPECT_TRUE(get(api::kCustomResourceDefinitions, "", "releases.slipway.dev").is_null());
}

TEST_P(InstallTest, UninstallNeedsNoLivingController) {
  const std::string own = space(), shop = space(), rest = space();
  run({"install", "-n", own});
  begin_controller(own);
  create(api::kDeployments, rest, kWeb);
  create(api::kReleases, rest, kRatio);
  pause_at_half(shop);
  ASSERT_TRUE(eventually([&] { return phase(rest) == "Idle" && ready_pods(rest, "v1").size() == 4; }));
  const auto pods = ready_pods(shop, "v1"), resting = ready_pods(rest, "v1");
  end_controller();
  run({"uninstall", "--yes", "-n", own});
  ASSERT_TRUE(eventually([&] { return ready_pods(shop, "v1").size() == 4 && list(api::kPods, shop).size() == 4; }));
  EXPECT_TRUE(std::ranges::includes(ready_pods(shop, "v1"), pods));
  EXPECT_EQ(ready_pods(rest, "v1"), resting);
  EXPECT_EQ(traces(shop), "");
  EXPECT_EQ(traces(rest), "");
  EXPECT_EQ(traces(own), "");
  EXPECT_FALSE(get(api::kDeployments, rest, "web")["spec"]["paused"].as_bool());
}

// Everything in two namespaces, nothing in a third, and not one right in the cluster.
TEST_P(InstallTest, NamespacedModeWorksWithRightsInItsNamespacesOnly) {
  const std::string a = space(), b = space(), c = space(), scope = a + "," + b;
  run({"install", "--definitions-only"});
  run({"install", "--no-definitions", "--namespaces", scope});
  EXPECT_THAT(output, Not(HasSubstr("ClusterRole")));
  const std::string user = user_in(a);
  begin_controller(a, {"--namespaces", scope});
  create(api::kDeployments, c, kWeb);
  create(api::kReleases, c, kRatio);
  for (const std::string& each : {a, b}) pause_at_half(each);
  const Value untouched = get(api::kReleases, c, "web");
  EXPECT_TRUE(untouched["status"].is_null() && untouched["metadata"]["finalizers"].is_null());
  EXPECT_FALSE(get(api::kDeployments, c, "web")["spec"]["paused"].as_bool());
  run({"promote", "web", "-n", a});
  ASSERT_TRUE(eventually([&] { return phase(a) == "Idle" && ready_pods(a, "v2").size() == 4; })) << told(a);
  for (const AuditedRequest& r : bed().audited(user)) {
    EXPECT_TRUE(r.allowed && r.code != 403) << r.verb << " " << r.resource << " in " << r.space;
    if (!r.resource.empty()) EXPECT_TRUE(r.space == a || r.space == b) << r.uri;
  }
  (void)api().call({.verb = Verb::Delete, .resource = api::kReleases, .space = c, .name = "web"});
  run({"uninstall", "--yes", "--namespaces", scope});
  EXPECT_EQ(traces(a), "");
  EXPECT_EQ(traces(b), "");
  EXPECT_EQ(ready_pods(a, "v2").size(), 4u);
}

TEST_P(InstallTest, MissingRightsInTheClusterAreNamed) {
  const std::string a = space();
  run({"install", "--namespaces", a});
  begin_controller(a);
  // Kinds are told in the order in which their lists fail.
  const auto is_told = [&](const char* text) {
    return eventually([&] { return runtime::read_file(controller_log).value_or("").find(text) != std::string::npos; });
  };
  EXPECT_TRUE(is_told("cannot read deployments.apps in all namespaces: deployments.apps is forbidden"));
  EXPECT_TRUE(is_told("a ClusterRole with this rule is missing: {apiGroups: [\"apps\"], resources: [deployments]"));
  EXPECT_TRUE(is_told("slipway controller --namespaces"));
  end_controller();
  run({"uninstall", "--yes", "--namespaces", a});
}

}  // namespace
}  // namespace slipway::tests
