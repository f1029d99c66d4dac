#include "control/decision_log.h"

#include <algorithm>

#include "control/requests.h"

namespace slipway::control {
namespace {

using data::Value;

Value to_value(const Reason& reason) {
  Value out = Value::object({{"rule", reason.rule}, {"text", reason.text}});
  if (!reason.inputs.is_null()) out.set("inputs", reason.inputs);
  std::vector<Value> parts;
  for (const Reason& part : reason.parts) parts.push_back(to_value(part));
  if (!parts.empty()) out.set("parts", Value::array_of(std::move(parts)));
  return out;
}

bool says_the_same(const DecisionRecord& a, const DecisionRecord& b) {
  return a.outcome == b.outcome && a.effects == b.effects && a.reasons == b.reasons && a.notes == b.notes;
}

}  // namespace

Value to_value(const DecisionRecord& record) {
  std::vector<Value> reasons, effects;
  for (const Reason& reason : record.reasons) reasons.push_back(to_value(reason));
  for (const std::string& effect : record.effects) effects.push_back(effect);
  return Value::object({{"number", static_cast<std::int64_t>(record.number)},
                        {"first", base::format_micro_time(record.first)},
                        {"last", base::format_micro_time(record.last)},
                        {"repeats", record.repeats},
                        {"controller", record.controller},
                        {"namespace", record.object.space},
                        {"name", record.object.name},
                        {"reasons", Value::array_of(std::move(reasons))},
                        {"effects", Value::array_of(std::move(effects))},
                        {"outcome", record.outcome}});
}

std::vector<DecisionRecord> DecisionLog::of(std::string_view controller, const ObjectName& name) const {
  const auto it = records_.find({std::string(controller), name});
  if (it == records_.end()) return {};
  return {it->second.begin(), it->second.end()};
}

void DecisionLog::refused(const Controller&, const ObjectName&, const Violation& violation) {
  refusal_ = "refused: " + violation.invariant + ": " + violation.message;
}

void DecisionLog::finished(const Controller& controller, const ObjectName& name, base::Time now,
                           const Decision& decision, const base::Error* error) {
  const std::string refusal = std::exchange(refusal_, {});
  if (decision.reasons.empty() && decision.effects.empty() && error == nullptr) return;
  DecisionRecord record{.first = now, .last = now, .controller = std::string(controller.name()), .object = name};
  record.reasons = decision.reasons;
  record.notes = decision.notes;
  for (const Effect& effect : decision.effects) record.effects.push_back(describe(effect));
  record.outcome = !refusal.empty() ? refusal : error != nullptr ? error->message : "done";
  add(std::move(record));
}

void DecisionLog::add(DecisionRecord record) {
  Place place{record.controller, record.object};
  if (records_.size() >= kObjects && !records_.contains(place)) {
    records_.erase(
        std::ranges::min_element(records_, {}, [](const auto& entry) { return entry.second.back().number; }));
  }
  std::deque<DecisionRecord>& ring = records_[std::move(place)];
  record.number = ++numbers_;
  if (!ring.empty() && says_the_same(ring.back(), record)) {
    ring.back().last = record.last;
    ring.back().number = record.number;
    ++ring.back().repeats;
    return;
  }
  ring.push_back(std::move(record));
  if (ring.size() > per_object_) ring.pop_front();
  if (sink_) sink_(ring.back());
}

}  // namespace slipway::control
