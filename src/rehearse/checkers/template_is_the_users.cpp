// No controller writes a Deployment's pod template: not even a rollback. Only `undo` does, which is a person's command.
#include "delivery/commands.h"
#include "rehearse/checkers/checkers.h"

namespace slipway::rehearse {
namespace {

using data::Value;

class TemplateIsTheUsers final : public Checker {
 public:
  std::string_view name() const override { return "template-is-the-users"; }
  std::optional<std::string> changed(const Truth&, const store::Change&) override { return {}; }

  std::optional<std::string> sent(const Truth& truth, const std::string& process,
                                  const client::Request& request) override {
    if (request.resource != api::kDeployments || !request.body["spec"].has("template")) return {};
    for (const Value& release : truth.list(api::kReleases, request.space)) {
      const auto command = delivery::command_of(release);
      const bool undo = command && *command && (*command)->verb == delivery::Verb::Undo;
      if (undo && release["spec"]["target"]["name"].as_string() == request.name) return {};
    }
    return process + " writes the template of deployment " + request.name + ", and nobody asked for an undo";
  }
};

}  // namespace

std::unique_ptr<Checker> make_template_is_the_users() { return std::make_unique<TemplateIsTheUsers>(); }

}  // namespace slipway::rehearse
