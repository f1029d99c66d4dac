#include "workload/scheduler/placement.h"

#include <algorithm>

#include "api/meta.h"
#include "base/strings.h"

namespace slipway::workload::scheduler {

using data::Value;

namespace {

bool contains(const Value& list, std::string_view text) {
  return std::ranges::any_of(list.items(), [&](const Value& item) { return item.as_string() == text; });
}

bool compares(const Value& actual, std::string_view op, const Value& values) {
  const auto a = base::parse_int(actual.as_string());
  const auto b = base::parse_int(values.at(0).as_string());
  return a && b && (op == "Gt" ? *a > *b : *a < *b);
}

// One term of a node selector on the value of a label or field.
bool holds(const Value& actual, std::string_view op, const Value& values) {
  if (op == "In") return !actual.is_null() && contains(values, actual.as_string());
  if (op == "NotIn") return actual.is_null() || !contains(values, actual.as_string());
  if (op == "Exists") return !actual.is_null();
  if (op == "DoesNotExist") return actual.is_null();
  return compares(actual, op, values);
}

bool matches_term(const Value& term, const Value& node) {
  if (term["matchExpressions"].is_empty() && term["matchFields"].is_empty()) return false;
  for (const Value& rule : term["matchExpressions"].items())
    if (!holds(api::labels_of(node)[rule["key"].as_string()], rule["operator"].as_string(), rule["values"]))
      return false;
  for (const Value& rule : term["matchFields"].items())
    if (!holds(node["metadata"]["name"], rule["operator"].as_string(), rule["values"])) return false;
  return true;
}

bool tolerates_cordon(const Value& pod) {
  static const Value kCordon = Value::object({{"key", "node.kubernetes.io/unschedulable"}, {"effect", "NoSchedule"}});
  return tolerates(pod, kCordon);
}

}  // namespace

bool matches_labels(const Value& pod, const Value& node) {
  for (const data::Member& wanted : pod["spec"]["nodeSelector"].members())
    if (api::labels_of(node)[wanted.key.view()] != wanted.value) return false;
  const Value& required = pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
  if (required.is_null()) return true;
  return std::ranges::any_of(required["nodeSelectorTerms"].items(),
                             [&](const Value& term) { return matches_term(term, node); });
}

bool tolerates(const Value& pod, const Value& taint) {
  return std::ranges::any_of(pod["spec"]["tolerations"].items(), [&](const Value& toleration) {
    const std::string_view effect = toleration["effect"].as_string();
    if (!effect.empty() && effect != taint["effect"].as_string()) return false;
    const std::string_view key = toleration["key"].as_string();
    const bool exists = toleration["operator"].as_string("Equal") == "Exists";
    if (key.empty()) return exists;
    if (key != taint["key"].as_string()) return false;
    return exists || toleration["value"].as_string() == taint["value"].as_string();
  });
}

std::string obstacle(const Value& pod, const Value& node) {
  if (node["spec"]["unschedulable"].as_bool() && !tolerates_cordon(pod)) return "node(s) were unschedulable";
  for (const Value& taint : node["spec"]["taints"].items()) {
    if (taint["effect"].as_string() == "PreferNoSchedule" || tolerates(pod, taint)) continue;
    return "node(s) had untolerated taint {" + taint["key"].str() + ": " + taint["value"].str() + "}";
  }
  if (!api::condition(node, "Ready").is_null() && !api::is_condition_true(node, "Ready"))
    return "node(s) were not ready";
  if (!matches_labels(pod, node)) return "node(s) didn't match Pod's node affinity/selector";
  return {};
}

}  // namespace slipway::workload::scheduler
