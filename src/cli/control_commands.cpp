// promote, pause, resume, abort, retry, back: what a person asks of a release.
#include <algorithm>

#include "api/meta.h"
#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/send.h"
#include "cli/versions.h"
#include "data/patch.h"
#include "data/yaml.h"
#include "delivery/config.h"
#include "delivery/plan/compile.h"
#include "delivery/state.h"
#include "runtime/real/loop.h"
#include "view/ahead.h"

namespace slipway::cli {
namespace {

using base::Code;
using data::Value;

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

// From what the Deployment asks for to what the variant runs: as it is, whatever its spec says by now.
base::Result<Value> change_to(Setting& s, const Value& release, const delivery::VariantState& chosen) {
  const auto deployment = s.api.get(api::kDeployments, release["spec"]["target"]["name"].str());
  if (!deployment) return std::unexpected(deployment.error());
  const auto versions = read_versions(s, release);
  if (!versions) return std::unexpected(versions.error());
  const ReadableVersion* tested = versions->with_hash(chosen.hash);
  if (!tested) return base::fail(Code::NotFound, "what variant " + chosen.name + " runs cannot be read any more");
  const Value wanted = delivery::without_copies(tested->pod_template, api::name_of(release), chosen.config);
  return data::diff_merge_patch((*deployment)["spec"]["template"], wanted);
}

// As the spec says it, as long as that is what is tested.
Value said_change(const Value& release, const delivery::VariantState& chosen, const Value& change) {
  for (const delivery::plan::Variant& v : delivery::plan::routing_of(release).variants)
    if (v.name == chosen.name && v.identity == chosen.identity && v.pod_template.is_object()) return v.pod_template;
  return change;
}

// Whoever decides makes the Deployment's template that of the variant: the same that a commit would do.
ExitCode choose_variant(Setting& s, const std::string& name, const std::string& variant, const std::string& reason) {
  const auto release = s.api.get(api::kReleases, name);
  if (!release) return tell(s, release.error());
  const delivery::State state = delivery::read_state((*release)["status"]);
  if (state.phase == delivery::Phase::Invalid && !state.variants.empty())
    return tell(s, {.code = Code::Conflict, .message = "nothing was chosen: " + state.message});
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
  if (state.position.handed_over)
    return tell(s, {.code = Code::Conflict,
                    .message = "the test is decided, and everybody has another version already: nothing was changed"});
  if (state.candidate && chosen->hash == state.candidate->hash)
    return send(s, name,
                {.verb = delivery::Verb::PromoteFull,
                 .reason = "variant " + variant + " is chosen" + (reason.empty() ? "" : ": " + reason)});
  const std::string target = (*release)["spec"]["target"]["name"].str();
  const auto change = change_to(s, *release, *chosen);
  if (!change) return tell(s, change.error());
  const Value patch = Value::object({{"spec", Value::object({{"template", *change}})}});
  const auto patched = s.api.patch(api::kDeployments, target, client::PatchType::Merge, patch);
  if (!patched) return tell(s, patched.error());
  s.terminal.talk("deployment/" + target + "  asks for variant " + variant +
                  ". Keep this in its manifest, or the next apply takes it back:\n" +
                  data::to_yaml(said_change(*release, *chosen, *change)));
  return await_choice(s, name, chosen->hash, variant);
}

}  // namespace

namespace {

// Empty: what comes next does not give all users the candidate at once.
std::string question_before(const Value& release, const Promote& promote, base::Time now) {
  if (release["status"]["halt"].is_object() && !promote.full) return "";  // it goes on with the step that has failed
  return view::switch_question(view::compute({.release = release}, now),
                               {.full = promote.full, .now = promote.now, .step = promote.step});
}

// Asks, where there is somebody to ask. Nothing: go on.
std::optional<ExitCode> ask_before(Setting& s, const Promote& promote) {
  const bool asks = !promote.yes && s.terminal.can_ask();
  if (!asks && !promote.full) return std::nullopt;
  const auto release = s.api.get(api::kReleases, promote.name);
  if (!release) return tell(s, release.error());
  const std::string skipped = view::skipped_text(view::compute({.release = *release}, s.api.now()));
  if (promote.full && !skipped.empty()) s.terminal.talk("release/" + promote.name + "  skips " + skipped);
  const std::string question = question_before(*release, promote, s.api.now());
  if (!asks || question.empty()) return std::nullopt;
  if (!s.terminal.confirm(question)) return s.terminal.talk("nothing was changed"), ExitCode::Usage;
  const auto later = s.api.get(api::kReleases, promote.name);
  if (!later) return tell(s, later.error());
  if (question_before(*later, promote, s.api.now()) == question) return std::nullopt;
  return tell(s, {.code = Code::Conflict,
                  .message = "release/" + promote.name +
                             " has changed since the question was asked: nothing was done; see slipway status " +
                             promote.name});
}

}  // namespace

ExitCode run(Setting& s, const Promote& promote) {
  if (!promote.variant.empty()) return choose_variant(s, promote.name, promote.variant, promote.reason);
  if (const auto stopped = ask_before(s, promote)) return *stopped;
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
  const auto done = set_paused(s, pause.name, pause.paused);
  if (!done) return tell(s, done.error());
  s.terminal.talk(*done);
  return ExitCode::Reached;
}

}  // namespace slipway::cli
