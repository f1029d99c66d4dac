// What the compilers of strategies share: steps with their origin, and values of specs.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"
#include "data/value.h"
#include "delivery/plan/plan.h"

namespace slipway::delivery::plan {

base::Duration duration_or(const data::Value& v, base::Duration fallback);
std::optional<std::int64_t> limit_of(const data::Value& v);
Analysis analysis_of(const data::Value& v);
// A value that a header and a label can have.
std::string audience_name(const std::string& name);

// Appends steps with their origin.
struct StepWriter {
  ReleasePlan& plan;
  Traffic now = {};       // what the steps so far ask of the router
  Share pods_share = {};  // pods that the Release's own scale steps ask for, whatever the weight
  std::int64_t pods = 0;

  void add(Action action, int user_step, std::string field) {
    plan.steps.push_back({std::move(action), user_step, std::move(field)});
  }
  // Capacity first, then traffic.
  void shift(Share share, int user_step, const std::string& field) {
    now.share = share;
    if (share == kWhole) now = {share};  // who is asked for by name is among all
    move(user_step, field);
  }
  void move(int user_step, const std::string& field) {
    scale(user_step, field);
    if (plan.routing) add(now, user_step, field);
  }
  void scale(int user_step, const std::string& field) {
    const bool somebody = !now.audiences.empty();
    add(Scale{std::max({now.share, now.mirror, now.load, pods_share}), {}, std::max<std::int64_t>(pods, somebody)},
        user_step, field);
  }
};

}  // namespace slipway::delivery::plan
