// Traefik (traefik.io/v1alpha1): weights on the services of a weighted TraefikService, or of the routes of an
// IngressRoute. Traefik writes no status, so nothing can be read back; a sticky cookie is the user's own setting beside
// the services (spec.weighted.sticky, or `sticky` of a service) and is left as it is. A route of which one Service has
// no endpoints is answered with 404 as a whole (unless allowEmptyServices is set), so one that gets nothing is not
// named: the candidate's has none before its pods are there.
#include <fmt/format.h>

#include "api/meta.h"
#include "control/patch.h"
#include "delivery/traffic/back_ends.h"

namespace slipway::delivery {
namespace {

using data::Value;
using plan::Routing;
using Effects = std::vector<control::Effect>;

WeightedForm form_of(const Routing& routing) {
  const auto name = [&routing](Destination d) -> const std::string& { return service_at(routing, d); };
  return {.list = "services",
          .default_weight = 1,
          .lone_gets_all = true,
          .leaves_out_zero = true,
          .versions = routing.versions(),
          .chosen = routing.chosen,
          .is =
              [name, &routing](const Value& ref, Destination d) {
                return ref["name"].as_string() == name(d) && ref["kind"].as_string("Service") == "Service" &&
                       ref["namespace"].as_string(routing.namespace_) == routing.namespace_;
              },
          .point = [name](const Value& like, Destination d) { return like.with("name", name(d)); }};
}

// The two kinds differ only in where the lists of services are.
class Traefik : public Router {
 public:
  RouteView look_at(const RouterObjects& o, const Routing& routing) const override {
    if (!o.route.is_object()) return {};
    RouteView view = look_at_rules(rules_of(o.route), form_of(routing));
    view.generation = api::generation_of(o.route);
    return view;
  }

  std::optional<std::string> problem(const RouterObjects& o, const Routing& routing, const Claim&,
                                     const plan::Traffic&) const override {
    const std::string name = fmt::format("{} {}", plan::to_text(kind()), routing.route);
    if (!o.route.is_object()) return name + " does not exist";
    if (look_at(o, routing).shape == RouteView::Shape::Foreign)
      return fmt::format("{} does not name Service {} in {}", name, routing.service, field(0));
    if (const auto i = shared_rule(rules_of(o.route), form_of(routing))) return shares_with_others(routing, field(*i));
    return std::nullopt;
  }

  Effects split(const RouterObjects& o, const Routing& routing, const Claim&,
                const plan::Traffic& wanted) const override {
    return {control::patch_of(route_kind(), o.route, body(split_rules(rules_of(o.route), form_of(routing), wanted)))};
  }
  Effects join(const RouterObjects& o, const Routing& routing) const override {
    return {control::patch_of(route_kind(), o.route, body(plain_rules(rules_of(o.route), form_of(routing))))};
  }

  std::optional<ReadBack> read_back(const RouterObjects& o, const Routing& routing) const override {
    ReadBack out{.by_status_of = "Traefik", .assumed = true, .generation = api::generation_of(o.route)};
    read_sides(
        rules_of(o.route), form_of(routing), [&](Destination d) { return ready_of(o, service_at(routing, d)); }, out);
    return out;
  }
  std::string weights_problem(const RouterObjects& o, const Routing& routing) const override {
    return delivery::weights_problem(rules_of(o.route), form_of(routing));
  }

 protected:
  virtual Value rules_of(const Value& route) const = 0;
  virtual Value body(Value rules) const = 0;
  virtual std::string field(std::size_t rule) const = 0;
};

class WeightedService final : public Traefik {
 public:
  plan::RouterKind kind() const override { return plan::RouterKind::TraefikService; }
  const api::Resource& route_kind() const override { return kTraefikServices; }

 private:
  Value rules_of(const Value& route) const override { return Value::array({route["spec"]["weighted"]}); }
  Value body(Value rules) const override {
    const Value weighted = Value::object({{"services", rules.at(0)["services"]}});
    return Value::object({{"spec", Value::object({{"weighted", weighted}})}});
  }
  std::string field(std::size_t) const override { return "spec.weighted.services"; }
};

class IngressRoute final : public Traefik {
 public:
  plan::RouterKind kind() const override { return plan::RouterKind::IngressRoute; }
  const api::Resource& route_kind() const override { return kIngressRoutes; }

 private:
  Value rules_of(const Value& route) const override { return route["spec"]["routes"]; }
  Value body(Value rules) const override {
    return Value::object({{"spec", Value::object({{"routes", std::move(rules)}})}});
  }
  std::string field(std::size_t rule) const override { return fmt::format("spec.routes[{}].services", rule); }
};

}  // namespace

const Router& traefik_service_router() {
  static const WeightedService router;
  return router;
}

const Router& ingress_route_router() {
  static const IngressRoute router;
  return router;
}

}  // namespace slipway::delivery
