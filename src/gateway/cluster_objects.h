// The Gateway API's objects of a cluster, kept current: GatewayClasses, Gateways, ReferenceGrants, and the labels of
// namespaces. Lives on the control loop.
#pragma once

#include <functional>

#include "client/cache.h"
#include "gateway/attachment.h"

namespace slipway::gateway {

// Keys of the API, v1 but for ReferenceGrants, which the standard channel has as v1beta1.
inline const api::Resource kGatewayClasses{"gateway.networking.k8s.io", "v1", "gatewayclasses", "GatewayClass", false};
inline const api::Resource kGateways{"gateway.networking.k8s.io", "v1", "gateways", "Gateway"};
inline const api::Resource kReferenceGrants{"gateway.networking.k8s.io", "v1beta1", "referencegrants",
                                            "ReferenceGrant"};

class ClusterObjects {
 public:
  ClusterObjects(client::ApiClient& api, runtime::Loop& loop, runtime::Random& random,
                 const client::CacheOptions& options);

  // `changed` after anything has changed, `progressed` also when only `synced` may have.
  void start(const std::function<void()>& changed, const std::function<void()>& progressed);
  bool synced() const;
  // False: no Gateway API in this cluster. It is looked for again and again.
  bool served() const { return classes_.absence() == nullptr && gateways_.absence() == nullptr; }
  GatewayObjects objects() const;
  const data::Value& gateway(const std::string& space, const std::string& name) const {
    return gateways_.find({space, name});
  }
  const data::Value& gateway_class(const std::string& name) const { return classes_.find({"", name}); }

 private:
  client::Cache classes_, gateways_, grants_, namespaces_;
};

// What is kept of an object: all but what only field managers and kubectl look at.
data::Value without_ballast(data::Value object);

}  // namespace slipway::gateway
