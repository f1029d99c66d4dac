// Defaults and rules of StatefulSets.
#include <algorithm>
#include <array>

#include "api/kinds/apps_parts.h"
#include "api/kinds/apps_rules.h"
#include "api/names.h"
#include "api/problems.h"

namespace slipway::api::kinds {
namespace {

using data::Value;

void check_policy(const Value& policy, const Path& at, Problems& problems) {
  if (policy.as_string() != "OrderedReady" && policy.as_string() != "Parallel")
    problems.push_back(invalid(at, policy, "must be 'OrderedReady' or 'Parallel'"));
}

void check_update(const Value& strategy, const Path& at, Problems& problems) {
  const Value& rolling = strategy["rollingUpdate"];
  const std::string_view type = strategy["type"].as_string();
  const Path here = at.at("rollingUpdate"), most = here.at("maxUnavailable");
  if (type == "RollingUpdate") {
    check_int_or_percent(rolling["maxUnavailable"], true, most, problems);
    if (is_zero_amount(rolling["maxUnavailable"]))
      problems.push_back(invalid(most, rolling["maxUnavailable"], "cannot be 0"));
  } else if (type != "OnDelete") {
    problems.push_back(invalid(at, strategy, "must be 'RollingUpdate' or 'OnDelete'"));
  } else if (!rolling.is_null()) {
    problems.push_back(invalid(here, rolling, "only allowed for updateStrategy 'RollingUpdate'"));
  }
}

void check_service_name(const Value& name, const Path& at, Problems& problems) {
  if (name.is_empty()) return;
  if (std::string bad = check_dns1123_label(name.as_string()); !bad.empty()) problems.push_back(invalid(at, name, bad));
}

bool has_claim(const Value& spec, std::string_view name) {
  return std::ranges::any_of(spec["volumeClaimTemplates"].items(),
                             [&](const Value& claim) { return claim["metadata"]["name"].as_string() == name; });
}

// What is mounted may also be a claim, which becomes a volume when the pod is made.
void forgive_mounts_of_claims(const Value& spec, Problems& problems) {
  constexpr std::string_view kMissing = "Not found: \"";
  std::erase_if(problems, [&](const base::Cause& problem) {
    if (!problem.field.starts_with("spec.template.spec.") || !problem.field.contains(".volumeMounts[")) return false;
    if (!problem.message.starts_with(kMissing)) return false;
    const std::string_view name = std::string_view(problem.message).substr(kMissing.size());
    return has_claim(spec, name.substr(0, name.find('"')));
  });
}

void check_change(const Value& spec, const Value& old, const Path& at, Problems& problems) {
  static constexpr std::array<std::string_view, 7> kFree = {"replicas",
                                                            "ordinals",
                                                            "template",
                                                            "updateStrategy",
                                                            "revisionHistoryLimit",
                                                            "persistentVolumeClaimRetentionPolicy",
                                                            "minReadySeconds"};
  Value fixed = spec, before = old;
  for (const std::string_view field : kFree) {
    fixed.erase(field);
    before.erase(field);
  }
  if (fixed == before) return;
  problems.push_back(forbidden(
      at,
      "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
      "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"));
}

}  // namespace

void complete_stateful_set(Value& spec) {
  const Value& claims = spec["volumeClaimTemplates"];
  if (!claims.is_array()) return;
  Value complete = claims;
  for (std::size_t i = 0; i < complete.size(); ++i) {
    if (!complete.at(i)["kind"].is_null() && !complete.at(i)["apiVersion"].is_null()) continue;
    complete.element(i).set("apiVersion", "v1");
    complete.element(i).set("kind", "PersistentVolumeClaim");
  }
  if (!complete.shares(claims)) spec.set("volumeClaimTemplates", std::move(complete));
}

// Who says RollingUpdate, and nothing about it, gets no partition at all: that is another thing than a partition of 0
// while pods are missing.
void complete_stateful_strategy(Value& strategy) {
  if (strategy["type"].is_empty()) {
    strategy.set("type", "RollingUpdate");
    if (strategy["rollingUpdate"].is_null()) strategy.set("rollingUpdate", Value::object());
  }
  if (strategy["type"].as_string() != "RollingUpdate" || !strategy["rollingUpdate"].is_object()) return;
  if (strategy["rollingUpdate"]["partition"].is_null()) strategy.set({"rollingUpdate", "partition"}, 0);
}

void check_stateful_set(const Value& object, const Value& old, std::vector<base::Cause>& problems) {
  const Path at{nullptr, "spec"};
  const Value& spec = object["spec"];
  if (!spec.is_object()) return;
  forgive_mounts_of_claims(spec, problems);
  check_policy(spec["podManagementPolicy"], at.at("podManagementPolicy"), problems);
  check_update(spec["updateStrategy"], at.at("updateStrategy"), problems);
  if (old.is_null()) check_service_name(spec["serviceName"], at.at("serviceName"), problems);
  check_selector(spec, "StatefulSet", at, problems);
  check_template(spec, "StatefulSet", at, problems);
  if (!old.is_null()) check_change(spec, old["spec"], at, problems);
}

}  // namespace slipway::api::kinds
