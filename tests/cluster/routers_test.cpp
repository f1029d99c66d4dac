// Releases whose traffic is carried by other routers than our gateway, on a real control plane: what is written passes
// the definitions of these projects and the rights of `slipway install`, and is given back. No router runs here, so
// that what is looked at are the objects. The definitions are in the folder SLIPWAY_ROUTER_CRDS.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "api/meta.h"
#include "data/json.h"
#include "delivery/traffic/kinds.h"
#include "release_bed.h"

namespace slipway::tests {
namespace {

using data::Value;

Value json(const char* text) {
  auto v = data::parse_json(text);
  SLIPWAY_CHECK(v.has_value());
  return *v;
}

constexpr const char* kSteps = R"({"canary":{"steps":[{"weight":25},{"pause":{}}]}})";
constexpr const char* kOptIn = R"({"canary":{"steps":[{"name":"staff","match":{"any":[
    {"headers":[{"name":"x-staff","value":"yes"}]},{"cookies":[{"name":"beta","value":"1"}],"queryParams":[{"name":"b","value":"1"}]}]}},
    {"mirror":{"percent":12.5}},{"pause":{}},{"weight":50}]}})";
// With what makes the longest rules: lists, "not", a key, and buckets that a header carries.
constexpr const char* kGray = R"({"gray":{"key":{"header":"x-user-id","bucketHeader":"x-bucket"},"batches":[
    {"name":"staff","cohorts":[{"name":"staff"}]},{"name":"members","cohorts":[{"name":"members","share":10}],"share":1.5,"approve":true}]}})";
constexpr const char* kStaff = R"({"apiVersion":"slipway.dev/v1alpha1","kind":"Cohort","metadata":{"name":"staff"},
    "spec":{"match":"cookie.staff == \"yes\" && cookie.beta != \"no\""}})";
constexpr const char* kMembers = R"({"apiVersion":"slipway.dev/v1alpha1","kind":"Cohort","metadata":{"name":"members"},
    "spec":{"key":{"header":"x-user-id","bucketHeader":"x-bucket"},"attributes":[{"name":"region","header":"x-region"}],
    "match":"region in [\"DE\",\"AT\"]","users":["a.b","c"],"exceptUsers":["d"]}})";
constexpr const char* kSwitch = R"({"canary":{"steps":[{"weight":100},{"pause":{}}]}})";

constexpr const char* kVirtualService =
    R"({"apiVersion":"networking.istio.io/v1","kind":"VirtualService","metadata":{"name":"shop"},"spec":{"hosts":["web"],
    "http":[{"name":"api","match":[{"uri":{"prefix":"/api"}}],"timeout":"5s","route":[{"destination":{"host":"web","port":{"number":80}}}]},
            {"route":[{"destination":{"host":"docs"}}]}]}})";
constexpr const char* kDestinationRule =
    R"({"apiVersion":"networking.istio.io/v1","kind":"DestinationRule","metadata":{"name":"web"},
    "spec":{"host":"web","subsets":[{"name":"eu","labels":{"region":"eu"}}]}})";
constexpr const char* kIngress =
    R"({"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"name":"shop"},"spec":{"ingressClassName":"nginx",
    "rules":[{"host":"shop.example","http":{"paths":[{"path":"/","pathType":"Prefix","backend":{"service":{"name":"web","port":{"number":80}}}}]}}]}})";
constexpr const char* kTraefikService =
    R"({"apiVersion":"traefik.io/v1alpha1","kind":"TraefikService","metadata":{"name":"shop"},
    "spec":{"weighted":{"services":[{"name":"web","port":80}],"sticky":{"cookie":{"name":"version"}}}}})";
constexpr const char* kIngressRoute =
    R"({"apiVersion":"traefik.io/v1alpha1","kind":"IngressRoute","metadata":{"name":"shop"},"spec":{"entryPoints":["web"],
    "routes":[{"kind":"Rule","match":"Host(`shop.example`) ","services":[{"name":"web","port":80}]}]}})";

