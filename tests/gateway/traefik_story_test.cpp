// Releases through a running Traefik: what its definitions take is also what its proxy does, by Gateway API and by its
// own kinds. The program is SLIPWAY_TRAEFIK, the definitions are in the folder SLIPWAY_ROUTER_CRDS.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "data/json.h"
#include "delivery/traffic/kinds.h"
#include "gateway/cluster_objects.h"
#include "runtime/file.h"
#include "story.h"

namespace slipway::tests {
namespace {

using data::Value;

constexpr const char* kSteps = R"([{"weight":25},{"pause":{}},{"weight":100}])";
constexpr const char* kHost = "shop.example";

class TraefikStory : public Story {
 protected:
  void SetUp() override {
    const char* program = std::getenv("SLIPWAY_TRAEFIK");
    const char* folder = std::getenv("SLIPWAY_ROUTER_CRDS");
    if (program == nullptr || !std::filesystem::exists(program)) GTEST_SKIP() << "SLIPWAY_TRAEFIK names no traefik";
    if (folder == nullptr || !std::filesystem::is_directory(folder))
      GTEST_SKIP() << "SLIPWAY_ROUTER_CRDS names no folder with the definitions of Traefik";
    Story::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    ASSERT_EQ(kubectl_code({"apply", "--server-side", "-f", folder}), 0);
    ASSERT_EQ(kubectl_code({"wait", "--for=condition=Established", "crd", "--all", "--timeout=5m"}), 0);
    log_ = bed().folder() + "/traefik-" + space + ".log";
    auto started = runtime::Child::start(
        {"setpriv", "--pdeathsig", "KILL", program, "--entrypoints.web.address=127.0.0.1:" + std::to_string(port),
         "--providers.kubernetesgateway=true", "--providers.kubernetescrd=true",
         "--providers.kubernetescrd.namespaces=" + space, "--providers.kubernetesgateway.namespaces=" + space,
         "--global.checknewversion=false", "--global.sendanonymoususage=false", "--log.level=INFO"},
        {.environment = {"KUBECONFIG=" + bed().admin_kubeconfig()}, .output_path = log_});
    ASSERT_TRUE(started.has_value()) << started.error().message;
    traefik_.emplace(std::move(*started));
  }
  void TearDown() override {
    Story::TearDown();
    if (HasFailure() && !log_.empty()) std::printf("%s\n", runtime::read_file(log_).value_or("").c_str());
  }

  int served(const std::string& tag, int n) { return of_requests_at("127.0.0.1", kHost, tag, n); }
  void expect_served_at_first() {
    ASSERT_TRUE(until([&] { return request("127.0.0.1", port, kHost).status == 200; }));
  }
  // A quarter gets the new version; taken back, nobody does; promoted, everybody does.
  void abort_then_promote(const std::string& traffic, const std::string& believed) {
    Load load("127.0.0.1", port, kHost);
    release(kSteps, traffic);
    set_image("v2");
    ASSERT_TRUE(reaches("Paused")) << told();
    EXPECT_NE(explained().find(believed), std::string::npos) << explained();
    EXPECT_NEAR(served("v2", 400), 100, 52);  // six standard deviations, were it by chance
    ask("abort");
    ASSERT_TRUE(reaches("RolledBack")) << told();
    EXPECT_EQ(served("v1", 200), 200);
    ask("retry");
    ASSERT_TRUE(reaches("Paused")) << told();
    EXPECT_NEAR(served("v2", 400), 100, 52);
    ask("promote");
    ASSERT_TRUE(reaches("Idle")) << told();
    EXPECT_EQ(served("v2", 200), 200);
    EXPECT_EQ(pods_of("v2", true), 4);
    EXPECT_GE(fewest_ready, 4);
    const auto answers = load.end();
    EXPECT_EQ(answers.size(), 1u) << "some requests were not answered with 200";
    for (const auto& [status, count] : answers)
      std::printf("%lld answers of status %d\n", static_cast<long long>(count), status);
  }

 private:
  std::string log_;
  std::optional<runtime::Child> traefik_;
};
SLIPWAY_EACH_VERSION(TraefikStory);

TEST_P(TraefikStory, AnHttpRouteIsBelievedByItsStatus) {
  create(gateway::kGatewayClasses, json(R"({"apiVersion":"gateway.networking.k8s.io/v1","kind":"GatewayClass",
    "metadata":{"name":"traefik-)" + space +
                                        R"("},"spec":{"controllerName":"traefik.io/gateway-controller"}})"));
  Value edge = json(R"({"apiVersion":"gateway.networking.k8s.io/v1","kind":"Gateway","metadata":{"name":"edge"},
    "spec":{"listeners":[{"name":"http","port":1,"protocol":"HTTP"}]}})");
  edge.set({"spec", "gatewayClassName"}, "traefik-" + space);
  edge.member("spec").member("listeners").element(0).set("port", port);
  create(gateway::kGateways, edge);
  create(api::kHttpRoutes,
         json(R"({"apiVersion":"gateway.networking.k8s.io/v1","kind":"HTTPRoute","metadata":{"name":"web"},
    "spec":{"parentRefs":[{"name":"edge"}],"hostnames":["shop.example"],"rules":[{"backendRefs":[{"name":"web","port":80}]}]}})"));
  if (HasFatalFailure()) return;
  expect_served_at_first();
  abort_then_promote(R"({"route":"web","service":"web"})", "has accepted the route with 25 %");
}

TEST_P(TraefikStory, AWeightedServiceIsBelievedAfterAWhile) {
  create(delivery::kTraefikServices,
         json(R"({"apiVersion":"traefik.io/v1alpha1","kind":"TraefikService","metadata":{"name":"shop"},
    "spec":{"weighted":{"services":[{"name":"web","port":80}]}}})"));
  create(
      delivery::kIngressRoutes,
      json(
          R"j({"apiVersion":"traefik.io/v1alpha1","kind":"IngressRoute","metadata":{"name":"shop"},"spec":{"entryPoints":["web"],
    "routes":[{"kind":"Rule","match":"Host(`shop.example`)","services":[{"kind":"TraefikService","name":"shop"}]}]}})j"));
  if (HasFatalFailure()) return;
  expect_served_at_first();
  abort_then_promote(R"({"kind":"TraefikService","route":"shop","service":"web"})", "traffic.assumed");
}

TEST_P(TraefikStory, AnIngressRouteIsBelievedAfterAWhile) {
  create(
      delivery::kIngressRoutes,
      json(
          R"j({"apiVersion":"traefik.io/v1alpha1","kind":"IngressRoute","metadata":{"name":"shop"},"spec":{"entryPoints":["web"],
    "routes":[{"kind":"Rule","match":"Host(`shop.example`)","services":[{"name":"web","port":80}]}]}})j"));
  if (HasFatalFailure()) return;
  expect_served_at_first();
  abort_then_promote(R"({"kind":"IngressRoute","route":"shop","service":"web"})", "traffic.assumed");
}

}  // namespace
}  // namespace slipway::tests
