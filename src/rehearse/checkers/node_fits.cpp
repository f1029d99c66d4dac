// No node is given more pods than it has room for.
//
// Pods that have been asked to stop still take their room.
#include "control/pod.h"
#include "data/quantity.h"
#include "rehearse/checkers/checkers.h"

namespace slipway::rehearse {
namespace {

using data::Value;

class NodeFits final : public Checker {
 public:
  std::string_view name() const override { return "node-fits"; }

  std::optional<std::string> changed(const Truth& truth, const store::Change& change) override {
    if (change.entry->key.resource != api::kPods.qualified() || change.kind != store::Change::Kind::Put) return {};
    const std::string node(control::node_of(change.entry->object));
    const bool bound = !node.empty() && (!change.previous || control::node_of(change.previous->object).empty());
    if (!bound) return {};
    const auto room = data::Quantity::from_value(truth.find(api::kNodes, "", node)["status"]["allocatable"]["pods"]);
    std::int64_t there = 0;
    for (const Value& pod : truth.list(api::kPods))
      there += !control::is_terminal(pod) && control::node_of(pod) == node;
    if (!room || there * 1000 <= room->milli()) return {};
    return "node " + node + " was given " + std::to_string(there) + " pods and has room for " +
           std::to_string(room->milli() / 1000);
  }
};

}  // namespace

std::unique_ptr<Checker> make_node_fits() { return std::make_unique<NodeFits>(); }

}  // namespace slipway::rehearse
