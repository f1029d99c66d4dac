// No controller writes a workload's pod template: not even a rollback. Only `undo` does, which is a person's command;
// and the way back of a DaemonSet, or of a StatefulSet that has forgotten the version before (decide/in_place.h). One
// that another command has just taken the place of may still be believed in.
#include <map>

#include "delivery/commands.h"
#include "rehearse/checkers/checkers.h"

namespace slipway::rehearse {
namespace {

using data::Value;

class TemplateIsTheUsers final : public Checker {
 public:
  std::string_view name() const override { return "template-is-the-users"; }

  std::optional<std::string> changed(const Truth& truth, const store::Change& change) override {
    if (change.entry->key.resource != api::kReleases.qualified()) return {};
    const bool now = change.kind == store::Change::Kind::Put && asks_for_undo(change.entry->object);
    if (!now && change.previous && asks_for_undo(change.previous->object))
      withdrawn_[{change.entry->key.space, target_of(change.previous->object)}] = truth.now;
    return {};
  }

  std::optional<std::string> sent(const Truth& truth, const std::string& process,
                                  const client::Request& request) override {
    const bool in_place = request.resource == api::kStatefulSets || request.resource == api::kDaemonSets;
    if ((request.resource != api::kDeployments && !in_place) || !request.body["spec"].has("template")) return {};
    for (const Value& release : truth.list(api::kReleases, request.space)) {
      if (target_of(release) != request.name) continue;
      if (asks_for_undo(release) || (in_place && may_restore(truth, release, request))) return {};
    }
    const auto withdrawn = withdrawn_.find({request.space, request.name});
    if (withdrawn != withdrawn_.end() && truth.now - withdrawn->second <= truth.behind) return {};
    return process + " writes the template of " + request.resource.kind + " " + request.name +
           ", and nobody asked for an undo";
  }

 private:
  // On the way back, or about to turn: that is written after it.
  static bool may_restore(const Truth& truth, const Value& release, const client::Request& request) {
    if (release["status"]["candidate"].is_null()) return false;
    if (request.resource == api::kDaemonSets) return true;
    const Value set = truth.find(request.resource, request.space, request.name);
    return !set["status"]["currentRevision"].as_string().ends_with("-" + release["status"]["stable"]["hash"].str());
  }
  static bool asks_for_undo(const Value& release) {
    const auto command = delivery::command_of(release);
    return command && *command && (*command)->verb == delivery::Verb::Undo;
  }
  static std::string target_of(const Value& release) { return release["spec"]["target"]["name"].str(); }

  std::map<std::pair<std::string, std::string>, base::Time> withdrawn_;  // by namespace and Deployment
};

}  // namespace

std::unique_ptr<Checker> make_template_is_the_users() { return std::make_unique<TemplateIsTheUsers>(); }

}  // namespace slipway::rehearse
