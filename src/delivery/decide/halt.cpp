#include "delivery/decide/halt.h"

#include <fmt/format.h>

#include <utility>

#include "api/meta.h"
#include "delivery/decide/retreat.h"

namespace slipway::delivery {

void turn_back(Turn& turn, Cause cause, std::string message, Evidence evidence) {
  if (turn.plan.rollback.on_failure == plan::OnFailure::Rollback)
    return begin_retreat(turn, cause, std::move(message), std::move(evidence));
  halt(turn, cause, std::move(message), evidence);
}

void halt(Turn& turn, Cause cause, std::string message, const Evidence& evidence) {
  turn.s.halt = Halt{.cause = cause, .message = message, .metric = evidence.metric, .at = turn.now};
  turn.log("halt",
           fmt::format("revision {} stays where it is ({}): {}", turn.s.candidate->number, to_text(cause), message));
  turn.note(control::Note::Kind::Warning, "Halted", message);
  stay_halted(turn);
}

bool never_turns_back(const Turn& turn) { return turn.plan.rollback.on_failure == plan::OnFailure::Freeze; }

void stay_halted(Turn& turn) {
  turn.s.phase = Phase::Paused;
  const auto name = api::name_of(turn.o.release);
  turn.wait(fmt::format("halted: {}. slipway promote {} goes on in spite of it; retry, back or abort",
                        turn.s.halt->message, name));
}

void overrule_halt(Turn& turn) {
  State& s = turn.s;
  s.halt.reset();
  s.guard.overruled_restarts = s.guard.restarts;
  s.guard.lost_readiness = 0;
  for (VariantState& v : s.variants) {
    v.guard.overruled_restarts = v.guard.restarts;
    v.guard.lost_readiness = 0;
  }
  for (Trouble& t : s.troubles) t.overruled = true;
  s.traffic.disturbed_at.reset();
  s.position.since = s.position.measured_from = turn.now;
  ++s.position.attempt;
  s.phase = Phase::Progressing;
}

}  // namespace slipway::delivery
