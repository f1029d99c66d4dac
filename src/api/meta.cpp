#include "api/meta.h"

#include <algorithm>

namespace slipway::api {

using data::Value;

bool has_finalizer(const Value& o, std::string_view finalizer) {
  const auto all = o["metadata"]["finalizers"].items();
  return std::any_of(all.begin(), all.end(), [finalizer](const Value& f) { return f.as_string() == finalizer; });
}

const Value& controller_of(const Value& o) {
  for (const Value& reference : o["metadata"]["ownerReferences"].items())
    if (reference["controller"].as_bool()) return reference;
  return data::kNull;
}

Value controller_reference(const Value& owner, const Resource& resource) {
  return Value::object({{"apiVersion", resource.api_version()},
                        {"kind", resource.kind},
                        {"name", name_of(owner)},
                        {"uid", uid_of(owner)},
                        {"controller", true},
                        {"blockOwnerDeletion", true}});
}

const Value& condition(const Value& o, std::string_view type) {
  for (const Value& one : o["status"]["conditions"].items())
    if (one["type"].as_string() == type) return one;
  return data::kNull;
}

bool is_condition_true(const Value& o, std::string_view type) {
  return condition(o, type)["status"].as_string() == "True";
}

bool set_condition(Value& status, std::string_view type, std::string_view value, std::string_view reason,
                   std::string_view message, base::Time now) {
  Value wanted = Value::object({{"type", type},
                                {"status", value},
                                {"reason", reason},
                                {"message", message},
                                {"lastTransitionTime", base::format_time(now)}});
  const auto all = status["conditions"].items();
  const auto found =
      std::find_if(all.begin(), all.end(), [type](const Value& c) { return c["type"].as_string() == type; });
  if (found == all.end()) {
    status.member("conditions").push_back(std::move(wanted));
    return true;
  }
  if ((*found)["status"].as_string() == value) wanted.set("lastTransitionTime", (*found)["lastTransitionTime"]);
  Value merged = *found;  // other members (observedGeneration, lastUpdateTime) stay
  for (const data::Member& member : wanted.members()) merged.set(member.key, member.value);
  if (merged == *found) return false;
  status.member("conditions").set_at(static_cast<std::size_t>(found - all.begin()), std::move(merged));
  return true;
}

std::optional<base::Time> time_at(const Value& v) {
  return v.is_string() ? base::parse_time(v.as_string()) : std::nullopt;
}

}  // namespace slipway::api
