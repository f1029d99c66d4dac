// Pods of a preview are asked for only in a namespace that lets the previews of its Release in, or did until a moment
// ago.
#include <map>
#include <set>

#include "base/strings.h"
#include "delivery/names.h"
#include "delivery/observe_preview.h"
#include "rehearse/checkers/checkers.h"

namespace slipway::rehearse {
namespace {

using data::Value;

class PreviewsLetIn final : public Checker {
 public:
  std::string_view name() const override { return "previews-let-in"; }

  std::optional<std::string> changed(const Truth& truth, const store::Change& change) override {
    const std::string& kind = change.entry->key.resource;
    const Value& object = change.entry->object;
    if (kind == api::kNamespaces.qualified()) see(truth, change);
    if (kind != api::kReplicaSets.qualified() || change.kind != store::Change::Kind::Put) return {};
    const client::ObjectName release = delivery::previewed_release(object);
    if (release.name.empty()) return {};
    const std::int64_t before = change.previous ? change.previous->object["spec"]["replicas"].as_int() : 0;
    if (object["spec"]["replicas"].as_int() <= before || may(truth, change.entry->key.space, release)) return {};
    return "ReplicaSet " + change.entry->key.name + " is to have pods in " + change.entry->key.space +
           ", which lets no preview in";
  }

 private:
  // What its annotation lists: namespaces, and single Releases.
  void see(const Truth& truth, const store::Change& change) {
    const std::string& space = change.entry->key.name;
    std::set<std::string> listed;
    const Value& object = change.entry->object;
    if (change.kind == store::Change::Kind::Put && !api::is_deleting(object))
      for (const std::string_view entry : base::split(api::annotation(object, delivery::kPreviewForAnnotation), ','))
        listed.emplace(base::trim(entry));
    for (const std::string& entry : listed) let_in_[{space, entry}];
    for (auto& [key, lately] : let_in_)
      if (key.first == space) lately.set(truth, listed.contains(key.second));
  }
  bool may(const Truth& truth, const std::string& space, const client::ObjectName& release) {
    for (const std::string& entry : {release.space, release.space + "/" + release.name})
      if (const auto found = let_in_.find({space, entry}); found != let_in_.end() && found->second.most(truth) > 0)
        return true;
    return false;
  }

  std::map<std::pair<std::string, std::string>, Lately> let_in_;  // 1 or 0, by namespace and what it lists
};

}  // namespace

std::unique_ptr<Checker> make_previews_let_in() { return std::make_unique<PreviewsLetIn>(); }

}  // namespace slipway::rehearse
