#include "api/kinds/apps_rules.h"

#include "api/names.h"
#include "api/problems.h"
#include "base/strings.h"
#include "data/quantity.h"
#include "data/selector.h"

namespace slipway::api::kinds {
namespace {

using data::Value;

void check_selector(const Value& spec, const Path& at, Problems& problems) {
  const Value& selector = spec["selector"];
  const Path here = at.at("selector");
  if (!selector.is_object()) return;  // said already: required
  auto parsed = data::LabelSelector::from_value(selector);
  if (!parsed) {
    problems.push_back(invalid(here, selector, parsed.error().message));
    return;
  }
  if (parsed->is_empty()) problems.push_back(invalid(here, selector, "empty selector is invalid for deployment"));
  const Path labels = at.at("template"), metadata = labels.at("metadata");
  if (!parsed->is_empty() && !parsed->matches(spec["template"]["metadata"]["labels"]))
    problems.push_back(invalid(metadata.at("labels"), spec["template"]["metadata"]["labels"],
                               "`selector` does not match template `labels`"));
}

void check_template(const Value& spec, const Path& at, Problems& problems) {
  const Value& policy = spec["template"]["spec"]["restartPolicy"];
  const Path pod_template = at.at("template"), pod = pod_template.at("spec");
  if (spec["template"].is_object() && spec["template"]["spec"].is_null())
    problems.push_back(required(pod.at("containers")));
  if (!policy.is_empty() && policy.as_string() != "Always")
    problems.push_back(unsupported(pod.at("restartPolicy"), policy, {"Always"}));
  if (!spec["template"]["spec"]["activeDeadlineSeconds"].is_null())
    problems.push_back(
        forbidden(pod.at("activeDeadlineSeconds"), "activeDeadlineSeconds in ReplicaSet is not Supported"));
}

// An int or a percentage that can be used; `is_limit`: at most 100 %.
void check_int_or_percent(const Value& v, bool is_limit, const Path& at, Problems& problems) {
  if (v.is_null()) return;
  if (v.is_int()) {
    if (v.as_int() < 0) problems.push_back(invalid(at, v, "must be greater than or equal to 0"));
    return;
  }
  const std::string_view text = v.as_string();
  auto percent = text.ends_with('%') ? base::parse_uint(text.substr(0, text.size() - 1)) : std::nullopt;
  if (!percent)
    problems.push_back(
        invalid(at, v,
                "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or "
                "'93%', regex used for validation is '[0-9]+%')"));
  else if (is_limit && *percent > 100)
    problems.push_back(invalid(at, v, "must not be greater than 100%"));
}

bool is_zero_amount(const Value& v) { return v == Value(0) || v == Value("0%"); }

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
  check_selector(spec, at, problems);
  check_template(spec, at, problems);
  check_strategy(spec["strategy"], at.at("strategy"), problems);
  const Value& deadline = spec["progressDeadlineSeconds"];
  if (deadline.is_int() && deadline.as_int() <= spec["minReadySeconds"].as_int())
    problems.push_back(invalid(at.at("progressDeadlineSeconds"), deadline, "must be greater than minReadySeconds"));
}

void check_replica_set(const Value& object, const Value&, std::vector<base::Cause>& problems) {
  const Path at{nullptr, "spec"};
  check_selector(object["spec"], at, problems);
  check_template(object["spec"], at, problems);
}

}  // namespace slipway::api::kinds
