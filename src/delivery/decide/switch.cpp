#include "delivery/decide/switch.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/meta.h"
#include "delivery/names.h"

namespace slipway::delivery {
namespace {

using data::Value;

constexpr base::Duration kCountAfter = base::seconds(2);
constexpr base::Duration kCountedAtMost = base::minutes(10);  // the gateway remembers no more
constexpr base::Duration kAskTimeout = base::seconds(5);

// Only our own gateway counts answers.
bool is_counted(const Turn& turn) {
  return turn.plan.routing->kind == plan::RouterKind::HttpRoute &&
         (!turn.o.traffic || turn.o.traffic->by_status_of.empty());
}

// Whole seconds, and one more: the gateway counts in those.
base::Duration window_until(const Turn& turn, base::Time end) {
  const base::Duration since = end - *turn.s.switched.written_at;
  return base::seconds(since / base::seconds(1) + 2);
}

Value question_of(const Turn& turn, const std::string& service, base::Duration window) {
  const Value route = Value::object({{"namespace", api::space_of(turn.o.release)}, {"name", turn.plan.routing->route}});
  return Value::object(
      {{"route", route}, {"service", service}, {"window", base::format_duration(window)}, {"query", "error-rate"}});
}

std::vector<std::string> services_of(const Turn& turn) {
  return {turn.plan.routing->stable_service, turn.plan.routing->canary_service};
}

// Asks for what is not known yet; true: there is something to wait for.
bool ask(Turn& turn, base::Duration window) {
  bool waits = false;
  for (const std::string& service : services_of(turn)) {
    const auto found = turn.o.switch_counts.find(service);
    const bool answered = found != turn.o.switch_counts.end() && found->second.answered;
    waits = waits || !answered;
    if (found == turn.o.switch_counts.end())
      turn.act(control::Ask{.id = switch_fact(turn.o.release, service),
                            .port = std::string(kGatewayMetricsPort),
                            .question = question_of(turn, service, window),
                            .timeout = kAskTimeout});
  }
  return waits;
}

// What both Services have counted; -1 unless both have.
void take_counts(Turn& turn) {
  SwitchState& s = turn.s.switched;
  std::int64_t requests = 0, failed = 0;
  bool known = true;
  for (const std::string& service : services_of(turn)) {
    const SwitchCount& count = turn.o.switch_counts.at(service);
    known = known && count.requests >= 0;
    requests += count.requests;
    failed += count.failed;
    turn.act(control::Forget{switch_fact(turn.o.release, service)});
  }
  if (!known) return;
  s.requests = requests;
  s.failed = failed;
  turn.log("switch.counted", fmt::format("{} of {} requests failed in the {} around the switch", failed, requests,
                                         base::format_duration(s.counted_for)));
}

}  // namespace

void note_switch_written(Turn& turn, plan::Share share) {
  SwitchState& s = turn.s.switched;
  if (share != plan::kWhole)
    s = {};
  else if (turn.plan.strategy == plan::Strategy::BlueGreen && !s.written_at)
    s.written_at = turn.now;
}

void note_switch_verified(Turn& turn) {
  SwitchState& s = turn.s.switched;
  if (!s.written_at || s.verified_at || turn.s.traffic.verified != plan::kWhole.points) return;
  s.verified_at = turn.s.traffic.verified_at;
  if (*s.verified_at < *s.written_at) s.verified_at = turn.now;  // by a clock that was set meanwhile
  const auto milliseconds = std::max<std::int64_t>(0, (*s.verified_at - *s.written_at) / base::milliseconds(1));
  turn.log("switch.done", fmt::format("all users changed from revision {} to {}: verified {} ms after the write",
                                      turn.s.stable->number, turn.s.candidate->number, milliseconds));
}

void count_switch(Turn& turn) {
  SwitchState& s = turn.s.switched;
  if (!s.verified_at || s.counted_at || turn.s.retreat || !turn.routed() || !is_counted(turn)) return;
  const base::Time when = *s.verified_at + kCountAfter;
  if (turn.now < when) return turn.wake_at(when);
  if (s.counted_for == base::Duration{}) s.counted_for = window_until(turn, turn.now);
  if (s.counted_for > kCountedAtMost || turn.s.position.handed_over) return void(s.counted_at = turn.now);
  if (ask(turn, s.counted_for)) return;
  s.counted_at = turn.now;
  take_counts(turn);
}

}  // namespace slipway::delivery