class RouterTest : public ReleaseOnCluster {
 protected:
  // The definitions of other projects, once a control plane.
  void install_definitions() {
    const char* folder = std::getenv("SLIPWAY_ROUTER_CRDS");
    if (folder == nullptr || !std::filesystem::is_directory(folder))
      GTEST_SKIP() << "SLIPWAY_ROUTER_CRDS names no folder with the definitions of Istio and Traefik";
    ASSERT_EQ(kubectl_code({"apply", "--server-side", "-f", folder}), 0);
  }
  void create(const api::Resource& kind, const char* object) {
    ASSERT_TRUE(eventually([&] {
      return api()
          .call({.verb = client::Verb::Create, .resource = kind, .space = space, .body = json(object)})
          .has_value();
    })) << kind.kind;
  }
  void release_with(const char* traffic, const char* strategy = kSteps) {
    Value release = json(
        R"({"apiVersion":"slipway.dev/v1alpha1","kind":"Release","metadata":{"name":"web"},
        "spec":{"target":{"name":"web"},"deadline":"90s"}})");
    release.set({"spec", "traffic"}, json(traffic));
    release.set({"spec", "strategy"}, json(strategy));
    const auto made =
        api().call({.verb = client::Verb::Create, .resource = api::kReleases, .space = space, .body = release});
    ASSERT_TRUE(made.has_value()) << made.error().message;
  }
  // Of a release that this object carries.
  void pause_on(const api::Resource& kind, const char* object, const char* traffic) {
    create(kind, object);
    release_with(traffic);
    pause_with_v2();
  }
  void pause_with_v2() {
    ASSERT_TRUE(reaches("Idle")) << told();
    fewest_ready = 1000;
    set_image("v2");
    ASSERT_TRUE(reaches("Paused")) << told();
    EXPECT_EQ(pods_of("v1", true), 4);
  }
  void expect_serving(const std::string& tag, const std::string& in_phase) {
    EXPECT_EQ(phase(), in_phase) << told();
    EXPECT_EQ(pods_of(tag, true), 4);
    EXPECT_EQ(pods_of(""), 4);
    EXPECT_EQ(owner_of(tag), "Deployment");
    EXPECT_GE(fewest_ready, 4);
  }
  // Aborted, then released after all: the user's object is as it was each time.
  void abort_then_promote(const std::function<Value()>& owned, const Value& before) {
    ask("abort");
    ASSERT_TRUE(reaches("RolledBack")) << told();
    expect_serving("v1", "RolledBack");
    EXPECT_EQ(owned(), before) << data::to_json(owned());
    ask("retry");
    ASSERT_TRUE(reaches("Paused")) << told();
    ask("promote");
    ASSERT_TRUE(reaches("Idle")) << told();
    expect_serving("v2", "Idle");
    EXPECT_EQ(owned(), before) << data::to_json(owned());
  }
  std::string hash_of(const char* service) {
    return get(api::kServices, service)["spec"]["selector"]["pod-template-hash"].str();
  }
};
SLIPWAY_EACH_VERSION(RouterTest);

// The first of them, while the control plane does not know the kind yet.
TEST_P(RouterTest, AKindThatTheClusterDoesNotKnowIsNamed) {
  if (kubectl_code({"get", "crd", "traefikservices.traefik.io"}) == 0) GTEST_SKIP() << "it knows it already";
  release_with(R"({"kind":"TraefikService","route":"shop","service":"web"})");
  ASSERT_TRUE(reaches("Invalid")) << told();
  EXPECT_NE(told().find("does not know TraefikService (traefikservices.traefik.io)"), std::string::npos) << told();
}

TEST_P(RouterTest, AServiceIsSwitchedAsAWhole) {
  release_with(R"({"kind":"Service","service":"web"})", kSwitch);
  const Value before = get(api::kServices, "web")["spec"]["selector"];
  pause_with_v2();
  EXPECT_EQ(pods_of("v2", true), 4);
  EXPECT_EQ(hash_of("web"), hash_of("web-canary"));
  EXPECT_NE(hash_of("web"), hash_of("web-stable"));
  abort_then_promote([&] { return get(api::kServices, "web")["spec"]["selector"]; }, before);
}

