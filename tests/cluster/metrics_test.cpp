// Analyses on a cluster that has no gateway of ours: the controllers ask the Prometheus that a template names. It is a
// real one, over TLS and with a password that is in a Secret of the template's namespace.
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <mutex>

#include "api/meta.h"
#include "base/strings.h"
#include "data/json.h"
#include "data/yaml.h"
#include "gateway/prometheus.h"
#include "http/server.h"
#include "release_bed.h"
#include "runtime/file.h"

namespace slipway::tests {
namespace {

using data::Value;

constexpr const char* kPassword = "as long as it is no secret";

bool has_prometheus() {
  const auto said = runtime::run_program({"prometheus", "--version"}, {.output_path = "/dev/null"});
  return said && said->status == 0;
}

// A Prometheus that scrapes one target, whose figures the test says.
class Prometheus {
 public:
  Prometheus(std::string folder, const http::pki::Credential& authority, base::Time now) : folder_(std::move(folder)) {
    std::filesystem::create_directories(folder_);
    target_ = http::Server::start({.listeners = {{.port = 0}}}, [this](http::Request, http::ResponseWriter writer) {
                const std::lock_guard lock(mutex_);
                writer.respond(200, {{"Content-Type", "text/plain; version=0.0.4"}}, http::bytes_of(figures_));
              }).value();
    const auto own = http::pki::issue_server(authority, {"127.0.0.1"}, now, base::hours(1)).value();
    write("server.pem", own.certificate);
    write("server.key", own.key);
    write("web.yml", "tls_server_config: {cert_file: server.pem, key_file: server.key}\nbasic_auth_users: {ann: '" +
                         gateway::hash_password(kPassword, "0123456789abcdef") + "'}\n");
    write("prometheus.yml",
          "global: {scrape_interval: 1s, scrape_timeout: 900ms}\nscrape_configs: [{job_name: web, static_configs: "
          "[{targets: ['127.0.0.1:" +
              std::to_string(target_->ports()[0]) + "']}]}]\n");
    port_ = free_port();
    child_ = runtime::Child::start(
                 {"setpriv", "--pdeathsig", "KILL", "prometheus", "--config.file=" + path("prometheus.yml"),
                  "--web.config.file=" + path("web.yml"), "--storage.tsdb.path=" + path("data"),
                  "--web.listen-address=127.0.0.1:" + std::to_string(port_), "--log.level=warn"},
                 {.output_path = path("log")})
                 .value();
  }
  std::string address() const { return "https://127.0.0.1:" + std::to_string(port_); }
  // The error ratio of the version with this pod-template-hash.
  void say(const std::string& hash, double ratio) {
    const std::lock_guard lock(mutex_);
    figures_ += "web_error_ratio{hash=\"" + hash + "\"} " + std::to_string(ratio) + "\n";
  }

 private:
  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  void write(const std::string& name, const std::string& text) {
    EXPECT_TRUE(runtime::write_file(path(name), text, 0600).has_value());
  }

  std::string folder_;
  std::uint16_t port_ = 0;
  std::mutex mutex_;
  std::string figures_ = "# TYPE web_error_ratio gauge\n";
  std::unique_ptr<http::Server> target_;
  std::optional<runtime::Child> child_;
};

class MetricsTest : public ReleaseOnCluster {
 protected:
  MetricsTest() { controller_flags = {"--allow-loopback-metrics"}; }

  void apply(const std::string& yaml) {
    const std::string file = bed().folder() + "/" + space + ".yaml";
    ASSERT_TRUE(runtime::write_file(file, yaml, 0600).has_value());
    ASSERT_EQ(kubectl_code({"apply", "-f", file}), 0) << yaml;
  }
  // Errors and absent figures are measured again: scrapes begin when they begin.
  void measure(const std::string& provider, int errors_tolerated = 1'000'000) {
    apply(
        "apiVersion: slipway.dev/v1alpha1\nkind: AnalysisTemplate\nmetadata: {name: health}\nspec: {metrics: [{name: "
        "error-ratio, interval: 1s, count: 2, consecutiveErrorLimit: " +
        std::to_string(errors_tolerated) + ", successCondition: result < 0.1, provider: " + provider + "}]}\n");
  }
  std::string asked_at(const std::string& address, const std::string& more = "") {
    return "{prometheus: {query: 'web_error_ratio{hash=\"{{hash}}\"}', address: '" + address + "'" + more + "}}";
  }
  void attach_measured() {
    attach(R"({"canary":{"steps":[{"weight":50},{"analysis":{"templates":[{"name":"health"}]}}]}})");
  }
  void keep_password() {
    apply(
        "apiVersion: v1\nkind: Secret\nmetadata: {name: metrics}\ntype: Opaque\nstringData: {username: ann, password: "
        "'" +
        std::string(kPassword) + "', ca.crt: " + data::to_json(bed().authority().certificate) + "}\n");
  }
  // As docs/rbac.md says.
  void give_password() {
    apply(R"(
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: slipway-metrics}
rules:
- {apiGroups: [""], resources: [secrets], resourceNames: [metrics], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: slipway-metrics}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: slipway-metrics}
subjects:
- {kind: ServiceAccount, name: slipway-controller, namespace: slipway-system}
)");
  }
  std::string hash_of(const std::string& tag) {
    const auto sets = api().list(api::kReplicaSets);
    if (!sets) return "";
    for (const Value& set : (*sets)["items"].items())
      if (set["spec"]["template"]["spec"]["containers"].at(0)["image"] == Value("shop/web:" + tag))
        return set["metadata"]["labels"]["pod-template-hash"].str();
    return "";
  }
  std::string last_word() {
    const auto runs = api().list(api::kAnalysisRuns);
    if (!runs || (*runs)["items"].size() == 0) return "";
    const Value& seen = (*runs)["items"].at(0)["status"]["metricResults"].at(0)["measurements"];
    return seen.size() ? seen.at(seen.size() - 1)["message"].str() : "";
  }
  void start_prometheus() {
    prometheus.emplace(bed().folder() + "/prometheus-" + space, bed().authority(), api().now());
    measure(asked_at(prometheus->address(), ", secret: metrics"));
    keep_password();
    attach_measured();
    prometheus->say(hash_of("v1"), 0.01);
  }
  std::optional<Prometheus> prometheus;
};
SLIPWAY_EACH_VERSION(MetricsTest);

