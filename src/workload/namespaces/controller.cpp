#include "workload/namespaces/controller.h"

#include "api/meta.h"
#include "workload/namespaces/decide.h"

namespace slipway::workload::namespaces {

using control::ObjectName;
using control::World;
using data::Value;

namespace {

std::vector<ObjectName> terminating_space(const World& world, const Value& object) {
  ObjectName name{"", std::string(api::space_of(object))};
  if (!api::is_deleting(world.find(api::kNamespaces, name))) return {};
  return {std::move(name)};
}

Content::Live live_state(const World& world, const std::string& id) {
  if (world.is_pending(id)) return Content::Live::Asked;
  const control::Fact* fact = world.fact(id);
  if (fact == nullptr) return Content::Live::NotAsked;
  // An answer that failed is asked for again, after the same wait as one that found something.
  return fact->answer && fact->answer->is_null() ? Content::Live::Empty : Content::Live::NotEmpty;
}

}  // namespace

std::vector<control::Watch> NamespaceController::watches() const {
  std::vector<control::Watch> watches;
  for (const api::Resource& resource : contents_) watches.push_back({resource, terminating_space});
  return watches;
}

bool NamespaceController::decides_about(const Value& space) const { return api::is_deleting(space); }

std::optional<control::Decision> NamespaceController::reconcile(const World& world, const ObjectName& name,
                                                                base::Time now) const {
  const Value& space = world.find(api::kNamespaces, name);
  if (!api::is_deleting(space)) return std::nullopt;
  Observation seen{.space = space};
  for (const api::Resource& resource : contents_)
    seen.contents.push_back(
        {resource, world.cache(resource).in_space(name.name), live_state(world, question_id(space, resource))});
  return decide(seen, now);
}

}  // namespace slipway::workload::namespaces
