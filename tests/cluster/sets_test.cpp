// The story of StatefulSets and DaemonSets with the controllers of Kubernetes: what we take for their behaviour is.
#include <gtest/gtest.h>

#include "each_version.h"
#include "programs.h"
#include "workload/test_story.h"

namespace slipway::tests {
namespace {

using workload::testing::DaemonStory;
using workload::testing::StatefulStory;

class SetsTest : public EachVersion, public workload::testing::Stage {
 protected:
  void SetUp() override {
    EachVersion::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    space = new_space();
    node.emplace(start_slipway(
        {"node", "--modelled", "--schedule", "--kubeconfig", bed().admin_kubeconfig(), "--name", space, "--count", "2"},
        bed().folder() + "/node.log"));
  }
  void TearDown() override {
    if (IsSkipped()) return;
    node.reset();
    for (const std::string& name : nodes())
      (void)api().call({.verb = client::Verb::Delete, .resource = api::kNodes, .name = name});
    (void)api().call({.verb = client::Verb::Delete, .resource = api::kNamespaces, .name = space});
  }

  std::vector<std::string> nodes() const { return {space + "-1", space + "-2"}; }
  base::Result<data::Value> call(client::Request request) override { return api().call(std::move(request)); }
  // What must not change is looked at again after two seconds.
  bool comes_to_rest(const std::function<bool()>& holds) override {
    const bool held = eventually(holds, base::minutes(2));
    (void)api().pause(base::seconds(2));
    return held;
  }

  std::string space;
  std::optional<runtime::Child> node;
};
SLIPWAY_EACH_VERSION(SetsTest);

TEST_P(SetsTest, OfAStatefulSet) { StatefulStory(*this, space).play(); }

TEST_P(SetsTest, OfADaemonSet) {
  for (const std::string& name : nodes()) {
    ASSERT_TRUE(eventually([&] {
      return api()
          .call({.verb = client::Verb::Patch,
                 .resource = api::kNodes,
                 .name = name,
                 .body = *data::parse_yaml("{metadata: {labels: {pool: " + space + "}}}")})
          .has_value();
    }));
  }
  DaemonStory(*this, space, nodes(), space).play();
}

}  // namespace
}  // namespace slipway::tests
