// The garbage collector of one kind. All kinds together form the graph: each has its own controller that watches the
// others.
#pragma once

#include <string>
#include <vector>

#include "control/controller.h"

namespace slipway::workload::garbage {

class GarbageController final : public control::Controller {
 public:
  // Collects objects of `resource`; `all` are the kinds that may own them or be owned by them, `resource` among them.
  GarbageController(api::Resource resource, std::vector<api::Resource> all);

  std::string_view name() const override { return name_; }
  const api::Resource& resource() const override { return resource_; }
  std::vector<control::Watch> watches() const override;
  bool decides_about(const data::Value& object) const override;
  base::Duration min_interval() const override { return base::milliseconds(10); }
  std::optional<control::Decision> reconcile(const control::World& world, const control::ObjectName& name,
                                             base::Time now) const override;

 private:
  void add_dependents(const control::World& world, const api::Resource& resource, const data::Value& owner,
                      std::vector<control::ObjectName>& names) const;
  void add_waiting_owners(const control::World& world, const data::Value& dependent,
                          std::vector<control::ObjectName>& names) const;
  const api::Resource* find_kind(const data::Value& reference) const;

  api::Resource resource_;
  std::vector<api::Resource> all_;
  std::string name_;
};

}  // namespace slipway::workload::garbage