TEST_P(RouterTest, IstioSplitsByHost) {
  install_definitions();
  if (IsSkipped()) return;
  pause_on(delivery::kVirtualServices, kVirtualService, R"({"kind":"VirtualService","route":"shop","service":"web"})");
  const Value route = get(delivery::kVirtualServices, "shop")["spec"]["http"].at(0);
  EXPECT_EQ(route["route"].at(0)["destination"]["host"], Value("web-stable"));
  EXPECT_EQ(route["route"].at(0)["weight"], Value(75));
  EXPECT_EQ(route["route"].at(1)["destination"], json(R"({"host":"web-canary","port":{"number":80}})"));
  EXPECT_EQ(route["route"].at(1)["weight"], Value(25));
  abort_then_promote([&] { return get(delivery::kVirtualServices, "shop")["spec"]; }, json(kVirtualService)["spec"]);
}

TEST_P(RouterTest, IstioSplitsBySubset) {
  install_definitions();
  if (IsSkipped()) return;
  create(delivery::kVirtualServices, kVirtualService);
  pause_on(delivery::kDestinationRules, kDestinationRule,
           R"({"kind":"VirtualService","route":"shop","service":"web","destinationRule":"web"})");
  const Value route = get(delivery::kVirtualServices, "shop")["spec"]["http"].at(0);
  EXPECT_EQ(route["route"].at(1)["destination"], json(R"({"host":"web","subset":"canary","port":{"number":80}})"));
  EXPECT_EQ(route["route"].at(1)["weight"], Value(25));
  EXPECT_EQ(get(delivery::kDestinationRules, "web")["spec"]["subsets"].size(), 3u);
  EXPECT_TRUE(get(api::kServices, "web-canary").is_null()) << "the versions need no Services of their own";
  abort_then_promote(
      [&] {
        return Value::array(
            {get(delivery::kVirtualServices, "shop")["spec"], get(delivery::kDestinationRules, "web")["spec"]});
      },
      Value::array({json(kVirtualService)["spec"], json(kDestinationRule)["spec"]}));
}

// The definitions of Istio take what an opt-in and a mirror write, and the route is given back as it was.
TEST_P(RouterTest, IstioMatchesAndMirrors) {
  install_definitions();
  if (IsSkipped()) return;
  create(delivery::kVirtualServices, kVirtualService);
  release_with(R"({"kind":"VirtualService","route":"shop","service":"web"})", kOptIn);
  pause_with_v2();
  const Value http = get(delivery::kVirtualServices, "shop")["spec"]["http"];
  ASSERT_EQ(http.size(), 3u) << data::to_json(http);
  EXPECT_EQ(http.at(0)["match"].at(0), json(R"({"uri":{"prefix":"/api"},"headers":{"x-staff":{"exact":"yes"}}})"));
  EXPECT_EQ(http.at(0)["route"].at(1)["weight"], Value(100));
  EXPECT_EQ(http.at(1)["route"].at(1)["weight"], Value(0));
  EXPECT_EQ(http.at(1)["mirrorPercentage"]["value"], Value(12.5));
  abort_then_promote([&] { return get(delivery::kVirtualServices, "shop")["spec"]; }, json(kVirtualService)["spec"]);
}

// The same for the Gateway API's own definition, where another controller than ours accepts the route.
TEST_P(RouterTest, AnotherControllersHttpRouteMatchesAndMirrors) {
  attach(kOptIn, true);
  if (IsSkipped()) return;
  const Value before = get(api::kHttpRoutes, "web")["spec"];
  pause_with_v2();
  const Value rules = get(api::kHttpRoutes, "web")["spec"]["rules"];
  ASSERT_EQ(rules.size(), 2u) << data::to_json(rules);
  EXPECT_EQ(rules.at(1)["matches"].size(), 2u);
  EXPECT_EQ(rules.at(1)["backendRefs"].at(1)["weight"], Value(100));
  EXPECT_EQ(rules.at(0)["filters"].at(0)["requestMirror"]["fraction"],
            json(R"({"numerator":1250,"denominator":10000})"));
  abort_then_promote([&] { return get(api::kHttpRoutes, "web")["spec"]; }, before);
}

