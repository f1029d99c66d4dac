// A pod is kept aside only of a version that a release has taken back, when the router gives nothing to it any more; it
// has no label by which anything could select it; and there are no more of them than are asked for.
#include <fmt/format.h>

#include "delivery/names.h"
#include "rehearse/checkers/checkers.h"

namespace slipway::rehearse {
namespace {

using data::Value;

bool is_kept(const Value& pod) { return !api::label(pod, delivery::kKeptLabel).empty(); }

class KeptPodsAside final : public Checker {
 public:
  std::string_view name() const override { return "kept-pods-aside"; }

  std::optional<std::string> changed(const Truth& truth, const store::Change& change) override {
    if (change.entry->key.resource != api::kPods.qualified() || change.kind != store::Change::Kind::Put) return {};
    const Value& pod = change.entry->object;
    if (!is_kept(pod)) return {};
    if (api::labels_of(pod).size() != 2)
      return fmt::format("pod {} is kept and can still be selected by its labels", api::name_of(pod));
    if (change.previous && is_kept(change.previous->object)) return {};
    const Value release = truth.find(api::kReleases, change.entry->key.space, api::label(pod, delivery::kKeptLabel));
    const Value& status = release["status"];
    if (!status["rollback"]["trafficZeroAt"].is_string())
      return fmt::format("pod {} is taken aside while its version may still have users", api::name_of(pod));
    std::int64_t kept = 0;
    for (const Value& other : truth.list(api::kPods, change.entry->key.space))
      kept += is_kept(other) && !api::is_deleting(other) &&
              api::label(other, delivery::kKeptRevisionLabel) == api::label(pod, delivery::kKeptRevisionLabel);
    const std::int64_t most = release["spec"]["rollback"]["keepPods"]["count"].as_int(1);
    if (kept <= most) return {};
    return fmt::format("{} pods of one version are kept, {} are asked for", kept, most);
  }
};

}  // namespace

std::unique_ptr<Checker> make_kept_pods_aside() { return std::make_unique<KeptPodsAside>(); }

}  // namespace slipway::rehearse
