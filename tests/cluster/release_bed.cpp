#include "release_bed.h"

#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "api/meta.h"
#include "data/json.h"
#include "data/yaml.h"

namespace slipway::tests {

using data::Value;

namespace {

constexpr const char* kController = "system:serviceaccount:slipway-system:slipway-controller";

Value json(const std::string& text) {
  auto v = data::parse_json(text);
  SLIPWAY_CHECK(v.has_value());
  return *v;
}

constexpr const char* kDeployment =
    R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{"replicas":4,
  "selector":{"matchLabels":{"app":"web"}},"template":{
  "metadata":{"labels":{"app":"web"},"annotations":{"rehearse.slipway.dev/start":"200ms"}},
  "spec":{"containers":[{"name":"web","image":"shop/web:v1"}]}}}})";
constexpr const char* kService = R"({"apiVersion":"v1","kind":"Service","metadata":{"name":"web"},
  "spec":{"selector":{"app":"web"},"ports":[{"name":"http","port":80}]}})";
constexpr const char* kRoute =
    R"({"apiVersion":"gateway.networking.k8s.io/v1","kind":"HTTPRoute","metadata":{"name":"web"},
  "spec":{"parentRefs":[{"name":"edge"}],"rules":[{"backendRefs":[{"name":"web","port":80}]}]}})";

std::string conformance() {
  if (const char* named = std::getenv("SLIPWAY_CONFORMANCE")) return named;
  return std::string(SLIPWAY_SOURCE_DIR) + "/../shared/conformance";
}

}  // namespace

void ReleaseOnCluster::SetUp() {
  EachVersion::SetUp();
  if (IsSkipped() || HasFatalFailure()) return;
  const auto installed = run_slipway({"install", "--kubeconfig", bed().admin_kubeconfig()});
  ASSERT_EQ(installed.status, 0) << installed.output;
  space = new_space();
  audited_before_ = bed().audited(kController).size();
  node.emplace(
      start_slipway({"node", "--modelled", "--schedule", "--kubeconfig", bed().admin_kubeconfig(), "--name", space},
                    bed().folder() + "/node.log"));
  controller_kubeconfig_ = bed().kubeconfig({kController, {"system:serviceaccounts", "system:authenticated"}});
  begin_controller();
  for (const char* object : {kDeployment, kService}) {
    const Value v = json(object);
    const auto made = api().call({.verb = client::Verb::Create,
                                  .resource = v["kind"] == Value("Service") ? api::kServices : api::kDeployments,
                                  .space = space,
                                  .body = v});
    ASSERT_TRUE(made.has_value()) << made.error().message;
  }
}

void ReleaseOnCluster::begin_controller() {
  std::vector<std::string> arguments = {"controller", "--kubeconfig", controller_kubeconfig_, "--lease-namespace",
                                        "slipway-system"};
  arguments.insert(arguments.end(), controller_flags.begin(), controller_flags.end());
  controller.emplace(start_slipway(arguments, bed().folder() + "/controller.log", controller_environment));
}

void ReleaseOnCluster::TearDown() {
  if (IsSkipped() || space.empty()) return;
  (void)api().call({.verb = client::Verb::Delete, .resource = api::kReleases, .space = space, .name = "web"});
  EXPECT_TRUE(until([&] { return get(api::kReleases, "web").is_null(); })) << told();
  // The rights of `slipway install` are enough (docs/rbac.md).
  const auto audited = bed().audited(kController);
  for (std::size_t i = audited_before_; i < audited.size() && !refusals_are_expected; ++i) {
    const AuditedRequest& r = audited[i];
    EXPECT_TRUE(r.allowed) << r.verb << " " << r.group << "/" << r.resource << "/" << r.subresource << " in " << r.space
                           << ": " << r.code;
  }
  controller->signal(SIGTERM);
  controller->wait();
  node.reset();
  (void)api().call({.verb = client::Verb::Delete, .resource = api::kNodes, .name = space});
  (void)api().call({.verb = client::Verb::Delete, .resource = api::kNamespaces, .name = space});
}

void ReleaseOnCluster::attach(const std::string& strategy, bool routed) {
  routed_ = routed;
  Value release = json(
      R"({"apiVersion":"slipway.dev/v1alpha1","kind":"Release","metadata":{"name":"web"},
      "spec":{"target":{"name":"web"},"deadline":"60s"}})");
  release.set({"spec", "strategy"}, json(strategy));
  if (routed) {
    const std::string crd = conformance() + "/crds/gateway-api";
    if (!std::filesystem::is_directory(crd))
      GTEST_SKIP() << "no definitions of Gateway API in " << crd << " (SLIPWAY_CONFORMANCE)";
    ASSERT_EQ(kubectl_code({"apply", "--server-side", "-f", crd}), 0);
    ASSERT_TRUE(eventually([&] {
      return api()
          .call({.verb = client::Verb::Create, .resource = api::kHttpRoutes, .space = space, .body = json(kRoute)})
          .has_value();
    }));
    release.set({"spec", "traffic"}, json(R"({"route":"web","service":"web"})"));
  }
  const auto made =
      api().call({.verb = client::Verb::Create, .resource = api::kReleases, .space = space, .body = release});
  ASSERT_TRUE(made.has_value()) << made.error().message;
  ASSERT_TRUE(reaches("Idle")) << told();
  fewest_ready = 1000;
}

