// The story of StatefulSets and DaemonSets with our own controllers.
#include "workload/test_story.h"
#include "workload/test_world.h"

namespace slipway::workload::testing {
namespace {

class SetsStory : public World, public Stage {
 protected:
  base::Result<Value> call(Request request) override {
    std::optional<client::Answer> answer;
    user.call(std::move(request), [&answer](client::Answer a) { answer = std::move(a); });
    loop.run_until([&] { return answer.has_value(); }, seconds(5));
    return answer.value_or(base::fail(base::Code::Timeout, "no answer"));
  }
  bool comes_to_rest(const std::function<bool()>& holds) override {
    for (int i = 0; i < 300 && !holds(); ++i) loop.run_for(seconds(1));
    const bool held = holds();
    loop.run_for(minutes(1));
    return held;
  }
};

TEST_F(SetsStory, Of_a_StatefulSet) {
  create_shop();
  StatefulStory(*this, "shop").play();
}

TEST_F(SetsStory, Of_a_DaemonSet) {
  Kubelet second{user, loop, random, "node-2"};
  second.start();
  loop.run_for(seconds(5));
  create_shop();
  for (const char* node : {"node-1", "node-2"}) patch(api::kNodes, node, "{metadata: {labels: {pool: ours}}}");
  DaemonStory(*this, "shop", {"node-1", "node-2"}, "ours").play();
}

}  // namespace
}  // namespace slipway::workload::testing
