// Gateway API: weights on the backendRefs of an HTTPRoute. The arithmetic: route.h.
#include "control/patch.h"
#include "delivery/traffic/back_ends.h"

namespace slipway::delivery {
namespace {

using data::Value;
using plan::Routing;
using Effects = std::vector<control::Effect>;

class HttpRoute final : public Router {
 public:
  plan::RouterKind kind() const override { return plan::RouterKind::HttpRoute; }
  const api::Resource& route_kind() const override { return api::kHttpRoutes; }

  RouteView look_at(const RouterObjects& o, const Routing& routing) const override {
    return delivery::look_at(o.route, routing);
  }
  bool says_rules_of(const RouterObjects& o, const Routing& routing, const plan::Traffic& wanted) const override {
    return delivery::says_rules_of(o.route, routing, wanted);
  }
  std::optional<std::string> problem(const RouterObjects& o, const Routing& routing, const Claim&,
                                     const plan::Traffic& wanted) const override {
    return splitting_problem(o.route, routing, wanted);
  }
  Effects split(const RouterObjects& o, const Routing& routing, const Claim&,
                const plan::Traffic& wanted) const override {
    return {write(o, split_rules(o.route, routing, wanted))};
  }
  Effects join(const RouterObjects& o, const Routing& routing) const override {
    return {write(o, plain_rules(o.route, routing))};
  }
  std::optional<ReadBack> read_back(const RouterObjects& o, const Routing& routing) const override {
    return read_back_of_status(o.route, routing, o.ready);
  }
  std::string weights_problem(const RouterObjects& o, const Routing& routing) const override {
    return delivery::weights_problem(o.route, routing);
  }

 private:
  static control::Effect write(const RouterObjects& o, Value rules) {
    return control::patch_of(api::kHttpRoutes, o.route,
                             Value::object({{"spec", Value::object({{"rules", std::move(rules)}})}}));
  }
};

}  // namespace

const Router& http_route_router() {
  static const HttpRoute router;
  return router;
}

}  // namespace slipway::delivery
