#include "workload/garbage/controller.h"

#include <algorithm>

#include "api/meta.h"
#include "control/outside.h"
#include "workload/garbage/decide.h"

namespace slipway::workload::garbage {

using control::ObjectName;
using control::World;
using data::Value;
using State = Owner::State;

namespace {

ObjectName name_of(const Value& object) {
  return {std::string(api::space_of(object)), std::string(api::name_of(object))};
}

bool is_waiting(const Value& object) { return api::is_deleting(object) && api::has_finalizer(object, kForeground); }

std::vector<Dependent> dependents_of(const World& world, const std::vector<api::Resource>& all, std::string_view uid) {
  std::vector<Dependent> found;
  for (const api::Resource& resource : all)
    for (Value& object : world.cache(resource).dependents_of(uid)) found.push_back({resource, std::move(object)});
  return found;
}

Owner look_at(const World& world, const Value& reference, const Value& present, const std::string& question) {
  const std::string_view uid = reference["uid"].as_string();
  if (api::uid_of(present) == uid) return {reference, is_waiting(present) ? State::Waiting : State::Present};
  if (world.is_pending(question)) return {reference, State::Asked};
  const control::Fact* fact = world.fact(question);
  if (fact == nullptr || !fact->answer) return {reference, State::Missing};
  return {reference, api::uid_of(*fact->answer) == uid ? State::Present : State::Gone, true};
}

}  // namespace

GarbageController::GarbageController(api::Resource resource, std::vector<api::Resource> all)
    : resource_(std::move(resource)), all_(std::move(all)), name_("garbage-collector/" + resource_.qualified()) {}

// Most objects have neither owners nor anything to wait for.
bool GarbageController::decides_about(const Value& object) const {
  return !object["metadata"]["ownerReferences"].is_empty() ||
         (api::is_deleting(object) && !object["metadata"]["finalizers"].is_empty());
}

void GarbageController::add_dependents(const World& world, const api::Resource& resource, const Value& owner,
                                       std::vector<ObjectName>& names) const {
  // Nearly nothing owns anything, and few owners go: the cheap questions first.
  const std::string_view uid = api::uid_of(owner);
  if (!world.cache(resource_).has_dependents(uid)) return;
  const Value& present = world.find(resource, name_of(owner));
  if (api::uid_of(present) == uid && !api::is_deleting(present)) return;
  for (const Value& dependent : world.cache(resource_).dependents_of(uid)) names.push_back(name_of(dependent));
}

void GarbageController::add_waiting_owners(const World& world, const Value& dependent,
                                           std::vector<ObjectName>& names) const {
  for (const Value& reference : dependent["metadata"]["ownerReferences"].items()) {
    if (reference["kind"].as_string() != resource_.kind) continue;
    const std::string_view space = resource_.namespaced ? api::space_of(dependent) : std::string_view();
    ObjectName owner{std::string(space), reference["name"].str()};
    if (api::is_deleting(world.find(resource_, owner))) names.push_back(std::move(owner));
  }
}

// Of other objects only their going matters: their dependents lose an owner, their owners a dependent.
std::vector<control::Watch> GarbageController::watches() const {
  std::vector<control::Watch> watches;
  for (const api::Resource& other : all_) {
    watches.push_back({other, [this, other](const World& world, const Value& object) {
                         std::vector<ObjectName> names;
                         add_dependents(world, other, object, names);
                         add_waiting_owners(world, object, names);
                         return names;
                       }});
  }
  return watches;
}

const api::Resource* GarbageController::find_kind(const Value& reference) const {
  const auto it = std::ranges::find_if(all_, [&](const api::Resource& resource) {
    return resource.kind == reference["kind"].as_string() &&
           resource.api_version() == reference["apiVersion"].as_string();
  });
  return it == all_.end() ? nullptr : &*it;
}

std::optional<control::Decision> GarbageController::reconcile(const World& world, const ObjectName& name,
                                                              base::Time now) const {
  const Value& object = world.find(resource_, name);
  if (object.is_null() || !decides_about(object)) return std::nullopt;
  Observation seen{.resource = resource_, .object = object};
  bool wants_dependents = api::is_deleting(object);
  for (const Value& reference : object["metadata"]["ownerReferences"].items()) {
    const api::Resource* kind = find_kind(reference);
    // A kind that is not served here, or an owner that cannot be one: nobody can say that it is gone.
    if (kind == nullptr || (kind->namespaced && !resource_.namespaced)) {
      seen.owners.push_back({reference, State::Present});
      continue;
    }
    const std::string space = kind->namespaced ? std::string(api::space_of(object)) : std::string();
    const Value& present = world.find(*kind, {space, reference["name"].str()});
    Owner owner = look_at(world, reference, present, question_id(object, reference));
    owner.question = control::ObjectPort::question(*kind, space, reference["name"].as_string());
    wants_dependents |= owner.state == State::Waiting;
    seen.owners.push_back(std::move(owner));
  }
  if (wants_dependents) seen.dependents = dependents_of(world, all_, api::uid_of(object));
  return decide(seen, now);
}

}  // namespace slipway::workload::garbage
