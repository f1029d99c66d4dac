#include "api/kinds/apps_rules.h"

#include "api/kinds/apps_parts.h"
#include "api/problems.h"

namespace slipway::api::kinds {
namespace {

using data::Value;

void check_strategy(const Value& strategy, const Path& at, Problems& problems) {
  const Value& rolling = strategy["rollingUpdate"];
  const Path here = at.at("rollingUpdate");
  if (strategy["type"].as_string() == "Recreate") {
    if (!rolling.is_null())
      problems.push_back(forbidden(here, "may not be specified when strategy `type` is 'Recreate'"));
    return;
  }
  check_int_or_percent(rolling["maxUnavailable"], true, here.at("maxUnavailable"), problems);
  check_int_or_percent(rolling["maxSurge"], false, here.at("maxSurge"), problems);
  if (is_zero_amount(rolling["maxUnavailable"]) && is_zero_amount(rolling["maxSurge"]))
    problems.push_back(
        invalid(here.at("maxUnavailable"), rolling["maxUnavailable"], "may not be 0 when `maxSurge` is 0"));
}

}  // namespace

void complete_strategy(Value& strategy) {
  if (strategy["type"].as_string() != "RollingUpdate") return;
  for (std::string_view field : {"maxUnavailable", "maxSurge"})
    if (strategy["rollingUpdate"][field].is_null()) strategy.set({"rollingUpdate", field}, "25%");
}

void check_deployment(const Value& object, const Value&, std::vector<base::Cause>& problems) {
  const Path at{nullptr, "spec"};
  const Value& spec = object["spec"];
  check_selector(spec, "Deployment", at, problems);
  check_template(spec, "ReplicaSet", at, problems);
  check_strategy(spec["strategy"], at.at("strategy"), problems);
  const Value& deadline = spec["progressDeadlineSeconds"];
  if (deadline.is_int() && deadline.as_int() <= spec["minReadySeconds"].as_int())
    problems.push_back(invalid(at.at("progressDeadlineSeconds"), deadline, "must be greater than minReadySeconds"));
}

void check_replica_set(const Value& object, const Value&, std::vector<base::Cause>& problems) {
  const Path at{nullptr, "spec"};
  check_selector(object["spec"], "Deployment", at, problems);
  check_template(object["spec"], "ReplicaSet", at, problems);
}

}  // namespace slipway::api::kinds
