#include "workload/deployment/conditions.h"

namespace slipway::workload::deployment {

using data::Value;

namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

std::size_t index_of(const Value& conditions, std::string_view type) {
  for (std::size_t i = 0; i < conditions.size(); ++i)
    if (conditions.at(i)["type"].as_string() == type) return i;
  return kNone;
}

}  // namespace

const Value& find_condition(const Value& conditions, std::string_view type) {
  const std::size_t index = index_of(conditions, type);
  return index == kNone ? data::kNull : conditions.at(index);
}

void set_condition(Value& conditions, const Condition& condition, base::Time now) {
  const Value& known = find_condition(conditions, condition.type);
  if (known["status"].as_string() == condition.status && known["reason"].as_string() == condition.reason) return;
  renew_condition(conditions, condition, now);
}

void renew_condition(Value& conditions, const Condition& condition, base::Time now) {
  const Value& known = find_condition(conditions, condition.type);
  const std::string time = base::format_time(now);
  const bool flips = known["status"].as_string() != condition.status;
  Value fresh = Value::object({{"type", condition.type},
                               {"status", condition.status},
                               {"reason", condition.reason},
                               {"message", condition.message},
                               {"lastUpdateTime", time},
                               {"lastTransitionTime", flips ? Value(time) : known["lastTransitionTime"]}});
  const std::size_t index = index_of(conditions, condition.type);
  if (index == kNone) {
    conditions.push_back(std::move(fresh));
  } else {
    conditions.set_at(index, std::move(fresh));
  }
}

void remove_condition(Value& conditions, std::string_view type) {
  if (const std::size_t index = index_of(conditions, type); index != kNone) conditions.erase_at(index);
}

}  // namespace slipway::workload::deployment
