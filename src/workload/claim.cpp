#include "workload/claim.h"

#include "api/meta.h"
#include "control/patch.h"

namespace slipway::workload {

using control::Patch;
using data::Value;

namespace {

Patch patch_references(const Value& object, const api::Resource& resource, Value references) {
  return control::patch_of(resource, object,
                           Value::object({{"metadata", Value::object({{"ownerReferences", std::move(references)}})}}));
}

Patch adopt(const Value& object, const api::Resource& resource, Value reference) {
  Value references = Value::array();
  for (const Value& other : object["metadata"]["ownerReferences"].items())
    if (other["uid"] != reference["uid"]) references.push_back(other);
  references.push_back(std::move(reference));
  return patch_references(object, resource, std::move(references));
}

Patch release(const Value& object, const api::Resource& resource, std::string_view owner_uid) {
  Value others = Value::array();
  for (const Value& reference : object["metadata"]["ownerReferences"].items())
    if (reference["uid"].as_string() != owner_uid) others.push_back(reference);
  return patch_references(object, resource, others.size() > 0 ? std::move(others) : Value());
}

}  // namespace

Claim claim(const Value& owner, const api::Resource& owner_resource, const data::LabelSelector& selector,
            const std::vector<Value>& candidates, const api::Resource& resource,
            const std::function<bool(const Value&)>& fits) {
  Claim out;
  const std::string_view uid = api::uid_of(owner);
  for (const Value& object : candidates) {
    const std::string_view controller = api::controller_of(object)["uid"].as_string();
    const bool matches = selector.matches(api::labels_of(object)) && (!fits || fits(object));
    if (controller == uid) {
      if (matches)
        out.owned.push_back(object);
      else if (!api::is_deleting(owner) && !api::is_deleting(object))
        out.effects.push_back(release(object, resource, uid));
    } else if (controller.empty() && matches && !api::is_deleting(owner) && !api::is_deleting(object)) {
      out.effects.push_back(adopt(object, resource, api::controller_reference(owner, owner_resource)));
    }
  }
  return out;
}

namespace {

std::vector<control::ObjectName> matching_owners(const control::World& world, const api::Resource& owner,
                                                 const Value& object) {
  std::vector<control::ObjectName> names;
  for (const Value& candidate : world.cache(owner).in_space(api::space_of(object))) {
    const auto selector = data::LabelSelector::from_value(candidate["spec"]["selector"]);
    if (selector && selector->matches(api::labels_of(object)))
      names.push_back({std::string(api::space_of(candidate)), std::string(api::name_of(candidate))});
  }
  return names;
}

}  // namespace

std::function<std::vector<control::ObjectName>(const control::World&, const Value&)> claimants_of(api::Resource owner) {
  return [owner, by_reference = control::owner_of_kind(owner)](const control::World& world, const Value& object) {
    if (!api::controller_of(object).is_null()) return by_reference(world, object);
    return matching_owners(world, owner, object);
  };
}

}  // namespace slipway::workload
