// The ReplicaSet of the current template: found by template equality, or planned.
#include <algorithm>

#include "api/meta.h"
#include "control/pod_template.h"
#include "workload/deployment/pass.h"
#include "workload/deployment/revisions.h"

namespace slipway::workload::deployment {

using control::Note;
using data::Value;

namespace {

bool is_older(const Set& a, const Set& b) {
  const std::string_view x = a.object["metadata"]["creationTimestamp"].as_string();
  const std::string_view y = b.object["metadata"]["creationTimestamp"].as_string();
  return x != y ? x < y : a.name() < b.name();
}

}  // namespace

// Of several sets with the current template the oldest is the new one, so that a duplicate never takes over.
void Pass::split_sets() {
  std::ranges::sort(old_, is_older);
  const Value& wanted = deployment_["spec"]["template"];
  const auto found = std::ranges::find_if(
      old_, [&](const Set& set) { return control::same_template(set.object["spec"]["template"], wanted); });
  if (found == old_.end()) return;
  new_ = std::move(*found);
  old_.erase(found);
}

void Pass::sync_new_set(bool create) {
  if (new_)
    update_new_set();
  else if (create)
    plan_new_set();
  if (new_) sync_revision();
}

void Pass::update_new_set() {
  std::vector<Value> others;
  for (const Set& set : old_) others.push_back(set.object);
  const Value wanted = annotations_for(deployment_, new_->object, max_revision(others) + 1);
  for (const data::Member& member : wanted.members())
    if (new_->object["metadata"]["annotations"][member.key.view()] != member.value)
      new_->change.set({"metadata", "annotations", member.key.view()}, member.value);
  const Value& min_ready = deployment_["spec"]["minReadySeconds"];
  if (min_ready.as_int() != new_->object["spec"]["minReadySeconds"].as_int())
    new_->change.set({"spec", "minReadySeconds"}, min_ready.as_int());
  if (has_deadline() && find_condition(conditions_, kProgressing).is_null())
    set_condition(conditions_,
                  {kProgressing, "True", "FoundNewReplicaSet", "Found new replica set \"" + new_->name() + "\""}, now_);
}

// A name that another ReplicaSet has taken makes the collision count grow, and with it the hash.
void Pass::plan_new_set() {
  const Value& wanted = deployment_["spec"]["template"];
  const std::string hash = control::template_hash(wanted, collisions_.as_int());
  const std::string name = std::string(api::name_of(deployment_)) + "-" + hash;
  if (std::ranges::any_of(seen_.sets, [&](const Value& set) { return api::name_of(set) == name; })) {
    collisions_ = collisions_.as_int() + 1;
    reason("deployment.collision", "The name " + name + " is taken by a ReplicaSet with another template.");
    return;
  }
  std::vector<Value> others;
  for (const Set& set : old_) others.push_back(set.object);
  Value selector = deployment_["spec"]["selector"];
  selector.set({"matchLabels", control::kTemplateHashLabel}, hash);
  Value labels = wanted["metadata"]["labels"];
  labels.set(control::kTemplateHashLabel, hash);
  Value spec = Value::object({{"selector", selector}, {"template", control::with_hash_label(wanted, hash)}});
  if (const Value& min_ready = deployment_["spec"]["minReadySeconds"]; min_ready.as_int() > 0)
    spec.set("minReadySeconds", min_ready);
  Value metadata = Value::object({{"name", name},
                                  {"namespace", api::space_of(deployment_)},
                                  {"labels", labels},
                                  {"annotations", annotations_for(deployment_, {}, max_revision(others) + 1)}});
  metadata.set("ownerReferences", Value::array({api::controller_reference(deployment_, api::kDeployments)}));
  new_ = Set{.object = Value::object(
                 {{"apiVersion", "apps/v1"}, {"kind", "ReplicaSet"}, {"metadata", metadata}, {"spec", spec}}),
             .planned = true};
  const bool recreates = deployment_["spec"]["strategy"]["type"].as_string() == "Recreate";
  new_->size = recreates ? desired_ : grown_size(0, total(), desired_, posts_);
  std::string text = "Scaled up replica set " + name + " from 0 to " + std::to_string(new_->size);
  reason("deployment.new-set", text);
  say(Note::Kind::Normal, "ScalingReplicaSet", std::move(text));
  if (has_deadline())
    renew_condition(conditions_,
                    {kProgressing, "True", "NewReplicaSetCreated", "Created new replica set \"" + name + "\""}, now_);
}

// The Deployment carries the revision of its current set.
void Pass::sync_revision() {
  Value revision = new_->object["metadata"]["annotations"][kRevision];
  if (const Value& changed = new_->change.get({"metadata", "annotations", kRevision}); !changed.is_null())
    revision = changed;
  if (revision.is_null() || deployment_["metadata"]["annotations"][kRevision] == revision) return;
  Value body;
  body.set({"metadata", "annotations", kRevision}, revision);
  out_.effects.push_back(control::Patch{.resource = api::kDeployments,
                                        .space = std::string(api::space_of(deployment_)),
                                        .name = std::string(api::name_of(deployment_)),
                                        .uid = std::string(api::uid_of(deployment_)),
                                        .version = std::string(api::version_of(deployment_)),
                                        .body = std::move(body)});
}

}  // namespace slipway::workload::deployment
