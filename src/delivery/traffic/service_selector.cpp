// No router at all: the user's Service selects one version by its pod-template-hash. All or nothing.
//
// For clusters without anything else, and the building block of a blue-green switch: one write moves everybody who
// opens a new connection; connections that are open stay where they are. The label in the selector is ours while a
// release runs and goes when it ends. What is read back are the endpoints of the Service, which is what kube-proxy
// routes by.
#include <fmt/format.h>

#include "base/hash.h"
#include "control/patch.h"
#include "control/pod_template.h"
#include "delivery/traffic/back_ends.h"

namespace slipway::delivery {
namespace {

using data::Value;
using plan::Routing;
using Effects = std::vector<control::Effect>;

std::string hash_of(const Value& service) { return service["spec"]["selector"][control::kTemplateHashLabel].str(); }

Value pin(const Value& hash) {
  const Value selector = Value::object({{control::kTemplateHashLabel, hash}});
  return Value::object({{"spec", Value::object({{"selector", selector}})}});
}

class ServiceSelector final : public Router {
 public:
  plan::RouterKind kind() const override { return plan::RouterKind::Service; }
  const api::Resource& route_kind() const override { return api::kServices; }

  RouteView look_at(const RouterObjects& o, const Routing&) const override {
    RouteView view;
    if (!o.route.is_object()) return view;
    const std::string hash = hash_of(o.route);
    view.shape = hash.empty() ? RouteView::Shape::Plain : RouteView::Shape::Split;
    view.generation = base::fnv1a32(hash);  // a Service has no generation
    if (hash.empty()) return view;
    const bool stable = hash == hash_of(o.stable_service), candidate = hash == hash_of(o.canary_service);
    view.uniform = stable || candidate;  // else pinned by somebody, to a version that we do not know
    if (candidate && !stable) view.candidate = plan::kWhole;
    return view;
  }

  std::optional<std::string> problem(const RouterObjects& o, const Routing& routing, const Claim&,
                                     const plan::Traffic&) const override {
    if (!o.route.is_object()) return fmt::format("Service {} does not exist", routing.service);
    if (o.route["spec"]["selector"].size() == 0)
      return fmt::format("Service {} has no spec.selector: its endpoints are made by somebody else", routing.service);
    return std::nullopt;
  }

  Effects split(const RouterObjects& o, const Routing&, const Claim& claim,
                const plan::Traffic& wanted) const override {
    return {control::patch_of(api::kServices, o.route,
                              pin(wanted.share == plan::kWhole ? claim.candidate_hash : claim.stable_hash))};
  }
  Effects join(const RouterObjects& o, const Routing&) const override {
    return {control::patch_of(api::kServices, o.route, pin(Value()))};
  }

  std::optional<ReadBack> read_back(const RouterObjects& o, const Routing& routing) const override {
    const RouteView view = look_at(o, routing);
    const std::int64_t all = ready_of(o, routing.service);
    ReadBack out{.by_status_of = fmt::format("the EndpointSlices of Service {}", routing.service),
                 .generation = view.generation};
    if (view.shape == RouteView::Shape::Plain)
      out.plain = {.present = true, .share = plan::kWhole.points, .servers = all};
    if (view.shape != RouteView::Shape::Split) return out;
    out.stable = side(o, hash_of(o.stable_service), all);
    out.candidate = side(o, hash_of(o.canary_service), all);
    return out;
  }

 private:
  static ReadBack::Side side(const RouterObjects& o, const std::string& hash, std::int64_t all) {
    const auto found = o.ready_by_hash.find(hash);
    const std::int64_t here = found == o.ready_by_hash.end() ? 0 : found->second;
    return {.present = true, .share = all > 0 ? here * plan::kWhole.points / all : 0, .servers = here};
  }
};

}  // namespace

const Router& service_router() {
  static const ServiceSelector router;
  return router;
}

}  // namespace slipway::delivery
