#include "workload/endpointslice/controller.h"

#include "api/meta.h"
#include "control/pod.h"
#include "data/selector.h"
#include "workload/endpointslice/decide.h"

namespace slipway::workload::endpointslice {

using control::ObjectName;
using control::World;
using data::Value;

namespace {

bool matches(const Value& selector, const Value& pod) {
  for (const data::Member& wanted : selector.members())
    if (api::labels_of(pod)[wanted.key.view()] != wanted.value) return false;
  return true;
}

std::vector<ObjectName> services_of(const World& world, const Value& pod) {
  std::vector<ObjectName> names;
  for (const Value& service : world.cache(api::kServices).in_space(api::space_of(pod))) {
    const Value& selector = service["spec"]["selector"];
    if (!selector.is_empty() && matches(selector, pod))
      names.push_back({std::string(api::space_of(service)), std::string(api::name_of(service))});
  }
  return names;
}

std::vector<ObjectName> service_of_slice(const World&, const Value& slice) {
  return {{std::string(api::space_of(slice)), std::string(api::label(slice, kServiceName))}};
}

}  // namespace

std::vector<control::Watch> EndpointSliceController::watches() const {
  return {{api::kPods, services_of}, {api::kEndpointSlices, service_of_slice}};
}

std::optional<control::Decision> EndpointSliceController::reconcile(const World& world, const ObjectName& name,
                                                                    base::Time now) const {
  const Value& service = world.find(api::kServices, name);
  const Value& selector = service["spec"]["selector"];
  // Without a selector somebody else writes the slices.
  if (selector.is_empty() || api::is_deleting(service)) return std::nullopt;
  if (service["spec"]["type"].as_string() == "ExternalName") return std::nullopt;
  Observation seen{.service = service};
  for (Value& pod : world.cache(api::kPods).in_space(name.space))
    if (matches(selector, pod)) seen.pods.push_back(std::move(pod));
  const client::Cache& slices = world.cache(api::kEndpointSlices);
  for (Value& slice : slices.owned_by(api::uid_of(service)))
    if (api::label(slice, kManagedBy) == kManager) seen.slices.push_back(std::move(slice));
  seen.is_taken = [&slices, &name](const std::string& slice) { return !slices.find({name.space, slice}).is_null(); };
  return decide(seen, now);
}

}  // namespace slipway::workload::endpointslice
