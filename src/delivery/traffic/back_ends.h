// The back ends, and what they share. For traffic/ only: everybody else asks `router_of`.
#pragma once

#include "delivery/traffic/kinds.h"
#include "delivery/traffic/router.h"
#include "delivery/traffic/weighted.h"

namespace slipway::delivery {

const Router& http_route_router();
const Router& service_router();
const Router& istio_router();
const Router& ingress_nginx_router();
const Router& traefik_service_router();
const Router& ingress_route_router();

std::int64_t ready_of(const RouterObjects& o, const std::string& service);
// Why a rule cannot be split that names others beside the user's Service.
std::string shares_with_others(const plan::Routing& routing, const std::string& field);

}  // namespace slipway::delivery
