#include "delivery/decide/damage.h"

#include <fmt/format.h>

#include <algorithm>

#include "delivery/decide/answers.h"
#include "delivery/decide/preview.h"

namespace slipway::delivery {
namespace {

std::vector<Counted> services_of(const Turn& turn) {
  std::vector<Counted> out;
  for (std::size_t i = 0; i < turn.plan.routing->versions(); ++i) {
    const std::string& service = turn.plan.routing->service_of(i);
    out.push_back({service, damage_fact(turn.o.release, service)});
  }
  return out;
}

// As far back as the gateway remembers.
base::Duration window_of(const Turn& turn, const Retreat& r) {
  return std::min(counted_window(r.from.started_at.value_or(r.started_at), turn.now), kCountedAtMost);
}

constexpr std::size_t kKindsKept = 3;

// Of an A/B test each variant has its own.
void keep_failures(Retreat& r, std::vector<FailedRequests> all) {
  for (const FailedRequests& kind : all) r.failures_told += kind.count;
  std::ranges::stable_sort(all, std::ranges::greater{}, &FailedRequests::count);
  all.resize(std::min(all.size(), kKindsKept));
  r.failures = std::move(all);
}

}  // namespace

Reach count_damage(Turn& turn, Retreat& r) {
  if (r.counted_at || !rejects(r.cause) || !counts_answers(turn) || only_previewed(turn)) return Reach::Done;
  if (!r.traffic_zero_at) return Reach::Waiting;
  const base::Time when = *r.traffic_zero_at + kCountAfter;
  if (turn.now < when) return turn.wake_at(when), Reach::Waiting;
  if (r.counted_for == base::Duration{}) r.counted_for = window_of(turn, r);
  const std::vector<Counted> services = services_of(turn);
  if (ask_counts(turn, services, r.counted_for, true)) return Reach::Waiting;
  r.counted_at = turn.now;
  AnswerCount all = take_counts(turn, services);
  if (all.requests < 0) return Reach::Done;
  r.served = all.requests;
  r.failed = all.failed;
  keep_failures(r, std::move(all.failures));
  turn.log("rollback.counted", fmt::format("revision {} answered {} requests, {} of them failed, in the last {}",
                                           r.from.number, r.served, r.failed, base::format_duration(r.counted_for)));
  return Reach::Done;
}

}  // namespace slipway::delivery
