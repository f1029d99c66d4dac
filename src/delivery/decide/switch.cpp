#include "delivery/decide/switch.h"

#include <fmt/format.h>

#include <algorithm>

#include "delivery/decide/answers.h"

namespace slipway::delivery {
namespace {

std::vector<Counted> services_of(const Turn& turn) {
  std::vector<Counted> out;
  for (const std::string& service : {turn.plan.routing->stable_service, turn.plan.routing->canary_service})
    out.push_back({service, switch_fact(turn.o.release, service)});
  return out;
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
  if (!s.verified_at || s.counted_at || turn.s.retreat || !counts_answers(turn)) return;
  const base::Time when = *s.verified_at + kCountAfter;
  if (turn.now < when) return turn.wake_at(when);
  if (s.counted_for == base::Duration{}) s.counted_for = counted_window(*s.written_at, turn.now);
  if (s.counted_for > kCountedAtMost || turn.s.position.handed_over) return void(s.counted_at = turn.now);
  const std::vector<Counted> services = services_of(turn);
  if (ask_counts(turn, services, s.counted_for)) return;
  s.counted_at = turn.now;
  const AnswerCount both = take_counts(turn, services);
  if (both.requests < 0) return;
  s.requests = both.requests;
  s.failed = both.failed;
  turn.log("switch.counted", fmt::format("{} of {} requests failed in the {} around the switch", s.failed, s.requests,
                                         base::format_duration(s.counted_for)));
}

}  // namespace slipway::delivery
