// undo: what it would change back is shown before a person is asked, from the same objects as diff.
#include <fmt/format.h>

#include <algorithm>

#include "api/meta.h"
#include "cli/commands.h"
#include "cli/diff.h"
#include "cli/exit.h"
#include "cli/follow.h"
#include "cli/print.h"
#include "cli/send.h"
#include "cli/versions.h"
#include "control/pod_template.h"
#include "delivery/config.h"
#include "delivery/decide/finish.h"
#include "delivery/observe_in_place.h"
#include "delivery/plan/workload.h"
#include "delivery/state.h"

namespace slipway::cli {
namespace {

using base::Code;
using data::Value;

bool asks_for_stable(const Sight& sight, const delivery::State& state) {
  const Value& asked = sight.asked_template;
  const bool in_place = delivery::plan::is_in_place(delivery::plan::target_kind_of(sight.objects.release));
  return (in_place ? delivery::placed_template_hash(asked) : control::template_hash(asked)) ==
         state.stable->template_hash;
}

// As the controller chooses it (delivery/decide/obey.cpp). Null: nobody can read it any more.
const ReadableVersion* target_of(const Sight& sight, const Versions& versions, const Undo& undo) {
  if (undo.to) return versions.with_number(*undo.to);
  const delivery::State state = delivery::read_state(sight.objects.release["status"]);
  if (!state.stable) return nullptr;
  if (!asks_for_stable(sight, state)) return versions.with_hash(state.stable->hash);
  for (const Value& entry : state.history.items())
    if (delivery::served(entry) && entry["hash"].as_string() != state.stable->hash)
      return versions.with_hash(entry["hash"].as_string());
  return versions.with_number(state.stable->number - 1);
}

std::string unknown_target(const Versions& versions, const Undo& undo) {
  return fmt::format(
      "release/{}: {} (slipway history {})", undo.name,
      undo.to ? versions.why_not(*undo.to) : "nobody knows what the version before was; " + versions.what_there_is(),
      undo.name);
}

// Beside the pod templates the contents of ConfigMaps, as they are now and as they were.
base::Result<void> add_config(Setting& s, const Value& config, Value& now, Value& then) {
  for (const data::Member& m : config.members()) {
    if (m.value["hash"].as_string() == delivery::kAbsentConfig) continue;
    const auto live = s.api.get(api::kConfigMaps, std::string(m.key.view()));
    if (!live && live.error().code != Code::NotFound) return std::unexpected(live.error());
    const std::string name = fmt::format("ConfigMap {}", m.key.view());
    if (live) now.set(name, delivery::content_of(*live));
    then.set(name, delivery::content_of(m.value));
  }
  return {};
}

// What changes back.
base::Result<std::vector<Difference>> preview(Setting& s, const Undo& undo) {
  const auto sight = look(s, undo.name);
  if (!sight) return std::unexpected(sight.error());
  const Value& release = sight->objects.release;
  if (!sight->has_release()) return base::fail(Code::NotFound, "there is no Release \"" + undo.name + "\"");
  if (const std::string why = impossible(undo.until, *sight); !why.empty()) return base::fail(Code::BadRequest, why);
  const auto versions = read_versions(s, release);
  if (!versions) return std::unexpected(versions.error());
  const ReadableVersion* target = target_of(*sight, *versions, undo);
  if (!target) return base::fail(Code::NotFound, unknown_target(*versions, undo));
  Value from = control::without_hash_label(sight->deployment["spec"]["template"]), to = target->pod_template;
  if (delivery::has_versioned_config(release))
    if (const auto added = add_config(s, target->config, from, to); !added) return std::unexpected(added.error());
  return differences(from, to);
}

}  // namespace

ExitCode run(Setting& s, const Undo& undo) {
  const auto change = preview(s, undo);
  if (!change) return tell(s, change.error());
  if (change->empty()) return s.terminal.talk("the workload asks for that version already"), ExitCode::Reached;
  TextTable table({"FIELD", "NOW", undo.to ? fmt::format("REVISION {}", *undo.to) : "BEFORE"});
  for (const Difference& d : *change) table.add({d.field, short_text(d.from), short_text(d.to)});
  s.terminal.talk("this changes back:\n" + table.text());
  if (!undo.yes && !s.terminal.confirm("Undo release/" + undo.name + " at " + s.api.server() + "?")) {
    s.terminal.talk("nothing was changed; without a terminal, add --yes");
    return ExitCode::Usage;
  }
  if (const ExitCode code =
          send(s, undo.name, {.verb = delivery::Verb::Undo, .reason = undo.reason, .revision = undo.to});
      code != ExitCode::Reached)
    return code;
  Until until = undo.until;
  if (undo.watch && until.goal == Until::Goal::Now) until.goal = Until::Goal::Done;
  return until.goal == Until::Goal::Now ? ExitCode::Reached : follow(s, undo.name, until, Format::Text);
}

}  // namespace slipway::cli
