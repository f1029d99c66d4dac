#include "cli/release_text.h"

#include "api/meta.h"
#include "view/ahead.h"

namespace slipway::cli {
namespace {

using data::Value;
using delivery::Phase;

std::string counts_text(const Value& d) {
  return "updated " + std::to_string(d["status"]["updatedReplicas"].as_int()) + ", available " +
         std::to_string(d["status"]["availableReplicas"].as_int()) + " of " +
         std::to_string(d["spec"]["replicas"].as_int(1));
}

// A Deployment that rolls without a Release.
std::string deployment_block(const Terminal& terminal, const Sight& sight) {
  const Value& d = sight.deployment;
  const Verdict verdict = judge(sight);
  const Ink ink = verdict == Verdict::Healthy ? Ink::Good : verdict == Verdict::RolledBack ? Ink::Bad : Ink::Busy;
  const std::string text = verdict == Verdict::RolledBack ? "deadline exceeded" : std::string(to_text(verdict));
  const view::ReleaseView v{.name = std::string(api::name_of(d)),
                            .space = std::string(api::space_of(d)),
                            .now = sight.now,
                            .troubles = troubles_of(sight)};
  return "deployment/" + v.name + "  " + v.space + "   " + inked(terminal, ink, text) + "   " + counts_text(d) +
         "   (no Release: it rolls by itself)\n" + joined(view::render_troubles(v, style_of(terminal)));
}

// The commands that end a pause.
std::string next_text(const Sight& sight, const view::ReleaseView& v) {
  const std::string whom = " " + v.name + " -n " + v.space;
  if (v.phase == Phase::Keeping)
    return "next      slipway promote" + whom + " lets the old version go    slipway undo" + whom +
           " goes back at once\n";
  if (v.waiting && v.waiting->reason == delivery::WaitReason::Window)
    return "next      by itself    slipway promote" + whom + " --now --reason WHY    slipway " +
           (v.candidate ? "abort" : "undo") + whom + "\n";
  if (v.phase == Phase::Progressing && v.switched.verified_at)
    return "next      by itself    slipway undo" + whom + " goes back at once\n";
  if (v.phase != Phase::Paused) return {};
  if (sight.objects.release["spec"]["paused"].as_bool())
    return "next      slipway resume" + whom + "    slipway abort" + whom + "\n";
  if (!v.variants.empty() && !sight.objects.release["status"]["halt"].is_object())
    return "next      slipway promote" + whom + " --variant NAME    slipway abort" + whom + "\n";
  // It may wait for somebody else, whose command its message names: a preview that its namespace does not let in.
  std::vector<std::string> verbs;
  if (v.takes_promote) verbs.emplace_back("promote");
  if (sight.objects.release["status"]["halt"].is_object()) verbs.emplace_back("retry");
  if (can_go_back(v)) verbs.emplace_back("back");
  if (v.candidate) verbs.emplace_back("abort");
  std::string out;
  for (const std::string& verb : verbs) out += (out.empty() ? "next      slipway " : "    slipway ") + verb + whom;
  return out.empty() ? out : out + "\n";
}

}  // namespace

bool can_go_back(const view::ReleaseView& v) {
  if (!v.candidate || v.target_kind == "DaemonSet") return false;
  if (v.routed) return v.wanted > 0 || !v.beside.empty();
  const view::StepView* step = view::current_step(v);  // of pods alone, to those of an earlier step
  return step && step->number > 1;
}

std::string deployment_text(const Sight& sight) {
  std::string out = counts_text(sight.deployment);
  for (const delivery::Trouble& t : troubles_of(sight)) out += "; " + to_text(t);
  return view::one_line(std::move(out));
}

view::Style style_of(const Terminal& terminal) {
  constexpr int kUncut = 100'000;
  return {.colour = terminal.has_color(), .width = terminal.is_live() ? static_cast<int>(terminal.columns()) : kUncut};
}

std::string joined(const view::Lines& lines) {
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

std::string release_block(const Terminal& terminal, const Sight& sight) {
  if (!sight.has_release()) return deployment_block(terminal, sight);
  const view::ReleaseView v = view::compute(sight.objects, sight.now);
  const view::Style style = style_of(terminal);
  const std::string rollback = joined(view::render_rollback(v, style));
  return joined(view::render_live(v, style)) + (rollback.empty() ? "" : "\n" + rollback) + next_text(sight, v);
}

Value release_object(const Sight& sight) {
  Value out = sight.has_release() ? view::to_value(view::compute(sight.objects, sight.now))
                                  : Value::object({{"kind", "Deployment"},
                                                   {"name", sight.deployment["metadata"]["name"]},
                                                   {"namespace", sight.deployment["metadata"]["namespace"]},
                                                   {"status", sight.deployment["status"]}});
  out.set("verdict", to_text(judge(sight)));
  return out;
}

Value news_of(const Value& shown) {
  Value out = shown.without("now").without("left"), versions = Value::array();
  for (const Value& version : shown["versions"].items()) {
    Value pods = Value::array();
    for (const Value& pod : version["pods"].items()) pods.push_back(pod.without("ageSeconds"));
    versions.push_back(version.with("pods", pods));
  }
  out.set("versions", versions);
  return out;
}

}  // namespace slipway::cli