TEST_P(MetricsTest, APasswordIsReadOnlyWhereItWasGivenAndAGoodVersionPasses) {
  if (!has_prometheus()) GTEST_SKIP() << "prometheus is not installed (Debian package prometheus)";
  refusals_are_expected = true;
  start_prometheus();
  set_image("v2");
  EXPECT_TRUE(until([&] {
    return last_word().find("give them `get` of it with a Role in " + space) != std::string::npos;
  })) << last_word();
  give_password();
  EXPECT_TRUE(until([&] { return last_word() == "no data"; })) << last_word();
  prometheus->say(hash_of("v2"), 0.02);
  ASSERT_TRUE(reaches("Idle")) << told();
  EXPECT_EQ(pods_of("v2", true), 4);
}

TEST_P(MetricsTest, AFailingValueRollsBackAndTheRollbackIsVerified) {
  if (!has_prometheus()) GTEST_SKIP() << "prometheus is not installed (Debian package prometheus)";
  start_prometheus();
  give_password();
  set_image("v2");
  ASSERT_TRUE(until([&] { return !hash_of("v2").empty(); }));
  prometheus->say(hash_of("v2"), 0.9);
  ASSERT_TRUE(reaches("RolledBack")) << told();
  const Value rollback = get(api::kReleases, "web")["status"]["lastRollback"];
  EXPECT_EQ(rollback["cause"].str(), "AnalysisFailed") << data::to_json(rollback);
  EXPECT_EQ(rollback["verification"]["phase"].str(), "Passed") << data::to_json(rollback);
  EXPECT_EQ(pods_of("v1", true), 4);
  EXPECT_EQ(pods_of("v2"), 0);
}

TEST_P(MetricsTest, APrometheusThatIsNotThereIsNamedAndAPersonDecides) {
  const std::string nobody = "http://127.0.0.1:" + std::to_string(free_port());
  measure(asked_at(nobody), 2);
  attach_measured();
  set_image("v2");
  ASSERT_TRUE(reaches("Paused")) << told();
  EXPECT_NE(told().find(nobody.substr(7)), std::string::npos) << told();
  EXPECT_EQ(pods_of("v2", true), 2);
  ask("abort");
  ASSERT_TRUE(reaches("RolledBack")) << told();
}

// Pods of a template, made and cleared away with the rights of the controllers.
TEST_P(MetricsTest, PodsThatRunToTheirEndDecide) {
  const auto job = [](const char* code) {
    return std::string("{job: {template: {metadata: {annotations: {rehearse.slipway.dev/start: 100ms, "
                       "rehearse.slipway.dev/end-after: 100ms, rehearse.slipway.dev/exit-code: '") +
           code + "'}}, spec: {containers: [{name: smoke, image: 'shop/smoke:1'}]}}}}";
  };
  const auto test = [&](const char* code) {
    apply(
        "apiVersion: slipway.dev/v1alpha1\nkind: AnalysisTemplate\nmetadata: {name: health}\nspec: {metrics: [{name: "
        "smoke, interval: 1s, count: 3, provider: " +
        job(code) + "}]}\n");
  };
  test("0");
  attach_measured();
  set_image("v2");
  // It was idle before, too.
  ASSERT_TRUE(until([&] { return get(api::kReleases, "web")["status"]["candidate"].is_object(); })) << told();
  ASSERT_TRUE(reaches("Idle")) << told();
  EXPECT_EQ(pods_of("v2", true), 4);
  test("3");
  set_image("v3");
  ASSERT_TRUE(reaches("RolledBack")) << told();
  EXPECT_EQ(pods_of("v3"), 0);
}

TEST_P(MetricsTest, WhatOnlyOurGatewayCouldMeasureIsRefusedBeforeAnythingMoves) {
  measure("{gateway: {query: error-rate}}");
  attach_measured();
  set_image("v2");
  ASSERT_TRUE(reaches("Invalid")) << told();
  EXPECT_NE(told().find("use provider.prometheus with query and address"), std::string::npos) << told();
  EXPECT_EQ(pods_of("v2"), 0);
  measure("{prometheus: {query: up}}");
  ASSERT_TRUE(until([&] { return told().find("needs provider.prometheus.address") != std::string::npos; })) << told();
  EXPECT_EQ(pods_of("v2"), 0);
}

}  // namespace
}  // namespace slipway::tests