// Cohorts as matches: the definitions of both take them, and give the route back.
TEST_P(RouterTest, AnotherControllersHttpRouteLetsCohortsIn) {
  create(api::kCohorts, kStaff);
  create(api::kCohorts, kMembers);
  attach(kGray, true);
  if (IsSkipped()) return;
  const Value before = get(api::kHttpRoutes, "web")["spec"];
  pause_with_v2();
  const Value rules = get(api::kHttpRoutes, "web")["spec"]["rules"];
  ASSERT_GE(rules.size(), 3u) << data::to_json(rules);
  EXPECT_EQ(get(api::kReleases, "web")["status"]["traffic"]["given"].size(), 3u);
  abort_then_promote([&] { return get(api::kHttpRoutes, "web")["spec"]; }, before);
}

TEST_P(RouterTest, IstioLetsCohortsIn) {
  install_definitions();
  if (IsSkipped()) return;
  create(api::kCohorts, kStaff);
  create(api::kCohorts, kMembers);
  create(delivery::kVirtualServices, kVirtualService);
  release_with(R"({"kind":"VirtualService","route":"shop","service":"web"})", kGray);
  pause_with_v2();
  const Value http = get(delivery::kVirtualServices, "shop")["spec"]["http"];
  ASSERT_GE(http.size(), 4u) << data::to_json(http);
  abort_then_promote([&] { return get(delivery::kVirtualServices, "shop")["spec"]; }, json(kVirtualService)["spec"]);
}

TEST_P(RouterTest, IngressNginxGetsACanaryIngress) {
  pause_on(delivery::kIngresses, kIngress, R"({"kind":"Ingress","route":"shop","service":"web"})");
  const Value canary = get(delivery::kIngresses, "shop-canary");
  EXPECT_EQ(api::annotation(canary, "nginx.ingress.kubernetes.io/canary"), "true");
  EXPECT_EQ(api::annotation(canary, "nginx.ingress.kubernetes.io/canary-weight"), "25");
  EXPECT_EQ(canary["spec"]["rules"].at(0)["http"]["paths"].at(0)["backend"]["service"]["name"], Value("web-canary"));
  EXPECT_EQ(
      get(delivery::kIngresses, "shop")["spec"]["rules"].at(0)["http"]["paths"].at(0)["backend"]["service"]["name"],
      Value("web-stable"));
  abort_then_promote([&] { return get(delivery::kIngresses, "shop")["spec"]; }, json(kIngress)["spec"]);
  EXPECT_TRUE(get(delivery::kIngresses, "shop-canary").is_null());
}

TEST_P(RouterTest, TraefikSplitsAWeightedService) {
  install_definitions();
  if (IsSkipped()) return;
  pause_on(delivery::kTraefikServices, kTraefikService, R"({"kind":"TraefikService","route":"shop","service":"web"})");
  EXPECT_EQ(get(delivery::kTraefikServices, "shop")["spec"]["weighted"]["services"],
            json(R"([{"name":"web-stable","port":80,"weight":75},{"name":"web-canary","port":80,"weight":25}])"));
  abort_then_promote([&] { return get(delivery::kTraefikServices, "shop")["spec"]; }, json(kTraefikService)["spec"]);
}

TEST_P(RouterTest, TraefikSplitsTheRoutesThemselves) {
  install_definitions();
  if (IsSkipped()) return;
  pause_on(delivery::kIngressRoutes, kIngressRoute, R"({"kind":"IngressRoute","route":"shop","service":"web"})");
  EXPECT_EQ(get(delivery::kIngressRoutes, "shop")["spec"]["routes"].at(0)["services"],
            json(R"([{"name":"web-stable","port":80,"weight":75},{"name":"web-canary","port":80,"weight":25}])"));
  abort_then_promote([&] { return get(delivery::kIngressRoutes, "shop")["spec"]; }, json(kIngressRoute)["spec"]);
}

}  // namespace
}  // namespace slipway::tests
