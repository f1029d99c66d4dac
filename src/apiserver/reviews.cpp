#include "apiserver/reviews.h"

#include "apiserver/errors.h"

namespace slipway::apiserver {
namespace {

using base::fail;
using data::Value;

Attributes attributes_in(const Value& spec) {
  const Value& path = spec["nonResourceAttributes"];
  if (path.is_object()) return {.verb = path["verb"].str(), .path = path["path"].str()};
  const Value& r = spec["resourceAttributes"];
  return {.verb = r["verb"].str(),
          .group = r["group"].str(),
          .resource = r["resource"].str(),
          .subresource = r["subresource"].str(),
          .space = r["namespace"].str(),
          .name = r["name"].str()};
}

Value access_status(const Policy& policy, const Identity& who, const Value& spec) {
  bool allowed = policy.allows(who, attributes_in(spec));
  Value status = Value::object({{"allowed", allowed}});
  if (!allowed) status.set("reason", "no RBAC rule allows this");
  return status;
}

Value rules_status(const Policy& policy, const Identity& who, const Value& spec) {
  Value resource = Value::array(), path = Value::array();
  for (const Rule& rule : policy.rules_of(who, spec["namespace"].as_string()))
    (rule.urls.empty() ? resource : path).push_back(to_value(rule));
  return Value::object(
      {{"resourceRules", std::move(resource)}, {"nonResourceRules", std::move(path)}, {"incomplete", false}});
}

Value texts(const std::vector<std::string>& list) {
  return Value::array_of(std::vector<Value>(list.begin(), list.end()));
}

Identity asked_about(const Value& spec) {
  Identity who{.user = spec["user"].str()};
  for (const Value& group : spec["groups"].items()) who.groups.push_back(group.str());
  return who;
}

}  // namespace

base::Result<Value> review(const Policy& policy, const Identity& who, const api::Kind& kind, Value object) {
  const std::string& name = kind.resource.kind;
  const Value spec = object["spec"];
  if (name == "SelfSubjectAccessReview")
    object.set("status", access_status(policy, who, spec));
  else if (name == "SelfSubjectRulesReview")
    object.set("status", rules_status(policy, who, spec));
  else if (name == "SubjectAccessReview" || name == "LocalSubjectAccessReview")
    object.set("status", access_status(policy, asked_about(spec), spec));
  else if (name == "SelfSubjectReview")
    object.set("status",
               Value::object({{"userInfo", Value::object({{"username", who.user}, {"groups", texts(who.groups)}})}}));
  else
    return fail(unknown_path());
  object.set("apiVersion", kind.resource.api_version());
  object.set("kind", name);
  if (!object["metadata"].is_object()) object.set("metadata", Value::object());
  return object;
}

}  // namespace slipway::apiserver
