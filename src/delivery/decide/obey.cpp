#include "delivery/decide/obey.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/meta.h"
#include "api/resource.h"
#include "base/strings.h"
#include "control/pod_template.h"
#include "data/patch.h"
#include "delivery/commands.h"
#include "delivery/decide/back.h"
#include "delivery/decide/config.h"
#include "delivery/decide/finish.h"
#include "delivery/decide/forward_commands.h"
#include "delivery/decide/halt.h"
#include "delivery/decide/retreat.h"
#include "delivery/decide/revisions.h"
#include "delivery/decide/steps.h"
#include "delivery/decide/workload.h"
#include "delivery/names.h"

namespace slipway::delivery {
namespace {

using data::Value;

std::string abort_release(Turn& turn, const Command& command) {
  State& s = turn.s;
  if (!s.candidate || s.retreat) return "refused: nothing is being released";
  if (s.position.handed_over) return "refused: the candidate already belongs to the workload; use undo";
  begin_retreat(turn, Cause::Aborted,
                fmt::format("aborted by {}{}{}", command.by.empty() ? "a person" : command.by,
                            command.reason.empty() ? "" : ": ", command.reason));
  return "accepted";
}

// A new version that is neither held nor stable: it begins when it may.
bool waits_to_begin(const Turn& turn) {
  const State& s = turn.s;
  return !s.candidate && s.stable && !asks_for(turn.o, *s.stable) && !(s.rejected && asks_for(turn.o, *s.rejected));
}

std::string promote_now(Turn& turn, const Command& command) {
  State& s = turn.s;
  if (command.reason.empty()) return "refused: say why the windows do not count this time";
  if (!waits_to_begin(turn) && (!s.candidate || s.retreat)) return "refused: nothing is being released";
  s.override_windows = {.by = command.by, .reason = command.reason, .at = turn.now};
  const std::string who = command.by.empty() ? "a person" : command.by;
  turn.note(control::Note::Kind::Warning, "WindowsOverridden", fmt::format("by {}: {}", who, command.reason));
  if (s.candidate) promote_command(turn, false);  // where a person is waited for, that has come, too
  return fmt::format("accepted: the windows of the Release do not hold this release any more ({})", command.reason);
}

// Why there is nothing to try again, and what would help.
std::string no_retry(const Turn& turn) {
  const State& s = turn.s;
  if (s.retreat && rejects(s.retreat->cause))
    return fmt::format(
        "refused: revision {} is still on its way back ({}); when it has ended (slipway watch {}), retry it",
        s.retreat->from.number, s.retreat->message, api::name_of(turn.o.release));
  if (s.retreat)
    return fmt::format("refused: revision {} is on its way back and will not be held: {}", s.retreat->from.number,
                       s.retreat->message);
  if (s.candidate)
    return fmt::format("refused: revision {} is being released, and nothing of it has failed: {}", s.candidate->number,
                       s.message);
  return "refused: nothing was rejected, and no analysis is undecided";
}

// The present step of the plan is an analysis, which may be undecided.
bool is_measuring(const Turn& turn) {
  const auto index = static_cast<std::size_t>(turn.s.position.index);
  return index < turn.plan.steps.size() && std::holds_alternative<plan::Analyse>(turn.plan.steps[index].action);
}

std::string retry_release(Turn& turn) {
  State& s = turn.s;
  if (s.rejected && !s.candidate) {
    s.rejected.reset();
    return "accepted";
  }
  if (s.halt) {
    overrule_halt(turn);
    return "accepted: it is measured again";
  }
  if (!s.candidate || s.retreat || s.phase != Phase::Paused || !is_measuring(turn)) return no_retry(turn);
  ++s.position.attempt;
  s.position.measured_from = turn.now;
  s.phase = Phase::Progressing;
  return "accepted: the analysis is repeated";
}

// The hash of the version to go back to.
std::string undo_target(const Turn& turn, const Command& command) {
  const State& s = turn.s;
  if (!command.revision && s.stable && !asks_for(turn.o, *s.stable)) return s.stable->hash;
  if (!command.revision) {
    for (const Value& entry : s.history.items())
      if (served(entry) && entry["hash"].as_string() != s.stable->hash) return entry["hash"].str();
  }
  for (const Version& v : turn.o.versions) {
    const std::int64_t number = turn.workload().number_of(v);
    if (command.revision && number == command.revision) return v.hash;
    if (!command.revision && s.stable && number == s.stable->number - 1) return v.hash;
  }
  for (const Value& entry : s.history.items())
    if (command.revision && entry["revision"].as_int() == *command.revision) return entry["hash"].str();
  return "";
}

// What an earlier version was, as its workload and its ConfigMaps said it. Without a template: being read, or nobody
// knows it any more.
struct Bundle {
  Value pod_template = {}, asked = {}, config = {};  // of the workload; of its ReplicaSet; of ConfigMaps
};

Bundle bundle_of(Turn& turn, const std::string& hash) {
  const auto kept = turn.o.kept.find(hash);
  if (!turn.o.config.versioned || kept == turn.o.kept.end()) {
    const Value known = template_of(turn, hash);
    return {known, known};
  }
  const Value known = template_of_kept(turn, hash);
  if (known.is_null()) return {};
  const Value& config = kept->second.config;
  return {without_copies(known, api::name_of(turn.o.release), kept_hashes(config)), known, config};
}

std::string unknown_revision(const Turn& turn, const Command& command) {
  std::int64_t newest = newest_number(turn.s);
  for (const Version& v : turn.o.versions) newest = std::max(newest, turn.workload().number_of(v));
  if (command.revision && (*command.revision < 1 || *command.revision > newest))
    return fmt::format("refused: there has never been a revision {}; the newest is {}", *command.revision, newest);
  return "refused: nobody knows any more what that revision was";
}

// Empty: what the version was is being read, and the command is still to be obeyed.
std::string undo_release(Turn& turn, const Command& command) {
  const std::string target = undo_target(turn, command);
  const Bundle wanted = bundle_of(turn, target);
  if (wanted.pod_template.is_null() && turn.o.kept.contains(target)) {
    turn.wait("reading what the version to go back to was");
    return "";
  }
  if (wanted.pod_template.is_null()) return unknown_revision(turn, command);
  RestoreConfig config = restore_config(turn, wanted.config);
  if (config.reach == Reach::Waiting) {
    turn.wait("reading what is in its ConfigMaps now");
    return "";
  }
  const Value change = data::diff_merge_patch(turn.o.workload["spec"]["template"], wanted.pod_template);
  const std::string_view kind = plan::to_text(turn.o.kind);
  if (change.is_empty() && config.effects.empty())
    return fmt::format("refused: the {} asks for that version already", kind);
  for (control::Effect& effect : config.effects) turn.act(std::move(effect));
  if (!change.is_empty())
    turn.act(patch_of(plan::resource_of(turn.o.kind), turn.o.workload,
                      Value::object({{"spec", Value::object({{"template", change}})}})));
  if (turn.o.config.versioned) expect(turn, wanted.asked);
  return fmt::format("accepted: the {} asks for the template of {}-{}{}", kind, api::name_of(turn.o.workload), target,
                     config.text.empty() ? "" : ", and its content is in " + config.text + " again");
}

std::string carry_out(Turn& turn, const Command& command) {
  switch (command.verb) {
    case Verb::Promote:
      return promote_command(turn, false);
    case Verb::PromoteFull:
      return promote_command(turn, true);
    case Verb::PromoteNow:
      return promote_now(turn, command);
    case Verb::PromoteTo:
      return jump_command(turn, command.step.value_or(0));
    case Verb::Abort:
      return abort_release(turn, command);
    case Verb::Retry:
      return retry_release(turn);
    case Verb::Back:
      return back_command(turn);
    case Verb::Undo:
      return undo_release(turn, command);
  }
  base::bug("unknown verb", __FILE__, __LINE__);
}

// Who asks for what at which step, and of which version: for those who read the log by program.
Value inputs_of(const Turn& turn, const Command& c) {
  const State& s = turn.s;
  Value out = Value::object({{"verb", to_text(c.verb)}});
  if (!c.by.empty()) out.set("by", c.by);
  if (!c.reason.empty()) out.set("reason", c.reason);
  if (s.user_step >= 0) out.set("step", s.user_step);
  const std::string hash = c.verb == Verb::Undo                                  ? undo_target(turn, c)
                           : c.verb == Verb::Retry && s.rejected && !s.candidate ? s.rejected->hash
                                                                                 : "";
  if (!hash.empty()) out.set("hash", hash);
  return out;
}

}  // namespace

void obey(Turn& turn) {
  const auto command = command_of(turn.o.release);
  if (!command || !*command || (*command)->id == turn.s.command.id) return;
  Command c = **command;
  c.by = base::one_line(c.by);
  c.reason = base::one_line(c.reason);
  Value inputs = inputs_of(turn, c);  // as things stand before it
  const std::string result = carry_out(turn, c);
  if (result.empty()) return;
  inputs.set("id", c.id);
  inputs.set("result", result);
  inputs.set("accepted", !result.starts_with("refused"));
  turn.s.command = {.id = c.id,
                    .verb = std::string(to_text(c.verb)),
                    .by = c.by,
                    .reason = c.reason,
                    .result = result,
                    .at = turn.now};
  turn.log("command",
           fmt::format("{}{}{}{}: {}", typed(c), c.by.empty() ? "" : " by ", c.by,
                       c.reason.empty() ? "" : " (" + c.reason + ")", turn.s.command.result),
           std::move(inputs));
}

void refuse_command(const Observation& o, State& s, const std::string& why, base::Time now) {
  const auto command = command_of(o.release);
  if (!command || !*command || (*command)->id == s.command.id) return;
  const Command& c = **command;
  s.command = {.id = c.id,
               .verb = std::string(to_text(c.verb)),
               .by = c.by,
               .reason = c.reason,
               .result = "refused: " + why,
               .at = now};
}

}  // namespace slipway::delivery
