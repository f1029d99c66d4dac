#include "delivery/decide/turn.h"

#include <fmt/format.h>

#include "api/meta.h"
#include "api/resource.h"
#include "base/strings.h"
#include "control/outside.h"
#include "control/pod_template.h"
#include "data/selector.h"
#include "delivery/decide/workload.h"
#include "delivery/names.h"
#include "delivery/observe_in_place.h"

namespace slipway::delivery {

using data::Value;

void Turn::note(control::Note::Kind kind, std::string reason, std::string message) {
  out.notes.push_back({kind, std::move(reason), std::move(message)});
}

void Turn::log(std::string rule, std::string said, Value inputs) {
  std::string text = base::one_line(said);  // people and pods have a part in it
  Value entry = Value::object({{"time", stamp(now)}, {"rule", rule}, {"text", text}});
  if (!inputs.is_empty()) entry.set("inputs", inputs);
  s.log.push_back(std::move(entry));
  while (s.log.size() > kLogLimit) s.log.erase_at(0);
  out.reasons.push_back({std::move(rule), std::move(text), std::move(inputs)});
}

void Turn::wake_at(base::Time t) {
  if (!out.wake_at || t < *out.wake_at) out.wake_at = t;
}

std::string Turn::route_name() const {
  return fmt::format("{} {}", plan::to_text(plan.routing->kind), plan.routing->route);
}

std::string Turn::workload_name() const { return fmt::format("{} {}", plan::to_text(plan.workload), plan.target); }

const Workload& Turn::workload() const { return workload_of(o.kind); }

Claim Turn::claim() const {
  return {.metadata = Value::object({{"namespace", api::space_of(o.release)},
                                     {"labels", Value::object({{kReleaseLabel, api::name_of(o.release)}})},
                                     {"ownerReferences", Value::array({reference_to_deployment(o)})}}),
          .release = std::string(api::name_of(o.release)),
          .stable_hash = s.stable ? s.stable->hash : "",
          .candidate_hash = s.candidate ? s.candidate->hash : ""};
}

Budget Turn::budget() const { return budget_of(plan, o.workload); }

void read_object(Turn& turn, const std::string& id, const api::Resource& resource, std::string_view name, bool pending,
                 const std::optional<base::Time>& failed_at) {
  constexpr base::Duration kAskAgain = base::seconds(2);
  if (failed_at && turn.now < *failed_at + kAskAgain) return turn.wake_at(*failed_at + kAskAgain);
  if (failed_at) turn.act(control::Forget{id});
  if (!pending)
    turn.act(control::Ask{.id = id,
                          .port = "object",
                          .question = control::ObjectPort::question(resource, api::space_of(turn.o.release), name)});
}

bool asks_for(const Observation& o, const Revision& revision) {
  const Value& wanted = o.asked_template();
  if (wanted.is_null()) return false;
  if (o.in_place()) {
    const Version* asked = o.asked();
    return (asked && asked->hash == revision.hash) || placed_template_hash(wanted) == revision.template_hash;
  }
  if (const Version* v = o.find(revision.hash)) return control::same_template(v->rs["spec"]["template"], wanted);
  return !revision.template_hash.empty() && control::template_hash(wanted) == revision.template_hash;
}

namespace {

// A size is written for the ReplicaSet as it was specified when the size was chosen, and as ours
// (docs/decisions/0021). That its status has changed meanwhile, as it does with every pod, refuses nothing.
void guard_size(const Turn& turn, control::Patch& patch, const Value& rs) {
  const Value& generation = rs["metadata"]["generation"];
  if (!generation.is_number() || !rs["metadata"]["annotations"].is_object()) return;
  patch.version.clear();
  patch.seen.push_back({{"metadata", "generation"}, generation});
  if (api::label(rs, kReleaseLabel) == api::name_of(turn.o.release))
    patch.seen.push_back({{"metadata", "labels", std::string(kReleaseLabel)}, api::name_of(turn.o.release)});
}

}  // namespace

void scale_to(Turn& turn, const Version& version, std::int64_t replicas) {
  if (version.spec == replicas) return;
  const Value annotations = Value::object({{kDesiredAnnotation, std::to_string(turn.o.replicas())}});
  control::Patch patch = patch_of(api::kReplicaSets, version.rs,
                                  Value::object({{"spec", Value::object({{"replicas", replicas}})},
                                                 {"metadata", Value::object({{"annotations", annotations}})}}));
  guard_size(turn, patch, version.rs);
  turn.act(std::move(patch));
}

namespace {

// Owners that do not control, the Deployment among them.
Value uncontrolled(const Turn& turn, const Version& version) {
  Value out = Value::array();
  for (const Value& ref : version.rs["metadata"]["ownerReferences"].items())
    if (!ref["controller"].as_bool() && ref["uid"].as_string() != api::uid_of(turn.o.workload)) out.push_back(ref);
  out.push_back(reference_to_deployment(turn.o));
  return out;
}

// The labels that the Deployment's selector asks for.
std::vector<std::string> selected_keys(const Value& deployment) {
  const Value& selector = deployment["spec"]["selector"];
  std::vector<std::string> keys;
  for (const data::Member& m : selector["matchLabels"].members()) keys.emplace_back(m.key.view());
  for (const Value& e : selector["matchExpressions"].items()) keys.push_back(e["key"].str());
  return keys;
}

}  // namespace

Value reference_to_deployment(const Observation& o) {
  return Value::object({{"apiVersion", "apps/v1"},
                        {"kind", "Deployment"},
                        {"name", api::name_of(o.workload)},
                        {"uid", api::uid_of(o.workload)}});
}

Value held_labels(const Turn& turn, const Value& labels) {
  Value out = labels.is_object() ? labels : Value::object();
  for (const std::string& key : selected_keys(turn.o.workload)) out.erase(key);
  out.set(kReleaseLabel, api::name_of(turn.o.release));
  return out;
}

bool can_take(const Observation& o) {
  const auto selector = data::LabelSelector::from_value(o.workload["spec"]["selector"]);
  Value labels = o.workload["spec"]["template"]["metadata"]["labels"];
  if (!selector || !labels.is_object()) return false;
  for (const std::string& key : selected_keys(o.workload)) labels.erase(key);
  return !selector->matches(labels);
}

void take(Turn& turn, const Version& version) {
  Value labels = Value::object({{kReleaseLabel, api::name_of(turn.o.release)}});
  for (const std::string& key : selected_keys(turn.o.workload))
    if (api::labels_of(version.rs).has(key)) labels.set(key, Value());
  turn.act(patch_of(api::kReplicaSets, version.rs,
                    Value::object({{"metadata", Value::object({{"labels", labels},
                                                               {"ownerReferences", uncontrolled(turn, version)}})}})));
}

void give(Turn& turn, const Version& version) {
  const std::int64_t n = turn.o.replicas();
  const Value& of_pods = version.rs["spec"]["template"]["metadata"]["labels"];
  Value labels = Value::object({{kReleaseLabel, Value()}});
  for (const std::string& key : selected_keys(turn.o.workload))
    if (of_pods.has(key)) labels.set(key, of_pods[key]);
  const Value annotations = Value::object(
      {{kDesiredAnnotation, std::to_string(n)}, {kMaxAnnotation, std::to_string(n + turn.budget().surge)}});
  turn.act(patch_of(api::kReplicaSets, version.rs,
                    Value::object({{"metadata", Value::object({{"labels", labels},
                                                               {"ownerReferences", uncontrolled(turn, version)},
                                                               {"annotations", annotations}})}})));
}

void delete_set(Turn& turn, const Version& version) { turn.act(control::delete_of(api::kReplicaSets, version.rs)); }

namespace {

bool serves(const Turn& turn, const Version& version) {
  const auto& serving = turn.s.position.handed_over ? turn.s.candidate : turn.s.stable;
  return version.spec > 0 || version.remaining > 0 || (serving && serving->hash == version.hash);
}

}  // namespace

bool would_be_woken(const Turn& turn, const Version& version) {
  return !turn.o.config.asked.empty() && !serves(turn, version) &&
         control::same_template(version.rs["spec"]["template"], turn.o.workload["spec"]["template"]);
}

void give_or_delete(Turn& turn, const Version& version) {
  const bool has_copies = !api::annotation(version.rs, kConfigAnnotation).empty();
  if (serves(turn, version) || (!has_copies && !would_be_woken(turn, version))) return give(turn, version);
  delete_set(turn, version);
}

void take_last(Turn& turn, const Version& active) {
  for (const Version& v : turn.o.versions)
    if (v.owner == Owner::Deployment && v.name != active.name && v.spec == 0) take(turn, v);
  take(turn, active);
}

void give_all(Turn& turn) {
  for (const bool with_pods : {true, false})
    for (const Version& v : turn.o.versions)
      if (v.owner == Owner::Release && (v.spec > 0) == with_pods) give_or_delete(turn, v);
}

}  // namespace slipway::delivery
