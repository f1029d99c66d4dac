#include "demo/report.h"

#include <fmt/format.h>

#include "stats/proportion.h"

namespace slipway::demo {
namespace {

using data::Value;

constexpr double kConfidence = 0.9999;
constexpr double kSecondsToZero = 2.0;

Value seconds_or_null(const std::optional<double>& seconds) { return seconds ? Value(*seconds) : Value(); }

Value to_value(const Counted& counted) {
  return Value::object({{"requests", counted.requests}, {"failed", counted.failed}});
}

Value to_value(const StepShare& step) {
  return Value::object({{"weight", step.weight},
                        {"requests", step.requests},
                        {"measured", step.measured()},
                        {"users", step.users},
                        {"usersOnCandidate", step.users_on_candidate}});
}

void check_no_failure(std::string_view chapter, const Counted& counted, std::vector<std::string>& out) {
  if (counted.requests == 0) out.push_back(fmt::format("{}: no request was made", chapter));
  if (counted.failed != 0)
    out.push_back(fmt::format("{}: {} of {} requests failed", chapter, counted.failed, counted.requests));
}

void check_result(std::string_view chapter, std::string_view is, std::string_view wanted,
                  std::vector<std::string>& out) {
  if (is != wanted) out.push_back(fmt::format("{}: ended as \"{}\", not \"{}\"", chapter, is, wanted));
}

void check_step(const StepShare& step, std::vector<std::string>& out) {
  if (step.requests == 0) out.push_back(fmt::format("canary: no request was counted at weight {} %", step.weight));
  if (!share_is_plausible(step.weight, step.on_candidate, step.requests))
    out.push_back(
        fmt::format("canary: {} of {} requests at weight {} %", step.on_candidate, step.requests, step.weight));
  if (!share_is_plausible(step.weight, step.users_on_candidate, step.users))
    out.push_back(
        fmt::format("canary: {} of {} users at weight {} %", step.users_on_candidate, step.users, step.weight));
}

void check_bad(const Report::Bad& bad, std::vector<std::string>& out) {
  check_result("bad", bad.result, "rolled-back", out);
  check_result("bad: verification", bad.verification, "passed", out);
  if (bad.bad_requests == 0) out.emplace_back("bad: the bad version was never seen to fail, so nothing was proven");
  if (!bad.failing_measurement_to_zero)
    out.emplace_back("bad: the time from the failing measurement to zero traffic was not observed");
  else if (*bad.failing_measurement_to_zero > kSecondsToZero)
    out.push_back(fmt::format("bad: {:.2f} s from the failing measurement to zero traffic, the bar is {} s",
                              *bad.failing_measurement_to_zero, kSecondsToZero));
}

}  // namespace

bool share_is_plausible(double percent, std::int64_t hits, std::int64_t trials) {
  return stats::exact_interval(hits, trials, kConfidence).contains(percent / 100);
}

Value to_value(const Report& report) {
  Value steps = Value::array();
  for (const StepShare& step : report.canary.steps) steps.push_back(to_value(step));
  Value canary = to_value(static_cast<const Counted&>(report.canary));
  canary.set("result", report.canary.result);
  canary.set("steps", steps);
  Value restart = to_value(static_cast<const Counted&>(report.restart));
  restart.set("result", report.restart.result);
  Value retries = Value::object();
  for (const auto& [version, count] : report.connection_retries) retries.set(version, count);
  return Value::object(
      {{"runtime", report.runtime},
       {"rolling", to_value(report.rolling)},
       {"canary", canary},
       {"bad",
        Value::object({{"result", report.bad.result},
                       {"verification", report.bad.verification},
                       {"detected_by", report.bad.detected_by},
                       {"seconds_failing_measurement_to_zero", seconds_or_null(report.bad.failing_measurement_to_zero)},
                       {"seconds_first_bad_response_to_zero", seconds_or_null(report.bad.first_bad_response_to_zero)},
                       {"bad_requests", report.bad.bad_requests},
                       {"requests", report.bad.requests}})},
       {"restart", restart},
       {"gateway", Value::object({{"connection_retries", retries}})},
       {"server", Value::object({{"ready_ms", report.ready_ms}, {"rss_mb", report.rss_mb}})}});
}

std::vector<std::string> shortcomings(const Report& report) {
  std::vector<std::string> out;
  check_no_failure("rolling", report.rolling, out);
  check_no_failure("canary", report.canary, out);
  check_no_failure("restart", report.restart, out);
  check_result("canary", report.canary.result, "succeeded", out);
  check_result("restart", report.restart.result, "succeeded", out);
  if (report.canary.steps.empty()) out.emplace_back("canary: no step was observed");
  for (const StepShare& step : report.canary.steps) check_step(step, out);
  check_bad(report.bad, out);
  return out;
}

}  // namespace slipway::demo
