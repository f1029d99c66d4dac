// The namespace controller: empties terminating namespaces.
#pragma once

#include <vector>

#include "control/controller.h"

namespace slipway::workload::namespaces {

class NamespaceController final : public control::Controller {
 public:
  // `contents`: the namespaced kinds, in the order in which they shall go (what makes others before what is made).
  explicit NamespaceController(std::vector<api::Resource> contents) : contents_(std::move(contents)) {}

  std::string_view name() const override { return "namespace"; }
  const api::Resource& resource() const override { return api::kNamespaces; }
  std::vector<control::Watch> watches() const override;
  bool decides_about(const data::Value& space) const override;
  base::Duration min_interval() const override { return base::milliseconds(50); }
  std::optional<control::Decision> reconcile(const control::World& world, const control::ObjectName& name,
                                             base::Time now) const override;

 private:
  std::vector<api::Resource> contents_;
};

}  // namespace slipway::workload::namespaces
