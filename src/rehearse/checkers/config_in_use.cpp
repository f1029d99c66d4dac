// Where ConfigMaps are part of versions: no pod is made before the copy that it reads is there, no control process
// deletes a copy that a pod reads, and a copy is what its name says for as long as it lives.
//
// A copy that a user deletes is missing for a while, which is held against nobody until it has been made again.
#include <fmt/format.h>

#include <map>
#include <set>

#include "control/pod.h"
#include "delivery/config.h"
#include "delivery/names.h"
#include "rehearse/app.h"
#include "rehearse/checkers/checkers.h"

namespace slipway::rehearse {
namespace {

using data::Value;

class ConfigInUse final : public Checker {
 public:
  std::string_view name() const override { return "config-in-use"; }

  std::optional<std::string> changed(const Truth& truth, const store::Change& change) override {
    const Value& object = change.entry->object;
    const bool is_put = change.kind == store::Change::Kind::Put;
    if (change.entry->key.resource == api::kConfigMaps.qualified()) return copy_changed(object, is_put);
    if (change.entry->key.resource != api::kPods.qualified() || !is_put || change.previous) return {};
    for (const std::string& copy : copies_of(object))
      if (truth.find(api::kConfigMaps, api::space_of(object), copy).is_null() && !taken_.contains(copy))
        return fmt::format("pod {} is made, and ConfigMap {}, which it reads, is not there", api::name_of(object),
                           copy);
    return {};
  }

  std::optional<std::string> sent(const Truth& truth, const std::string& process,
                                  const client::Request& request) override {
    if (request.verb != client::Verb::Delete || request.resource != api::kConfigMaps) return {};
    for (const Value& pod : truth.list(api::kPods, request.space))
      if (control::is_active(pod) && copies_of(pod).contains(request.name))
        return fmt::format("{} deletes ConfigMap {}, which pod {} reads", process, request.name, api::name_of(pod));
    return {};
  }

 private:
  std::optional<std::string> copy_changed(const Value& copy, bool is_put) {
    const std::string name(api::name_of(copy));
    const std::string of(api::annotation(copy, delivery::kConfigAnnotation));
    if (of.empty()) return {};
    if (is_put)
      taken_.erase(name);
    else
      taken_.insert(name);
    if (name == delivery::copy_name(app::kName, of, delivery::content_hash(copy)) && copy["immutable"].as_bool())
      return {};
    return fmt::format("ConfigMap {} is not what its name says", name);
  }

  // Names of what an earlier change of the template may have left are those of the user.
  static std::set<std::string> copies_of(const Value& pod) {
    std::set<std::string> out;
    for (const delivery::ConfigReference& r : delivery::config_references(data::kNull, pod))
      if (!r.optional && r.name != app::kConfig) out.insert(r.name);
    return out;
  }

  std::set<std::string> taken_;  // copies that were deleted
};

}  // namespace

std::unique_ptr<Checker> make_config_in_use() { return std::make_unique<ConfigInUse>(); }

}  // namespace slipway::rehearse
