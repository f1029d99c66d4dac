// promote, pause, resume, abort, retry, back, undo: what a person asks of a release.
#include <fmt/format.h>

#include <algorithm>

#include "api/meta.h"
#include "base/strings.h"
#include "cli/commands.h"
#include "cli/diff.h"
#include "cli/exit.h"
#include "cli/follow.h"
#include "cli/print.h"
#include "control/pod_template.h"
#include "data/yaml.h"
#include "delivery/commands.h"
#include "delivery/config.h"
#include "delivery/decide/finish.h"
#include "delivery/names.h"
#include "delivery/observe_in_place.h"
#include "delivery/state.h"
#include "runtime/real/loop.h"

namespace slipway::cli {
namespace {

using base::Code;
using data::Value;

// How long the controller may take to answer a command.
constexpr base::Duration kPatience = base::seconds(15);

// Sends the command and waits until the controller says what became of it.
ExitCode send(Setting& s, const std::string& name, delivery::Command command) {
  runtime::real::OsRandom random;
  command.id = runtime::make_uid(random);
  command.by = person(s);
  const auto patched = s.api.patch(api::kReleases, name, client::PatchType::Merge, delivery::command_patch(command));
  if (!patched) return tell(s, patched.error());
  for (const base::Time start = s.api.now(); s.api.now() - start < kPatience;) {
    const auto release = s.api.get(api::kReleases, name);
    if (!release) return tell(s, release.error());
    const Value& record = (*release)["status"]["command"];
    if (record["id"].as_string() == command.id) {
      s.terminal.talk("release/" + name + "  " + typed(command) + " " + record["result"].str());
      return record["result"].as_string().starts_with("refused") ? ExitCode::Failed : ExitCode::Reached;
    }
    if (!s.api.pause(base::milliseconds(50))) return ExitCode::Interrupted;
  }
  s.terminal.talk("the command is recorded, but no controller has answered: is one running?");
  return ExitCode::TimedOut;
}

std::int64_t revision_of(const Value& replica_set) {
  return base::parse_int(api::annotation(replica_set, delivery::kRevisionAnnotation)).value_or(0);
}

// The ReplicaSet that `undo` is about to bring back, as the controller chooses it; null when there is none.
Value undo_target(const Sight& sight, const Undo& undo) {
  const delivery::State state = delivery::read_state(sight.objects.release["status"]);
  const auto with_hash = [&](std::string_view hash) {
    for (const Value& rs : sight.objects.replica_sets)
      if (api::label(rs, control::kTemplateHashLabel) == hash) return rs;
    return Value();
  };
  const auto with_revision = [&](std::int64_t number) {
    for (const Value& rs : sight.objects.replica_sets)
      if (revision_of(rs) == number) return rs;
    return Value();
  };
  if (undo.to) return with_revision(*undo.to);
  if (!state.stable) return {};
  if (state.stable->template_hash != control::template_hash(sight.deployment["spec"]["template"]))
    return with_hash(state.stable->hash);
  for (const Value& entry : state.history.items())
    if (delivery::served(entry) && entry["hash"].as_string() != state.stable->hash)
      return with_hash(entry["hash"].as_string());
  return with_revision(state.stable->number - 1);
}

// Of the revisions that the Release keeps, where the ReplicaSets do not tell it all: pods that are replaced in place,
// and ConfigMaps as parts of versions. Its data; null: it is not there any more.
Value undo_revision(const Sight& sight, const Undo& undo) {
  const delivery::State state = delivery::read_state(sight.objects.release["status"]);
  std::string hash = !undo.to && state.stable ? state.stable->hash : "";
  const bool in_place = delivery::plan::is_in_place(delivery::plan::target_kind_of(sight.objects.release));
  const std::string asked =
      in_place ? delivery::placed_template_hash(sight.asked_template) : control::template_hash(sight.asked_template);
  const bool asks_for_stable = state.stable && asked == state.stable->template_hash;
  if (asks_for_stable || undo.to) {
    const auto wanted = [&](const Value& entry) {
      return undo.to ? entry["revision"].as_int() == *undo.to
                     : delivery::served(entry) && entry["hash"].as_string() != state.stable->hash;
    };
    const auto found = std::ranges::find_if(state.history.items(), wanted);
    hash = found == state.history.items().end() ? "" : (*found)["hash"].str();
  }
  for (const Value& kept : sight.objects.revisions)
    if (!hash.empty() && api::label(kept, delivery::kReleaseLabel) == api::name_of(sight.objects.release) &&
        api::label(kept, control::kTemplateHashLabel) == hash)
      return kept["data"];
  return {};
}

// What `undo` is about to bring back: {"template": ..., "config": of each ConfigMap its content}; without a template:
// it is not there any more.
Value undo_bundle(const Sight& sight, const Undo& undo) {
  const Value& release = sight.objects.release;
  if (delivery::plan::is_in_place(delivery::plan::target_kind_of(release)) || delivery::has_versioned_config(release))
    return undo_revision(sight, undo);
  const Value target = undo_target(sight, undo);
  if (target.is_null()) return {};
  return Value::object({{"template", control::without_hash_label(target["spec"]["template"])}});
}

std::string unknown_revision(const Sight& sight, const Undo& undo) {
  const Value& release = sight.objects.release;
  std::vector<std::int64_t> kept;
  for (const Value& entry : release["status"]["history"].items())
    for (const Value& one : sight.objects.revisions)
      if (api::label(one, control::kTemplateHashLabel) == entry["hash"].as_string())
        kept.push_back(entry["revision"].as_int());
  std::ranges::sort(kept);
  const std::string which = undo.to ? fmt::format("revision {}", *undo.to) : std::string("the revision before");
  return fmt::format(
      "release/{}: nobody knows what {} was; {}", api::name_of(release), which,
      kept.empty() ? "none is kept: apply the manifest that you want"
                   : fmt::format("kept are {} (slipway history {})", fmt::join(kept, ", "), api::name_of(release)));
}

// What changes back, of the pod template and of ConfigMaps; nullopt: told already why not.
std::optional<std::vector<Difference>> preview(Setting& s, const Undo& undo) {
  auto sight = look(s, undo.name);
  if (!sight) return tell(s, sight.error()), std::nullopt;
  if (!sight->has_release())
    return tell(s, {.code = Code::NotFound, .message = "there is no Release \"" + undo.name + "\""}), std::nullopt;
  Value wanted = undo_bundle(*sight, undo);
  if (!wanted["template"].is_object()) {  // its ReplicaSet is gone
    auto kept = kept_revisions(s, undo.name);
    if (!kept) return tell(s, kept.error()), std::nullopt;
    sight->objects.revisions = *std::move(kept);
    wanted = undo_revision(*sight, undo);
    if (!delivery::has_versioned_config(sight->objects.release)) wanted.erase("config");  // stays as it is
  }
  if (!wanted["template"].is_object())
    return tell(s, {.code = Code::NotFound, .message = unknown_revision(*sight, undo)}), std::nullopt;
  Value from = control::without_hash_label(sight->deployment["spec"]["template"]), to = wanted["template"];
  for (const data::Member& m : wanted["config"].members()) {
    if (m.value["hash"].as_string() == delivery::kAbsentConfig) continue;
    const auto now = s.api.get(api::kConfigMaps, std::string(m.key.view()));
    if (!now && now.error().code != Code::NotFound) return tell(s, now.error()), std::nullopt;
    const std::string name = fmt::format("ConfigMap {}", m.key.view());
    if (now) from.set(name, delivery::content_of(*now));
    to.set(name, delivery::content_of(m.value));
  }
  return differences(from, to);
}

// Waits until the controller has seen what the Deployment asks for.
ExitCode await_choice(Setting& s, const std::string& name, const std::string& hash, const std::string& variant) {
  for (const base::Time start = s.api.now(); s.api.now() - start < kPatience;) {
    const auto release = s.api.get(api::kReleases, name);
    if (!release) return tell(s, release.error());
    const delivery::State state = delivery::read_state((*release)["status"]);
    if (state.candidate && state.candidate->hash == hash) {
      s.terminal.talk("release/" + name + "  variant " + variant + " is chosen: everybody gets it");
      return ExitCode::Reached;
    }
    if (!s.api.pause(base::milliseconds(50))) return ExitCode::Interrupted;
  }
  s.terminal.talk("the Deployment asks for the variant, but no controller has answered: is one running?");
  return ExitCode::TimedOut;
}

// Whoever decides makes the Deployment's template that of the variant: the same that a commit would do.
ExitCode choose_variant(Setting& s, const std::string& name, const std::string& variant) {
  const auto release = s.api.get(api::kReleases, name);
  if (!release) return tell(s, release.error());
  const delivery::State state = delivery::read_state((*release)["status"]);
  const auto chosen = std::ranges::find(state.variants, variant, &delivery::VariantState::name);
  if (chosen == state.variants.end()) {
    std::string names;
    for (const delivery::VariantState& v : state.variants) names += (names.empty() ? "" : ", ") + v.name;
    return tell(s, {.code = Code::NotFound,
                    .message = names.empty() ? "no A/B test of Release " + name + " is under way"
                                             : "there is no variant " + variant + "; there are " + names});
  }
  if (chosen->stopped_at)
    return tell(s, {.code = Code::Conflict, .message = chosen->message + ": it cannot be chosen"});
  if (state.candidate && chosen->hash == state.candidate->hash)
    return send(s, name, {.verb = delivery::Verb::PromoteFull, .reason = "variant " + variant + " is chosen"});
  Value change;
  for (const Value& v : (*release)["spec"]["strategy"]["abTest"]["variants"].items())
    if (v["name"].as_string() == variant) change = v["template"];
  const std::string target = (*release)["spec"]["target"]["name"].str();
  const Value patch = Value::object({{"spec", Value::object({{"template", change}})}});
  const auto patched = s.api.patch(api::kDeployments, target, client::PatchType::Strategic, patch);
  if (!patched) return tell(s, patched.error());
  s.terminal.talk("deployment/" + target + "  asks for variant " + variant +
                  ". Keep this in its manifest, or the next apply takes it back:\n" + data::to_yaml(change));
  return await_choice(s, name, chosen->hash, variant);
}

}  // namespace

ExitCode run(Setting& s, const Promote& promote) {
  if (!promote.variant.empty()) return choose_variant(s, promote.name, promote.variant);
  if (promote.step)
    return send(s, promote.name,
                {.verb = delivery::Verb::PromoteTo, .reason = promote.reason, .revision = {}, .step = *promote.step});
  const delivery::Verb verb = promote.now    ? delivery::Verb::PromoteNow
                              : promote.full ? delivery::Verb::PromoteFull
                                             : delivery::Verb::Promote;
  return send(s, promote.name, {.verb = verb, .reason = promote.reason});
}

ExitCode run(Setting& s, const Abort& abort) {
  return send(s, abort.name, {.verb = delivery::Verb::Abort, .reason = abort.reason});
}
ExitCode run(Setting& s, const Back& back) {
  return send(s, back.name, {.verb = delivery::Verb::Back, .reason = back.reason});
}
ExitCode run(Setting& s, const Retry& retry) {
  return send(s, retry.name, {.verb = delivery::Verb::Retry, .reason = retry.reason});
}

ExitCode run(Setting& s, const Pause& pause) {
  if (pause.all) return end_stop(s);
  const auto patched =
      s.api.patch(api::kReleases, pause.name, client::PatchType::Merge, delivery::pause_patch(pause.paused));
  if (!patched) return tell(s, patched.error());
  s.terminal.talk("release/" + pause.name + (pause.paused ? "  is to pause" : "  goes on"));
  return ExitCode::Reached;
}

ExitCode run(Setting& s, const Undo& undo) {
  const auto change = preview(s, undo);
  if (!change) return ExitCode::Failed;
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