void ReleaseOnCluster::set_image(const std::string& tag) {
  ASSERT_EQ(kubectl_code({"set", "image", "deployment/web", "web=shop/web:" + tag}), 0);
}

void ReleaseOnCluster::ask(const char* command) {
  const auto done = run_slipway({command, "web", "-n", space, "--kubeconfig", bed().admin_kubeconfig()});
  ASSERT_EQ(done.status, 0) << done.output;
}

std::string ReleaseOnCluster::kubectl(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"-n", space});
  const auto done = bed().kubectl(std::move(arguments));
  return done ? done->output : done.error().message;
}

int ReleaseOnCluster::kubectl_code(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"-n", space});
  const auto done = bed().kubectl(std::move(arguments));
  return done ? done->status : -1;
}

void ReleaseOnCluster::patch(const api::Resource& resource, const std::string& name, const std::string& merge_patch) {
  const auto done = api().patch(resource, name, client::PatchType::Merge, json(merge_patch));
  ASSERT_TRUE(done.has_value()) << done.error().message;
}

Value ReleaseOnCluster::get(const api::Resource& resource, const std::string& name) {
  const auto found = api().get(resource, name);
  return found ? *found : Value();
}

std::string ReleaseOnCluster::phase() { return get(api::kReleases, "web")["status"]["phase"].str(); }

bool ReleaseOnCluster::reaches(const std::string& wanted) {
  return until([&] { return phase() == wanted; });
}

std::int64_t ReleaseOnCluster::pods_of(const std::string& tag, bool ready) {
  const auto pods = api().list(api::kPods, "app=web");
  if (!pods) return -1;
  return std::ranges::count_if((*pods)["items"].items(), [&](const Value& pod) {
    const bool counts = !ready || api::condition(pod, "Ready")["status"].as_string() == "True";
    return counts && !api::is_deleting(pod) &&
           (tag.empty() || pod["spec"]["containers"].at(0)["image"] == Value("shop/web:" + tag));
  });
}

std::set<std::string> ReleaseOnCluster::uids_of(const std::string& tag) {
  std::set<std::string> out;
  const auto pods = api().list(api::kPods, "app=web");
  if (!pods) return out;
  for (const Value& pod : (*pods)["items"].items())
    if (!api::is_deleting(pod) && pod["spec"]["containers"].at(0)["image"] == Value("shop/web:" + tag))
      out.insert(std::string(api::uid_of(pod)));
  return out;
}

std::string ReleaseOnCluster::owner_of(const std::string& tag) {
  const auto sets = api().list(api::kReplicaSets);
  if (!sets) return "";
  for (const Value& set : (*sets)["items"].items())
    if (set["spec"]["template"]["spec"]["containers"].at(0)["image"] == Value("shop/web:" + tag))
      return api::controller_of(set)["kind"].str();
  return "absent";
}

std::int64_t ReleaseOnCluster::weight_of(const std::string& service) {
  const Value route = get(api::kHttpRoutes, "web");
  for (const Value& ref : route["spec"]["rules"].at(0)["backendRefs"].items())
    if (ref["name"].as_string() == service) return ref["weight"].as_int(1);
  return -1;
}

std::string ReleaseOnCluster::told() const {
  const auto release = api().get(api::kReleases, "web");
  return release ? (*release)["status"]["phase"].str() + ": " + (*release)["status"]["message"].str()
                 : release.error().message;
}

// What any controller of Gateway API says about a route that it has programmed.
void ReleaseOnCluster::accept_route() {
  const Value route = get(api::kHttpRoutes, "web");
  const std::int64_t generation = api::generation_of(route);
  if (route.is_null() ||
      route["status"]["parents"].at(0)["conditions"].at(0)["observedGeneration"].as_int() == generation)
    return;
  Value conditions = Value::array();
  for (const char* type : {"Accepted", "ResolvedRefs"})
    conditions.push_back(Value::object({{"type", type},
                                        {"status", "True"},
                                        {"reason", type},
                                        {"message", ""},
                                        {"lastTransitionTime", "2026-01-01T00:00:00Z"},
                                        {"observedGeneration", generation}}));
  const Value parent = Value::object({{"parentRef", Value::object({{"name", "edge"}})},
                                      {"controllerName", "example.com/router"},
                                      {"conditions", conditions}});
  (void)api().call({.verb = client::Verb::Patch,
                    .resource = api::kHttpRoutes,
                    .space = space,
                    .name = "web",
                    .subresource = "status",
                    .body = Value::object({{"status", Value::object({{"parents", Value::array({parent})}})}}),
                    .patch_type = client::PatchType::Merge});
}

void ReleaseOnCluster::look() {
  if (routed_) accept_route();
  if (const std::int64_t ready = pods_of("", true); ready >= 0) fewest_ready = std::min(fewest_ready, ready);
}

bool ReleaseOnCluster::until(const std::function<bool()>& holds) {
  return eventually([&] {
    look();
    return holds();
  });
}

}  // namespace slipway::tests
