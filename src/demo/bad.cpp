// The bad version: caught by its metrics, taken back, and the way back verified.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/strings.h"
#include "demo/stage.h"

namespace slipway::demo {

using data::Value;
using delivery::Retreat;
using delivery::State;

namespace {

constexpr base::Duration kPatience = base::seconds(90);
constexpr const char* kBadTag = "v3";

bool is_back(const State& state) {
  return state.phase == delivery::Phase::RolledBack && state.last_rollback &&
         state.last_rollback->from.images.ends_with(std::string(":") + kBadTag) &&
         state.last_rollback->verification.finished_at;
}

// Seconds from a time of the server to a time of the load generator: both are this machine's real-time clock.
double seconds_between(base::Time from, std::int64_t to_ns) {
  return static_cast<double>(to_ns - from.time_since_epoch().count()) / 1e9;
}

void measure(Report::Bad& bad, const Value& totals, const State& end) {
  const Value& version = totals["versions"][kBadTag];
  const Retreat& retreat = *end.last_rollback;
  const std::int64_t last = version["last_seen_ns"].as_int(), first_bad = version["first_bad_ns"].as_int();
  bad.result = end.rejected && end.rejected->images.ends_with(std::string(":") + kBadTag) ? "rolled-back" : "not held";
  bad.verification = base::to_lower(delivery::to_text(retreat.verification.state));
  bad.detected_by = retreat.metric.empty() ? std::string(delivery::to_text(retreat.cause)) : retreat.metric;
  bad.requests = totals["sent"].as_int();
  bad.bad_requests = version["failed"].as_int();
  if (retreat.failing_at && last > 0)
    bad.failing_measurement_to_zero = std::max(0.0, seconds_between(*retreat.failing_at, last));
  if (first_bad > 0 && last > 0) bad.first_bad_response_to_zero = static_cast<double>(last - first_bad) / 1e9;
}

void tell(Narrator& narrator, const Report::Bad& bad, const State& end) {
  narrator.bad(fmt::format("{} rolled back: {}", kBadTag, end.last_rollback->message));
  if (bad.failing_measurement_to_zero)
    narrator.line(fmt::format("failing measurement to zero traffic   {:.2f} s", *bad.failing_measurement_to_zero));
  if (bad.first_bad_response_to_zero)
    narrator.line(fmt::format("first bad answer to zero traffic      {:.2f} s", *bad.first_bad_response_to_zero));
  narrator.line(fmt::format("bad answers                           {} of {} requests", bad.bad_requests, bad.requests));
  for (const delivery::Check& check : end.last_rollback->verification.checks)
    narrator.line(fmt::format("verified  {:<10} {:<8} {}", check.name, delivery::to_text(check.state), check.message));
}

}  // namespace

base::Result<void> chapter_bad(Stage& stage) {
  stage.narrator.chapter("3  A bad version  v2 → v3  (20 % errors, slow)");
  if (auto reset = stage.load->reset(); !reset) return reset;
  if (auto set = stage.set_image(kBadTag); !set) return set;
  auto end = stage.follow("the rollback of v3 and its verification", kPatience, [](const State&) {}, is_back);
  if (!end) return base::fail(end.error());
  auto totals = stage.load->totals();
  if (!totals) return base::fail(totals.error());
  measure(stage.report.bad, *totals, *end);
  tell(stage.narrator, stage.report.bad, *end);
  return {};
}

}  // namespace slipway::demo
