#include "client/kubeconfig.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "client/https_client.h"
#include "runtime/file.h"

namespace slipway::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Kubeconfig, WhatIsSavedCanBeLoaded) {
  std::string path = ::testing::TempDir() + "kubeconfig-" + std::to_string(::getpid());
  Connection connection{
      .server = "https://127.0.0.1:6443", .ca = "CA PEM\n", .certificate = "CERT PEM\n", .key = "KEY PEM\n"};
  ASSERT_TRUE(save_kubeconfig(path, connection));
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  auto config = Kubeconfig::load(path);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(*config->connection(), connection);
  EXPECT_THAT(config->contexts(), ElementsAre("slipway"));
  std::filesystem::remove(path);
}

constexpr const char* kTwoClusters = R"yaml(
apiVersion: v1
kind: Config
current-context: prod
clusters:
- name: a
  cluster: {server: "https://a.example:6443", insecure-skip-tls-verify: true}
- name: b
  cluster: {server: "https://b.example", certificate-authority: ca.pem}
users:
- {name: robot, user: {tokenFile: token}}
- {name: human, user: {auth-provider: {name: gcp}}}
contexts:
- {name: prod, context: {cluster: b, user: robot, namespace: shop}}
- {name: dev, context: {cluster: a, user: human}}
- {name: broken, context: {cluster: nowhere, user: human}}
)yaml";

TEST(Kubeconfig, ReadsFilesBesideItself) {
  std::string folder = ::testing::TempDir() + "kubeconfig-folder-" + std::to_string(::getpid());
  std::filesystem::create_directories(folder);
  ASSERT_TRUE(runtime::write_file(folder + "/ca.pem", "THE CA"));
  ASSERT_TRUE(runtime::write_file(folder + "/token", "s3cret\n"));
  ASSERT_TRUE(runtime::write_file(folder + "/config", kTwoClusters));
  auto connection = Kubeconfig::load(folder + "/config")->connection();
  ASSERT_TRUE(connection) << connection.error().message;
  EXPECT_EQ(connection->ca, "THE CA");
  EXPECT_EQ(connection->token, "s3cret");
  EXPECT_EQ(connection->space, "shop");
  EXPECT_EQ(connection->server, "https://b.example");
  std::filesystem::remove_all(folder);
}

TEST(Kubeconfig, SaysWhatIsWrong) {
  auto config = Kubeconfig::parse(kTwoClusters);
  ASSERT_TRUE(config);
  EXPECT_THAT(config->connection("dev").error().message, HasSubstr("auth-provider"));
  EXPECT_THAT(config->connection("broken").error().message, HasSubstr("no cluster is called \"nowhere\""));
  EXPECT_THAT(config->connection("other").error().message, HasSubstr("no context is called \"other\""));
  EXPECT_FALSE(Kubeconfig::parse("[1, 2]"));
  EXPECT_EQ(Kubeconfig::load("/nonexistent/kubeconfig").error().code, base::Code::NotFound);
}

TEST(Kubeconfig, MergesAsKubectlDoes) {
  std::string folder = ::testing::TempDir() + "kubeconfig-merge-" + std::to_string(::getpid());
  std::filesystem::create_directories(folder + "/more");
  ASSERT_TRUE(runtime::write_file(folder + "/config", kTwoClusters));
  ASSERT_TRUE(runtime::write_file(folder + "/token", "s3cret"));
  ASSERT_TRUE(runtime::write_file(folder + "/ca.pem", "THE CA"));
  ASSERT_TRUE(runtime::write_file(folder + "/more/token", "other"));
  ASSERT_TRUE(runtime::write_file(folder + "/more/config", R"yaml(
current-context: home
clusters:
- {name: a, cluster: {server: "https://not-this.example"}}
- {name: c, cluster: {server: "https://c.example"}}
users:
- {name: guest, user: {tokenFile: token}}
contexts:
- {name: home, context: {cluster: c, user: guest}}
- {name: mixed, context: {cluster: a, user: guest}}
)yaml"));
  const auto config = Kubeconfig::load_all({folder + "/absent", folder + "/config", folder + "/more/config"});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->current_context(), "prod");
  EXPECT_THAT(config->contexts(), ElementsAre("prod", "dev", "broken", "home", "mixed"));
  EXPECT_EQ(config->connection("home")->token, "other");
  EXPECT_EQ(config->connection("mixed")->server, "https://a.example:6443");
  EXPECT_EQ(Kubeconfig::load_all({folder + "/absent"}).error().code, base::Code::NotFound);
  std::filesystem::remove_all(folder);
}

TEST(Url, IsWhatTheApiExpects) {
  EXPECT_EQ(url_of(Request{.resource = api::kNodes}), "/api/v1/nodes");
  EXPECT_EQ(url_of(Request{.resource = api::kPods, .space = "shop", .name = "web-1", .subresource = "status"}),
            "/api/v1/namespaces/shop/pods/web-1/status");
  EXPECT_EQ(url_of(Request{
                .verb = Verb::Create, .resource = api::kDeployments, .space = "shop", .name = "web", .dry_run = true}),
            "/apis/apps/v1/namespaces/shop/deployments?dryRun=All");
  EXPECT_EQ(
      url_of(Request{
          .verb = Verb::Create, .resource = api::kPods, .space = "shop", .name = "web", .subresource = "binding"}),
      "/api/v1/namespaces/shop/pods/web/binding");
  EXPECT_EQ(url_of(Request{.resource = api::kPods, .label_selector = "a=b,c in (d)"}),
            "/api/v1/pods?labelSelector=a%3Db%2Cc%20in%20%28d%29");
  EXPECT_EQ(url_of(WatchRequest{.resource = api::kPods, .resource_version = "7"}),
            "/api/v1/pods?watch=true&allowWatchBookmarks=true&resourceVersion=7");
}

}  // namespace
}  // namespace slipway::client
