// Kinds of other projects' routers, by the versions that they store today.
#pragma once

#include "api/resource.h"

namespace slipway::delivery {

// ingress-nginx: networking.k8s.io/v1. Istio: v1 since 1.22. Traefik: since 2.10 under this group.
inline const api::Resource kIngresses{"networking.k8s.io", "v1", "ingresses", "Ingress"};
inline const api::Resource kVirtualServices{"networking.istio.io", "v1", "virtualservices", "VirtualService"};
inline const api::Resource kDestinationRules{"networking.istio.io", "v1", "destinationrules", "DestinationRule"};
inline const api::Resource kTraefikServices{"traefik.io", "v1alpha1", "traefikservices", "TraefikService"};
inline const api::Resource kIngressRoutes{"traefik.io", "v1alpha1", "ingressroutes", "IngressRoute"};

}  // namespace slipway::delivery
