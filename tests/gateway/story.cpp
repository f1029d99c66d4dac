#include "story.h"

#include <cstdlib>
#include <filesystem>

#include "api/meta.h"
#include "data/json.h"

namespace slipway::tests {

using data::Value;

namespace {

int next_port = 8000;  // a host name on a port belongs to the oldest Gateway

}  // namespace

Value json(const std::string& text) {
  auto v = data::parse_json(text);
  SLIPWAY_CHECK(v.has_value());
  return *v;
}

std::string gateway_api_definitions() {
  if (const char* named = std::getenv("SLIPWAY_GATEWAY_CRDS")) return named;
  return std::string(SLIPWAY_SOURCE_DIR) + "/../shared/conformance/crds/gateway-api";
}

void Story::SetUp() {
  if (!network_problem().empty()) GTEST_SKIP() << network_problem();
  if (!std::filesystem::is_directory(gateway_api_definitions()))
    GTEST_SKIP() << "no definitions of the Gateway API in " << gateway_api_definitions() << " (SLIPWAY_GATEWAY_CRDS)";
  ReleaseOnCluster::SetUp();
  if (IsSkipped() || HasFatalFailure()) return;
  ASSERT_EQ(kubectl_code({"apply", "--server-side", "-f", gateway_api_definitions()}), 0);
  std::string said;
  ASSERT_TRUE(eventually([&] {
    const auto installed = run_slipway({"install", "--gateway", "--kubeconfig", bed().admin_kubeconfig()});
    said = installed.output;
    return installed.status == 0;
  })) << said;
  port = next_port++;
  pods.emplace();
}

void Story::create(const api::Resource& kind, const Value& object) {
  const auto made = api().call({.verb = client::Verb::Create, .resource = kind, .space = space, .body = object});
  ASSERT_TRUE(made.has_value()) << kind.kind << ": " << made.error().message;
}

void Story::release(const std::string& steps, const std::string& traffic) {
  Value object = json(R"({"apiVersion":"slipway.dev/v1alpha1","kind":"Release","metadata":{"name":"web"},
      "spec":{"target":{"name":"web"},"deadline":"120s"}})");
  object.set({"spec", "traffic"}, json(traffic));
  object.set({"spec", "strategy"}, json(R"({"canary":{"steps":)" + steps + "}}"));
  create(api::kReleases, object);
  ASSERT_TRUE(reaches("Idle")) << told();
}

std::string Story::said(const Value& holder, const char* type) {
  const Value& c = api::condition(Value::object({{"status", holder}}), type);
  return c["status"].str() + " " + c["reason"].str();
}

std::map<std::string, std::string> Story::tags() {
  std::map<std::string, std::string> out;
  const auto all = api().list(api::kPods, "app=web");
  for (const Value& pod : (*all)["items"].items()) {
    const std::string image = pod["spec"]["containers"].at(0)["image"].str();
    out[pod["status"]["podIP"].str()] = image.substr(image.rfind(':') + 1);
  }
  return out;
}

int Story::of_requests_at(const std::string& address, const std::string& host, const std::string& tag, int n) {
  const auto tag_of = tags();
  int hits = 0;
  for (int i = 0; i < n; ++i) {
    const Got got = request(address, port, host);
    EXPECT_EQ(got.status, 200);
    const auto found = tag_of.find(got.pod);
    EXPECT_TRUE(found != tag_of.end()) << got.pod;
    hits += found != tag_of.end() && found->second == tag;
  }
  return hits;
}

std::string Story::explained() {
  return run_slipway({"explain", "web", "-n", space, "--kubeconfig", bed().admin_kubeconfig()}).output;
}

}  // namespace slipway::tests
