#include "delivery/decide/gate.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/meta.h"
#include "control/mutants.h"
#include "delivery/decide/finish.h"
#include "delivery/decide/hooks.h"
#include "delivery/decide/traffic.h"
#include "delivery/decide/variants.h"
#include "delivery/places/places.h"

namespace slipway::delivery {
namespace {

using control::Mutant;
using control::mutant;
using data::Value;

// Whoever waits for what never comes looks again now and then.
constexpr base::Duration kLookAgain = base::hours(24);

std::string stop_text(const Value& stop) {
  const std::string by = stop["by"].str(), since = stop["since"].str();
  return fmt::format("all releases are stopped{}{}: {}", by.empty() ? "" : " by " + by,
                     since.empty() ? "" : " since " + since, stop["reason"].as_string());
}

// "waits for the window Mon-Fri 09:00-17:00 Europe/Berlin, which opens at 2026-11-30T08:00:00Z"
std::string window_text(const api::Opening& opening, std::string_view whose, std::string_view way_out) {
  std::string out = opening.denied ? fmt::format("nothing is released in the window {}{}", opening.window, whose)
                    : opening.window.empty() ? fmt::format("waits for a window{}", whose)
                                             : fmt::format("waits for the window {}{}", opening.window, whose);
  if (!opening.opens) return fmt::format("{}; none opens within a year: {}", out, way_out);
  return fmt::format("{}{} {}", out, opening.denied ? "; goes on at" : ", which opens at",
                     base::format_time(*opening.opens));
}

std::optional<Hindrance> closed(const std::vector<api::Window>& windows, WaitReason reason, std::string_view whose,
                                std::string_view way_out, base::Time now) {
  const api::Opening opening = api::opening_at(windows, now);
  if (opening.open) return std::nullopt;
  return Hindrance{{.reason = reason, .window = opening.window, .until = opening.opens},
                   window_text(opening, whose, way_out)};
}

void wait_for(Turn& turn, const Hindrance& what) {
  State& s = turn.s;
  if (s.waiting.reason != what.waiting.reason || s.waiting.window != what.waiting.window) {
    turn.log("wait." + std::string(to_text(what.waiting.reason)), what.message);
    turn.note(control::Note::Kind::Normal, "Waiting", what.message);
  }
  s.phase = Phase::Waiting;
  s.waiting = what.waiting;
  turn.wait(what.message);
  if (what.waiting.until)
    turn.wake_at(*what.waiting.until);
  else if (what.waiting.reason == WaitReason::Window || what.waiting.reason == WaitReason::PolicyWindow)
    turn.wake_after(kLookAgain);
}

bool may_pass(Turn& turn, std::string_view hash) {
  if (served_before(turn.s, hash) || mutant(Mutant::IgnoreWindows)) return true;
  const Hindrance what = hindrance(turn.o, turn.plan, turn.s, turn.now);
  if (what.waiting.reason == WaitReason::None) return true;
  wait_for(turn, what);
  return false;
}

bool has_place(Turn& turn) {
  State& s = turn.s;
  const places::Caps caps = places::caps_of(turn.o.policy);
  if (!caps.any()) return true;
  const bool asked = s.phase == Phase::Waiting && s.waiting.reason == WaitReason::Place;
  if (!asked) ++s.ticket.number;
  if (asked && places::has_place(turn.o.policy, api::uid_of(turn.o.release), s.ticket.number)) return true;
  wait_for(turn, {{.reason = WaitReason::Place}, places::queue_text(turn.o.policy, turn.o.release)});
  return false;
}

bool shares_more(const Turn& turn, const plan::Traffic& step) {
  const auto index = static_cast<std::size_t>(turn.s.position.index);
  const plan::Traffic before = plan::traffic_before(turn.plan, index).value_or(plan::Traffic{plan::kNone});
  if (step.share > before.share || step.mirror > before.mirror) return true;
  return !step.audiences.empty() && step.audiences != before.audiences;
}

bool traffic_goes_forward(const Turn& turn, const plan::Traffic& step) {
  const TrafficState& t = turn.s.traffic;
  const bool begun = t.wanted == step.share.points && t.rules == plan::rules_of(step);
  return shares_more(turn, step) && !begun && !is_written(turn, turn.view(), step);
}

bool scale_goes_forward(const Turn& turn, const plan::Scale& step) {
  const Version* candidate = turn.candidate();
  const std::int64_t n = turn.o.replicas();
  if (!candidate) return true;
  if (turn.plan.capacity == plan::Capacity::Extra)
    return std::ranges::any_of(versions_beside(turn), [&](const Beside& v) {
      return (v.version ? v.version->spec : 0) < pods_wanted_of(turn, step, v.index).value_or(0);
    });
  if (turn.plan.capacity == plan::Capacity::InPlace) return candidate->pods < replaced_pods(step, n);
  const Ratio wanted = ratio_of_step(step, n);
  const std::int64_t others = turn.stable() ? turn.stable()->spec : 0;
  return candidate->spec * wanted.stable < wanted.candidate * others || (candidate->spec == 0 && wanted.candidate > 0);
}

}  // namespace

Hindrance hindrance(const Observation& o, const plan::ReleasePlan& plan, const State& state, base::Time now) {
  const Value& policy = o.policy["spec"];
  if (policy["stop"].is_object()) return {{.reason = WaitReason::Stop}, stop_text(policy["stop"])};
  if (auto what = closed(api::windows_of(policy["windows"]), WaitReason::PolicyWindow, " of the administrator",
                         "the administrator has to change ReleasePolicy cluster", now))
    return *what;
  if (state.override_windows.at) return {};
  const std::string way_out =
      fmt::format("change spec.windows, or slipway promote {} --now --reason WHY", api::name_of(o.release));
  return closed(plan.windows, WaitReason::Window, "", way_out, now).value_or(Hindrance{});
}

bool served_before(const State& state, std::string_view hash) {
  return std::ranges::any_of(state.history.items(),
                             [&](const Value& entry) { return served(entry) && entry["hash"].as_string() == hash; });
}

bool goes_forward(const Turn& turn, const plan::Action& action) {
  if (turn.s.position.back_to >= 0) return false;  // until that step is reached, and then a person is waited for
  return std::visit(plan::visit_step{
                        [&](const plan::Scale& s) { return scale_goes_forward(turn, s); },
                        [](const plan::Preview&) { return false; },
                        [](const plan::EndPreview&) { return false; },
                        [&](const plan::Traffic& s) { return traffic_goes_forward(turn, s); },
                        [&](const plan::Promote&) {
                          return !turn.s.position.handed_over &&
                                 turn.o.release["status"]["phase"].as_string() != to_text(Phase::Promoting);
                        },
                        [](const plan::Wait&) { return false; },
                        [](const plan::Approve&) { return false; },
                        [](const plan::Analyse&) { return false; },
                        [](const plan::Keep&) { return false; },
                        [](const plan::Verify&) { return false; },
                        [&](const plan::Hook& s) {
                          return s.when != plan::Hook::When::AfterRelease &&
                                 turn.o.run(hook_run_name(turn, s)).is_null();
                        },
                    },
                    action);
}

bool may_go_forward(Turn& turn) { return may_pass(turn, turn.s.candidate->hash); }

bool may_begin(Turn& turn, const Revision& revision) {
  if (served_before(turn.s, revision.hash)) return true;
  if (!turn.s.ticket.since) turn.s.ticket.since = turn.now;
  return may_pass(turn, revision.hash) && has_place(turn);
}

void keep_place(Turn& turn) {
  if (!places::caps_of(turn.o.policy).any()) return;
  turn.s.phase = Phase::Waiting;
  turn.s.waiting = {.reason = WaitReason::Place};
  turn.wait("a newer version is asked for");
}

}  // namespace slipway::delivery
