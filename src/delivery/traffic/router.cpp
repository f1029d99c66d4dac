#include "delivery/traffic/router.h"

#include <algorithm>

#include "api/meta.h"
#include "data/patch.h"
#include "delivery/traffic/back_ends.h"

namespace slipway::delivery {
namespace {

using data::Value;

// Puts the outcome of `effect` into `object`, when it is this one.
bool carry_over(const control::Effect& effect, const api::Resource& kind, const std::string& name, Value& object) {
  if (const auto* patch = std::get_if<control::Patch>(&effect)) {
    if (patch->resource != kind || patch->name != name) return false;
    object = data::apply_merge_patch(object, patch->body);
    return true;
  }
  if (const auto* create = std::get_if<control::Create>(&effect)) {
    if (create->resource != kind || api::name_of(create->object) != name) return false;
    object = create->object;
    return true;
  }
  if (const auto* removed = std::get_if<control::Delete>(&effect)) {
    if (removed->resource != kind || removed->name != name) return false;
    object = Value();
    return true;
  }
  return false;
}

}  // namespace

const Router& router_of(plan::RouterKind kind) {
  switch (kind) {
    case plan::RouterKind::HttpRoute:
      return http_route_router();
    case plan::RouterKind::Service:
      return service_router();
    case plan::RouterKind::VirtualService:
      return istio_router();
    case plan::RouterKind::Ingress:
      return ingress_nginx_router();
    case plan::RouterKind::TraefikService:
      return traefik_service_router();
    case plan::RouterKind::IngressRoute:
      return ingress_route_router();
  }
  base::bug("unknown router kind", __FILE__, __LINE__);
}

std::optional<RouterObjects> after(const RouterObjects& before, const plan::Routing& routing,
                                   const control::Effect& effect) {
  const Router& router = router_of(routing.kind);
  RouterObjects out = before;
  if (carry_over(effect, router.route_kind(), routing.route, out.route)) return out;
  const auto second = router.companion(routing);
  if (second && carry_over(effect, second->kind, second->name, out.companion)) return out;
  return std::nullopt;
}

std::vector<api::Resource> router_resources() {
  return {api::kHttpRoutes, kVirtualServices, kDestinationRules, kIngresses, kTraefikServices, kIngressRoutes};
}

std::int64_t ready_of(const RouterObjects& o, const std::string& service) {
  const auto found = o.ready.find(service);
  return found == o.ready.end() ? 0 : found->second;
}

std::string shares_with_others(const plan::Routing& routing, const std::string& field) {
  return std::string(plan::to_text(routing.kind)) + " " + routing.route + " " + field +
         " names other backends beside " + routing.service + "; a Release splits it only when it stands alone";
}

}  // namespace slipway::delivery
