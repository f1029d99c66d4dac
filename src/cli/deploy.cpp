// deploy, status, watch, list.
#include <fmt/format.h>

#include <algorithm>

#include "api/meta.h"
#include "base/strings.h"
#include "cli/commands.h"
#include "cli/evidence.h"
#include "cli/exit.h"
#include "cli/follow.h"
#include "cli/print.h"
#include "cli/release_text.h"
#include "cli/stop.h"
#include "cli/summary.h"
#include "cli/target.h"
#include "control/pod_template.h"
#include "data/json.h"
#include "delivery/observe_in_place.h"
#include "delivery/plan/workload.h"
#include "delivery/state.h"

namespace slipway::cli {
namespace {

using base::Code;
using data::Value;

std::string containers_of(const Value& deployment) {
  std::vector<std::string> names;
  for (const Value& c : deployment["spec"]["template"]["spec"]["containers"].items()) names.push_back(c["name"].str());
  return base::join(names, ", ");
}

// One --image: "CONTAINER=IMAGE", or "IMAGE" when there is a single container.
base::Result<Value> read_image(const Value& deployment, const std::string& text) {
  const auto containers = deployment["spec"]["template"]["spec"]["containers"].items();
  const std::size_t sign = text.find('=');
  const std::string image = sign == text.npos ? text : text.substr(sign + 1);
  if (sign == text.npos && containers.size() != 1)
    return base::fail(Code::BadRequest, "--image " + text + ": which container? Say CONTAINER=IMAGE; there are " +
                                            containers_of(deployment));
  const std::string name = sign == text.npos ? containers[0]["name"].str() : text.substr(0, sign);
  const bool known = std::ranges::any_of(containers, [&](const Value& c) { return c["name"].as_string() == name; });
  if (!known)
    return base::fail(Code::BadRequest, "--image " + text + ": there is no container \"" + name + "\"; there are " +
                                            containers_of(deployment));
  if (image.empty()) return base::fail(Code::BadRequest, "--image " + text + ": the image is missing");
  return Value::object({{"name", name}, {"image", image}});
}

std::string image_change(const Value& before, const Value& change) {
  for (const Value& c : before["spec"]["template"]["spec"]["containers"].items())
    if (c["name"] == change["name"]) return c["name"].str() + ": " + c["image"].str() + " → " + change["image"].str();
  return change["name"].str() + ": " + change["image"].str();
}

// The field manager by which the workload tells who asked for its version; the API takes up to 128 characters.
std::string manager_of(const std::string& person) {
  constexpr std::size_t kLongest = 128;
  const bool plain = std::ranges::all_of(person, [](unsigned char c) { return c >= 0x20 && c < 0x7f; });
  return person.empty() || !plain ? "slipway" : (std::string(view::kPersonManager) + person).substr(0, kLongest);
}

base::Result<void> set_images(Setting& s, const Value& release, const Value& deployment,
                              const std::vector<std::string>& images) {
  Value containers = Value::array();
  for (const std::string& text : images) {
    auto container = read_image(deployment, text);
    if (!container) return std::unexpected(std::move(container.error()));
    containers.push_back(std::move(*container));
  }
  Value patch;
  patch.set({"spec", "template", "spec", "containers"}, containers);
  const std::string name(api::name_of(deployment));
  const auto after =
      s.api.patch(resource_of_target(release), name, client::PatchType::Strategic, patch, manager_of(person(s)));
  if (!after) return std::unexpected(after.error());
  const bool same = api::generation_of(*after) == api::generation_of(deployment);
  for (const Value& container : containers.items())
    s.terminal.talk(text_of_target(release) + "  " + image_change(deployment, container) +
                    (same ? "  (unchanged)" : ""));
  return {};
}

// The mark that `kubectl rollout restart` leaves, so that both mean the same.
base::Result<void> mark_restart(Setting& s, const Value& release, const Value& deployment) {
  Value patch;
  patch.set({"spec", "template", "metadata", "annotations", "kubectl.kubernetes.io/restartedAt"},
            base::format_time(s.api.now()));
  const std::string name(api::name_of(deployment));
  const auto after =
      s.api.patch(resource_of_target(release), name, client::PatchType::Merge, patch, manager_of(person(s)));
  if (!after) return std::unexpected(after.error());
  s.terminal.talk(text_of_target(release) + "  restart asked for");
  return {};
}

// A version that was turned back is not asked for by accident; empty: it is not the one that is asked for.
std::string held_text(const Sight& sight) {
  const Value& release = sight.objects.release;
  const delivery::State state = delivery::read_state(release["status"]);
  if (!state.rejected || state.phase != delivery::Phase::RolledBack) return "";
  const Value& asked = sight.asked_template;
  const bool in_place = delivery::plan::is_in_place(delivery::plan::target_kind_of(release));
  const std::string hash = in_place ? delivery::placed_template_hash(asked) : control::template_hash(asked);
  if (hash != state.rejected->template_hash) return "";
  const auto name = api::name_of(release);
  return fmt::format(
      "{0} asks for revision {1}, which is held: {2}. slipway retry {3} tries it again; slipway undo {3} asks for "
      "revision {4}, which serves",
      text_of_target(release), state.rejected->number, state.rejected->message, name,
      state.stable ? state.stable->number : 0);
}

// Where nobody watches, a pause ends the wait: a pipeline must not hang for a person.
Until goal_of(const Setting& s, bool watch, Until until) {
  if (watch && until.goal == Until::Goal::Now)
    until.goal = s.terminal.is_live() ? Until::Goal::Done : Until::Goal::Healthy;
  return until;
}

std::vector<std::string> list_row(const Value& release, base::Time now) {
  const view::ReleaseView v = view::compute({.release = release}, now);
  std::string revision = v.stable ? std::to_string(v.stable->number) : "", step, weight;
  if (v.candidate) revision += " → " + std::to_string(v.candidate->number);
  for (const view::StepView& s : v.steps)
    if (s.state == view::StepState::Current) step = std::to_string(s.number) + "/" + std::to_string(v.steps.size());
  if (v.candidate && v.routed) weight = v.verified ? data::format_double(*v.verified) + " %" : "0 %";
  const auto created = api::time_at(release["metadata"]["creationTimestamp"]);
  return {v.space,
          v.name,
          std::string(delivery::to_text(v.phase)),
          revision,
          step,
          weight,
          created ? base::human_duration(now - *created) : "",
          v.message};
}

}  // namespace

ExitCode run(Setting& s, const Deploy& deploy) {
  if (!deploy.files.empty())
    if (const ExitCode code = run(s, Apply{.files = deploy.files}); code != ExitCode::Reached) return code;
  const auto sight = look(s, deploy.name);
  if (!sight) return tell(s, sight.error());
  if (sight->deployment.is_null())
    return tell(s, {.code = Code::NotFound,
                    .message = fmt::format("the {} of release/{} is not there",
                                           resource_of_target(sight->objects.release).kind, deploy.name)});
  if (const std::string why = impossible(deploy.until, *sight); !why.empty())
    return tell(s, {.code = Code::BadRequest, .message = why});
  if (!deploy.images.empty())
    if (const auto set = set_images(s, sight->objects.release, sight->deployment, deploy.images); !set)
      return tell(s, set.error());
  if (const std::string held = deploy.restart ? held_text(*sight) : ""; !held.empty())
    return tell(s, {.code = Code::Conflict, .message = held});
  if (deploy.restart)
    if (const auto marked = mark_restart(s, sight->objects.release, sight->deployment); !marked)
      return tell(s, marked.error());
  const Until until = goal_of(s, deploy.watch, deploy.until);
  if (until.goal != Until::Goal::Now) return follow(s, deploy.name, until, Format::Text);
  s.terminal.talk("follow it with: slipway watch " + deploy.name + " -n " + s.api.space());
  return ExitCode::Reached;
}

ExitCode run(Setting& s, const Status& status) {
  if (status.name.empty()) return show_overview(s, status.format);
  if (status.until.goal != Until::Goal::Now) return follow(s, status.name, status.until, status.format, Printed::End);
  auto sight = look(s, status.name);
  if (!sight) return tell(s, sight.error());
  LogEvidence().add_to(s, *sight);
  if (status.format == Format::Json || status.format == Format::Yaml)
    s.terminal.data(print_object(status_object(s, *sight), status.format));
  else
    s.terminal.data(stop_text(find_stop(s), s.api.now()) + release_block(s.terminal, *sight));
  if (!status.until.summary.empty())
    if (const auto done = append_summary(status.until.summary, *sight, ""); !done) return tell(s, done.error());
  return reached(status.until, *sight).value_or(ExitCode::Reached);
}

ExitCode run(Setting& s, const Watch& watch) {
  Until until = watch.until;
  if (until.goal == Until::Goal::Now) until.goal = Until::Goal::Done;
  return follow(s, watch.name, until, watch.format);
}

ExitCode run(Setting& s, const List& list) {
  const auto releases = s.api.list(api::kReleases);
  if (!releases) return tell(s, releases.error());
  if (list.format == Format::Json || list.format == Format::Yaml)
    return s.terminal.data(print_object(*releases, list.format)), ExitCode::Reached;
  s.terminal.data(stop_text(find_stop(s), s.api.now()));
  TextTable table({"NAMESPACE", "NAME", "PHASE", "REVISION", "STEP", "WEIGHT", "AGE", "MESSAGE"});
  for (const Value& release : (*releases)["items"].items()) table.add(list_row(release, s.api.now()));
  if (table.is_empty())
    s.terminal.talk("No Releases found.");
  else
    s.terminal.data(table.text());
  return ExitCode::Reached;
}

}  // namespace slipway::cli
