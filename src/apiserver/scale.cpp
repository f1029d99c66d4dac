#include "apiserver/scale.h"

#include "api/meta.h"
#include "apiserver/errors.h"
#include "base/strings.h"
#include "data/selector.h"

namespace slipway::apiserver {
namespace {

using base::fail;
using data::Value;

// ".spec.replicas" looked up in an object.
const Value& at_path(const Value& object, std::string_view path) {
  const Value* at = &object;
  for (std::string_view part : base::split(path, '.'))
    if (!part.empty()) at = &(*at)[part];
  return *at;
}

void set_path(Value& object, std::string_view path, Value value) {
  Value* at = &object;
  for (std::string_view part : base::split(path, '.'))
    if (!part.empty()) at = &at->member(part);
  *at = std::move(value);
}

std::string selector_text(const Value& selector) {
  if (selector.is_string()) return selector.str();
  bool structured = selector.has("matchLabels") || selector.has("matchExpressions");
  if (!structured) return data::LabelSelector::of(selector).text();
  auto parsed = data::LabelSelector::from_value(selector);
  return parsed ? parsed->text() : "";
}

}  // namespace

Value scale_of(const api::Kind& kind, const Value& object) {
  Value metadata;
  for (const char* field : {"name", "namespace", "uid", "resourceVersion", "creationTimestamp"})
    if (object["metadata"].has(field)) metadata.set(field, object["metadata"][field]);
  Value status = Value::object({{"replicas", at_path(object, kind.scale->status_replicas).as_int()}});
  std::string selector = selector_text(at_path(object, kind.scale->selector));
  if (!selector.empty()) status.set("selector", selector);
  return Value::object({{"apiVersion", "autoscaling/v1"},
                        {"kind", "Scale"},
                        {"metadata", std::move(metadata)},
                        {"spec", Value::object({{"replicas", at_path(object, kind.scale->spec_replicas).as_int()}})},
                        {"status", std::move(status)}});
}

base::Result<Value> with_scale(const api::Kind& kind, Value object, const Value& scale) {
  std::string_view name = api::name_of(object);
  const Value& replicas = scale["spec"]["replicas"];
  if (!replicas.is_null() && !replicas.is_int()) return fail(bad_request("spec.replicas must be a whole number"));
  if (replicas.as_int() < 0)
    return fail(
        invalid({"autoscaling", "v1", "scales", "Scale"}, name,
                {{"FieldValueInvalid",
                  "Invalid value: " + std::to_string(replicas.as_int()) + ": must be greater than or equal to 0",
                  "spec.replicas"}}));
  set_path(object, kind.scale->spec_replicas, replicas.as_int());
  if (!api::version_of(scale).empty()) object.member("metadata").set("resourceVersion", api::version_of(scale));
  if (!api::uid_of(scale).empty()) object.member("metadata").set("uid", api::uid_of(scale));
  return object;
}

}  // namespace slipway::apiserver
