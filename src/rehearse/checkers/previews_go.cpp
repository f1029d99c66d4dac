// A Release that has nothing under way has no preview anywhere, and one that is gone has none either; and a candidate
// is never asked for in its preview and beside the stable version at once.
#include "control/pod_template.h"
#include "delivery/names.h"
#include "delivery/observe_preview.h"
#include "rehearse/checkers/checkers.h"

namespace slipway::rehearse {
namespace {

using data::Value;

class PreviewsGo final : public Checker {
 public:
  std::string_view name() const override { return "previews-go"; }

  std::optional<std::string> changed(const Truth& truth, const store::Change& change) override {
    const std::string& kind = change.entry->key.resource;
    if (kind == api::kReplicaSets.qualified()) return twice(truth, change);
    if (kind != api::kReleases.qualified()) return {};
    const Value& status = change.entry->object["status"];
    const bool gone = change.kind == store::Change::Kind::Delete;
    if (!gone && (status["candidate"].is_object() || status["preview"].is_object())) return {};
    for (const Value& set : truth.list(api::kReplicaSets)) {
      const client::ObjectName release = delivery::previewed_release(set);
      if (release.space != change.entry->key.space || release.name != change.entry->key.name) continue;
      if (set["spec"]["replicas"].as_int() > 0)
        return "ReplicaSet " + std::string(api::name_of(set)) + " of a preview has pods, and its Release " +
               (gone ? "is gone" : "has nothing under way");
    }
    return {};
  }

 private:
  static std::optional<std::string> twice(const Truth& truth, const store::Change& change) {
    const Value& grown = change.entry->object;
    if (change.kind != store::Change::Kind::Put || grown["spec"]["replicas"].as_int() == 0) return {};
    const bool is_preview = !delivery::previewed_release(grown).name.empty();
    for (const Value& other : truth.list(api::kReplicaSets)) {
      const bool other_is = !delivery::previewed_release(other).name.empty();
      const bool same =
          api::label(other, control::kTemplateHashLabel) == api::label(grown, control::kTemplateHashLabel);
      if (is_preview != other_is && same && other["spec"]["replicas"].as_int() > 0)
        return "version " + std::string(api::label(grown, control::kTemplateHashLabel)) +
               " is asked for in its preview and beside the stable version";
    }
    return {};
  }
};

}  // namespace

std::unique_ptr<Checker> make_previews_go() { return std::make_unique<PreviewsGo>(); }

}  // namespace slipway::rehearse
