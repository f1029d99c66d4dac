// What the demo measured, and the bars that it must clear. Pure.
//
// `to_value` is the content of build/demo-report.json; `shortcomings` says, one sentence each, what was not observed as
// it has to be.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "data/value.h"

namespace slipway::demo {

// Requests of one chapter as the load generator counted them: every answer that is no error of ours and no broken
// connection is good.
struct Counted {
  std::int64_t requests = 0;
  std::int64_t failed = 0;
};

// One weight step: who got the candidate between "verified" and the next change.
struct StepShare {
  double weight = 0;          // percent, as the plan says
  std::int64_t requests = 0;  // without a user id
  std::int64_t on_candidate = 0;
  std::int64_t users = 0;  // distinct user ids seen in the step
  std::int64_t users_on_candidate = 0;
  double measured() const {
    return requests ? 100.0 * static_cast<double>(on_candidate) / static_cast<double>(requests) : 0;
  }
};

struct Report {
  std::string runtime;  // how pods ran: "isolated", "isolated (user namespace)", "loopback"
  Counted rolling;
  struct Canary : Counted {
    std::string result;
    std::vector<StepShare> steps;
  } canary;
  struct Bad {
    std::string result;                                 // "rolled-back"
    std::string verification;                           // "passed"
    std::string detected_by;                            // metric and template
    std::optional<double> failing_measurement_to_zero;  // seconds; to the last request that the bad version got
    std::optional<double> first_bad_response_to_zero;
    std::int64_t bad_requests = 0;
    std::int64_t requests = 0;
  } bad;
  struct Restart : Counted {
    std::string result;
  } restart;
  std::map<std::string, std::int64_t> connection_retries;  // per version
  double ready_ms = 0;
  double rss_mb = 0;
};

data::Value to_value(const Report& report);
std::vector<std::string> shortcomings(const Report& report);

// Is `hits` of `trials` inside the interval that a share of `percent` leaves with 99.99 % probability?
bool share_is_plausible(double percent, std::int64_t hits, std::int64_t trials);

}  // namespace slipway::demo
