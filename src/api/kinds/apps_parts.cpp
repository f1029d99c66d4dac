#include "api/kinds/apps_parts.h"

#include "base/strings.h"
#include "data/selector.h"

namespace slipway::api::kinds {

using data::Value;

void check_selector(const Value& spec, std::string_view who, const Path& at, Problems& problems) {
  const Value& selector = spec["selector"];
  const Path here = at.at("selector");
  if (!selector.is_object()) return;  // said already: required
  auto parsed = data::LabelSelector::from_value(selector);
  if (!parsed) {
    problems.push_back(invalid(here, selector, parsed.error().message));
    return;
  }
  if (parsed->is_empty())
    problems.push_back(invalid(here, selector, "empty selector is invalid for " + base::to_lower(who)));
  const Path labels = at.at("template"), metadata = labels.at("metadata");
  if (!parsed->is_empty() && !parsed->matches(spec["template"]["metadata"]["labels"]))
    problems.push_back(invalid(metadata.at("labels"), spec["template"]["metadata"]["labels"],
                               "`selector` does not match template `labels`"));
}

void check_template(const Value& spec, std::string_view who, const Path& at, Problems& problems) {
  const Value& policy = spec["template"]["spec"]["restartPolicy"];
  const Path pod_template = at.at("template"), pod = pod_template.at("spec");
  if (spec["template"].is_object() && spec["template"]["spec"].is_null())
    problems.push_back(required(pod.at("containers")));
  if (!policy.is_empty() && policy.as_string() != "Always")
    problems.push_back(unsupported(pod.at("restartPolicy"), policy, {"Always"}));
  if (!spec["template"]["spec"]["activeDeadlineSeconds"].is_null())
    problems.push_back(forbidden(pod.at("activeDeadlineSeconds"),
                                 "activeDeadlineSeconds in " + std::string(who) + " is not Supported"));
}

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

}  // namespace slipway::api::kinds
