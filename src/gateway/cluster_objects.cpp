#include "gateway/cluster_objects.h"

#include <array>

namespace slipway::gateway {
namespace {

using data::Value;

std::vector<Value> values_of(const client::Cache& cache) {
  std::vector<Value> out;
  for (const auto& [_, object] : cache.all()) out.push_back(object);
  return out;
}

}  // namespace

ClusterObjects::ClusterObjects(client::ApiClient& api, runtime::Loop& loop, runtime::Random& random,
                               const client::CacheOptions& options)
    : classes_(api, loop, random, kGatewayClasses, options),
      gateways_(api, loop, random, kGateways, options),
      grants_(api, loop, random, kReferenceGrants, options),
      namespaces_(api, loop, random, api::kNamespaces, options) {}

void ClusterObjects::start(const std::function<void()>& changed, const std::function<void()>& progressed) {
  for (client::Cache* cache : {&classes_, &gateways_, &grants_, &namespaces_}) {
    cache->add_listener([changed](const Value&, const Value&) { changed(); });
    cache->add_progress_listener(progressed);
    cache->start();
  }
}

bool ClusterObjects::synced() const {
  return classes_.synced() && gateways_.synced() && grants_.synced() && namespaces_.synced();
}

GatewayObjects ClusterObjects::objects() const {
  return {.classes = values_of(classes_),
          .gateways = values_of(gateways_),
          .namespaces = values_of(namespaces_),
          .grants = values_of(grants_)};
}

Value without_ballast(Value object) {
  object.erase({"metadata", "managedFields"});
  object.erase({"metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"});
  return object;
}

}  // namespace slipway::gateway
