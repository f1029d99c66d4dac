// Nobody but the user writes a Deployment's pod template: not even a rollback.
#include <algorithm>

#include "rehearse/checkers/checkers.h"

namespace slipway::rehearse {
namespace {

class TemplateIsTheUsers final : public Checker {
 public:
  std::string_view name() const override { return "template-is-the-users"; }

  std::optional<std::string> changed(const Truth&, const store::Change& change) override {
    if (change.entry->key.resource != api::kDeployments.qualified() || change.kind != store::Change::Kind::Put)
      return {};
    const data::Value& after = change.entry->object;
    if (!change.previous || change.previous->object["spec"]["template"] == after["spec"]["template"]) return {};
    const auto writers = after["metadata"]["managedFields"].items();
    const bool ours = std::ranges::none_of(writers, [](const data::Value& entry) {
      return !entry["manager"].as_string().starts_with("slipway") &&
             !entry["fieldsV1"].get({"f:spec", "f:template"}).is_null();
    });
    if (ours) return "the template of deployment " + change.entry->key.name + " was changed, and no user owns it";
    return {};
  }
};

}  // namespace

std::unique_ptr<Checker> make_template_is_the_users() { return std::make_unique<TemplateIsTheUsers>(); }

}  // namespace slipway::rehearse
