#include "delivery/decide/turn.h"

#include <fmt/format.h>

#include "api/meta.h"
#include "api/resource.h"
#include "control/pod_template.h"
#include "delivery/names.h"

namespace slipway::delivery {

using data::Value;

void Turn::note(control::Note::Kind kind, std::string reason, std::string message) {
  out.notes.push_back({kind, std::move(reason), std::move(message)});
}

void Turn::log(std::string rule, std::string text, Value inputs) {
  Value entry = Value::object({{"time", stamp(now)}, {"rule", rule}, {"text", text}});
  if (!inputs.is_empty()) entry.set("inputs", inputs);
  s.log.push_back(std::move(entry));
  while (s.log.size() > kLogLimit) s.log.erase_at(0);
  out.reasons.push_back({std::move(rule), std::move(text), std::move(inputs)});
}

void Turn::wake_at(base::Time t) {
  if (!out.wake_at || t < *out.wake_at) out.wake_at = t;
}

Budget Turn::budget() const {
  const Value& own = o.deployment["spec"]["strategy"]["rollingUpdate"];
  return budget_of(plan.max_surge.is_null() ? own["maxSurge"] : plan.max_surge,
                   plan.max_unavailable.is_null() ? own["maxUnavailable"] : plan.max_unavailable, o.replicas());
}

bool asks_for(const Observation& o, const Revision& revision) {
  const Value& wanted = o.deployment["spec"]["template"];
  if (const Version* v = o.find(revision.hash)) return control::same_template(v->rs["spec"]["template"], wanted);
  return !revision.template_hash.empty() && control::template_hash(wanted) == revision.template_hash;
}

control::Effect patch_of(const api::Resource& resource, const Value& object, Value body) {
  return control::Patch{.resource = resource,
                        .space = std::string(api::space_of(object)),
                        .name = std::string(api::name_of(object)),
                        .uid = std::string(api::uid_of(object)),
                        .version = std::string(api::version_of(object)),
                        .body = std::move(body)};
}

void scale_to(Turn& turn, const Version& version, std::int64_t replicas) {
  if (version.spec == replicas) return;
  turn.act(patch_of(
      api::kReplicaSets, version.rs,
      Value::object({{"spec", Value::object({{"replicas", replicas}})},
                     {"metadata",
                      Value::object({{"annotations",
                                      Value::object({{kDesiredAnnotation, std::to_string(turn.o.replicas())}})}})}})));
}

namespace {

// All owner references that do not control.
Value other_owners(const Value& rs) {
  Value out = Value::array();
  for (const Value& ref : rs["metadata"]["ownerReferences"].items())
    if (!ref["controller"].as_bool()) out.push_back(ref);
  return out;
}

Value deployment_fields(const Turn& turn, Value spec) {
  return Value::object({{"apiVersion", "apps/v1"},
                        {"kind", "Deployment"},
                        {"metadata", Value::object({{"name", api::name_of(turn.o.deployment)},
                                                    {"namespace", api::space_of(turn.o.deployment)}})},
                        {"spec", std::move(spec)}});
}

}  // namespace

void take(Turn& turn, const Version& version) {
  Value owners = other_owners(version.rs);
  owners.push_back(api::controller_reference(turn.o.release, api::kReleases));
  turn.act(patch_of(api::kReplicaSets, version.rs,
                    Value::object({{"metadata", Value::object({{"ownerReferences", owners}})}})));
}

void give(Turn& turn, const Version& version) {
  const std::int64_t n = turn.o.replicas();
  Value owners = other_owners(version.rs);
  const Value annotations = Value::object(
      {{kDesiredAnnotation, std::to_string(n)}, {kMaxAnnotation, std::to_string(n + turn.budget().surge)}});
  turn.act(patch_of(api::kReplicaSets, version.rs,
                    Value::object({{"metadata", Value::object({{"ownerReferences", owners.size() ? owners : Value()},
                                                               {"annotations", annotations}})}})));
}

void take_last(Turn& turn, const Version& active) {
  for (const Version& v : turn.o.versions)
    if (v.owner == Owner::Deployment && v.name != active.name && v.spec == 0) take(turn, v);
  take(turn, active);
}

void give_all(Turn& turn) {
  for (const bool with_pods : {true, false})
    for (const Version& v : turn.o.versions)
      if (v.owner == Owner::Release && (v.spec > 0) == with_pods) give(turn, v);
}

void pause_deployment(Turn& turn) {
  turn.act(control::Apply{api::kDeployments, deployment_fields(turn, Value::object({{"paused", true}}))});
}

void resume_deployment(Turn& turn) {
  turn.act(control::Apply{api::kDeployments, deployment_fields(turn, Value::object())});
}

}  // namespace slipway::delivery
