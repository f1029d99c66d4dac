// `slipway node --modelled` on a real control plane: the pods of a Deployment start, fail, stop and survive as their
// annotations say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <set>

#include "api/meta.h"
#include "data/json.h"
#include "each_version.h"
#include "programs.h"

namespace slipway::tests {
namespace {

using data::Value;
using ::testing::IsSupersetOf;

class ModelledNodeTest : public EachVersion {
 protected:
  void SetUp() override {
    EachVersion::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    space = new_space();
    begin();
  }
  void TearDown() override {
    if (IsSkipped()) return;
    // The nodes, too: pods of other tests would be placed on them though nobody is there any more.
    node.reset();
    for (const char* number : {"-1", "-2"})
      (void)api().call({.verb = client::Verb::Delete, .resource = api::kNodes, .name = space + number});
    (void)api().call({.verb = client::Verb::Delete, .resource = api::kNamespaces, .name = space});
  }

  // Nodes have the name of the test's namespace.
  void begin() {
    node.emplace(start_slipway(
        {"node", "--modelled", "--schedule", "--kubeconfig", bed().admin_kubeconfig(), "--name", space, "--count", "2"},
        bed().folder() + "/node.log"));
  }

  void deploy(const std::string& name, int replicas, const std::string& annotations = "{}") {
    const auto made = api().call({.verb = client::Verb::Create,
                                  .resource = api::kDeployments,
                                  .space = space,
                                  .body = *data::parse_json(R"({
      "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": ")" +
                                                            name + R"("}, "spec": {"replicas": )" +
                                                            std::to_string(replicas) + R"(,
      "selector": {"matchLabels": {"app": ")" + name + R"("}}, "template": {"metadata": {"labels": {"app": ")" +
                                                            name + R"("}, "annotations": )" + annotations + R"(},
      "spec": {"containers": [{"name": "web", "image": "web:1"}]}}}})")});
    ASSERT_TRUE(made.has_value()) << made.error().message;
  }
  std::int64_t ready(const std::string& name) {
    const auto deployment = api().get(api::kDeployments, name);
    return deployment ? (*deployment)["status"]["readyReplicas"].as_int() : -1;
  }
  std::vector<Value> pods(const std::string& name) {
    const auto list = api().list(api::kPods, "app=" + name);
    if (!list) return {};
    const auto items = (*list)["items"].items();
    return {items.begin(), items.end()};
  }

  std::string space;
  std::optional<runtime::Child> node;
};
SLIPWAY_EACH_VERSION(ModelledNodeTest);

TEST_P(ModelledNodeTest, RunsADeploymentWithAddressesOfItsOwn) {
  deploy("web", 10);
  ASSERT_TRUE(eventually([&] { return ready("web") == 10; }));
  std::set<std::string> addresses, nodes;
  for (const Value& pod : pods("web"))
    addresses.insert(pod["status"]["podIP"].str()), nodes.insert(pod["spec"]["nodeName"].str());
  EXPECT_EQ(addresses.size(), 10u);
  const auto listed = api().call({.verb = client::Verb::List, .resource = api::kNodes});
  std::vector<std::string> names;
  for (const Value& each : (*listed)["items"].items())
    if (api::condition(each, "Ready")["status"].as_string() == "True") names.emplace_back(api::name_of(each));
  EXPECT_THAT(names, IsSupersetOf({space + "-1", space + "-2"}));
}

TEST_P(ModelledNodeTest, PodsFailAsTheirAnnotationsSay) {
  deploy("dead", 1, R"({"rehearse.slipway.dev/never-ready": "true"})");
  deploy("ill", 1, R"({"rehearse.slipway.dev/crash-after": "1s", "rehearse.slipway.dev/start": "200ms"})");
  EXPECT_TRUE(eventually([&] {
    const auto all = pods("ill");
    return all.size() == 1 && all[0]["status"]["containerStatuses"].at(0)["restartCount"].as_int() >= 2;
  }));
  ASSERT_EQ(pods("dead").size(), 1u);
  EXPECT_EQ(pods("dead")[0]["status"]["phase"].as_string(), "Running");
  EXPECT_EQ(ready("dead"), 0);
}

TEST_P(ModelledNodeTest, ScalesDownAndLeavesNothing) {
  deploy("web", 3);
  ASSERT_TRUE(eventually([&] { return ready("web") == 3; }));
  ASSERT_TRUE(
      api()
          .patch(api::kDeployments, "web", client::PatchType::Merge, *data::parse_json(R"({"spec": {"replicas": 1}})"))
          .has_value());
  EXPECT_TRUE(eventually([&] { return pods("web").size() == 1; }));
  ASSERT_TRUE(api()
                  .call({.verb = client::Verb::Delete,
                         .resource = api::kDeployments,
                         .space = space,
                         .name = "web",
                         .body = Value::object({{"propagationPolicy", "Background"}})})
                  .has_value());
  EXPECT_TRUE(eventually([&] { return pods("web").empty(); }));
}

TEST_P(ModelledNodeTest, TakesItsPodsOverAfterARestart) {
  deploy("web", 3);
  ASSERT_TRUE(eventually([&] { return ready("web") == 3; }));
  std::map<std::string, std::string> before;
  for (const Value& pod : pods("web")) before[pod["metadata"]["name"].str()] = pod["metadata"]["resourceVersion"].str();
  node->signal(SIGKILL);
  node->wait();
  begin();
  deploy("more", 2);  // it works again when these run
  ASSERT_TRUE(eventually([&] { return ready("more") == 2; }));
  std::map<std::string, std::string> after;
  for (const Value& pod : pods("web")) after[pod["metadata"]["name"].str()] = pod["metadata"]["resourceVersion"].str();
  EXPECT_EQ(after, before) << "pods that ran on were written";
}

}  // namespace
}  // namespace slipway::tests
