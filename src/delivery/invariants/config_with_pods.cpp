#include <fmt/format.h>

#include <set>

#include "api/meta.h"
#include "api/resource.h"
#include "delivery/invariants/invariants.h"
#include "delivery/names.h"

namespace slipway::delivery::invariants {
namespace {

using control::Violation;
using data::Value;

class ConfigWithPods final : public control::Invariant {
 public:
  std::string_view name() const override { return "config-with-pods"; }

  std::optional<Violation> check(const control::World& world, const control::Controller& controller,
                                 const control::ObjectName& name, const control::Decision& decision,
                                 base::Time time) const override {
    const auto scene = scene_of(world, controller, name, time);
    if (!scene) return std::nullopt;
    std::set<std::string> there;
    for (const auto& [copy, object] : scene->o.config.copies) there.insert(copy);
    for (const control::Effect& effect : decision.effects) {
      if (const auto* made = std::get_if<control::Create>(&effect)) {
        if (made->resource == api::kConfigMaps) there.insert(std::string(api::name_of(made->object)));
        if (auto broken = without_copy(*scene, made->object, there)) return broken;
      } else if (const auto* gone = std::get_if<control::Delete>(&effect); gone && gone->resource == api::kConfigMaps) {
        if (auto broken = still_read(*scene, gone->name)) return broken;
      }
    }
    return std::nullopt;
  }

 private:
  static std::optional<Violation> without_copy(const Scene& scene, const Value& set,
                                               const std::set<std::string>& there) {
    if (api::annotation(set, kConfigAnnotation).empty() || !set["spec"]["template"].is_object()) return std::nullopt;
    std::set<std::string> of_user;
    for (const auto& [config_map, live] : scene.o.config.live) of_user.insert(config_map);
    for (const ConfigReference& r : config_references(scene.o.release, set["spec"]["template"]))
      if (!r.optional && !there.contains(r.name) && !of_user.contains(r.name))
        return Violation{"config-with-pods",
                         fmt::format("ReplicaSet {} would be made without ConfigMap {}, which spec.template.{} names",
                                     api::name_of(set), r.name, r.path)};
    return std::nullopt;
  }

  static std::optional<Violation> still_read(const Scene& scene, const std::string& copy) {
    for (const Version& v : scene.o.versions) {
      if (v.spec == 0 && v.remaining == 0) continue;
      for (const ConfigReference& r : config_references(data::kNull, v.rs["spec"]["template"]))
        if (r.name == copy)
          return Violation{"config-with-pods",
                           fmt::format("ConfigMap {} would be deleted, which pods of {} read", copy, v.name)};
    }
    return std::nullopt;
  }
};

}  // namespace

std::unique_ptr<control::Invariant> config_with_pods() { return std::make_unique<ConfigWithPods>(); }

}  // namespace slipway::delivery::invariants
