// Defaults and rules of DaemonSets.
#include "api/kinds/apps_parts.h"
#include "api/kinds/apps_rules.h"
#include "api/problems.h"

namespace slipway::api::kinds {
namespace {

using data::Value;

void check_rolling(const Value& rolling, const Path& at, Problems& problems) {
  const Value &unavailable = rolling["maxUnavailable"], &surge = rolling["maxSurge"];
  const Path most = at.at("maxUnavailable"), second = at.at("maxSurge");
  check_int_or_percent(unavailable, true, most, problems);
  check_int_or_percent(surge, true, second, problems);
  if (!is_zero_amount(unavailable) && !is_zero_amount(surge))
    problems.push_back(invalid(second, surge, "may not be set when maxUnavailable is non-zero"));
  if (is_zero_amount(unavailable) && is_zero_amount(surge))
    problems.push_back(required(most, "cannot be 0 when maxSurge is 0"));
}

}  // namespace

void complete_daemon_strategy(Value& strategy) {
  if (strategy["type"].as_string() != "RollingUpdate") return;
  if (strategy["rollingUpdate"]["maxUnavailable"].is_null()) strategy.set({"rollingUpdate", "maxUnavailable"}, 1);
  if (strategy["rollingUpdate"]["maxSurge"].is_null()) strategy.set({"rollingUpdate", "maxSurge"}, 0);
}

void check_daemon_set(const Value& object, const Value&, std::vector<base::Cause>& problems) {
  const Path at{nullptr, "spec"};
  const Value& spec = object["spec"];
  if (!spec.is_object()) return;
  check_selector(spec, "DaemonSet", at, problems);
  check_template(spec, "DaemonSet", at, problems);
  const Path strategy = at.at("updateStrategy");
  if (spec["updateStrategy"]["type"].as_string() == "RollingUpdate")
    check_rolling(spec["updateStrategy"]["rollingUpdate"], strategy.at("rollingUpdate"), problems);
}

}  // namespace slipway::api::kinds
