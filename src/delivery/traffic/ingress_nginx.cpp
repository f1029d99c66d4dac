// ingress-nginx: the user's Ingress goes to the stable version, and a second, canary Ingress beside it takes a share
// away (annotations nginx.ingress.kubernetes.io/canary, canary-weight, canary-weight-total). An audience is one header
// or one cookie (canary-by-header with -value or -pattern, canary-by-cookie); they count before the weight. Retired
// upstream in March 2026 and still widely installed.
//
// Of the user's Ingress only the names of the backends that are the user's Service are ours. The canary Ingress
// `<route>-canary` is ours altogether: class, hosts and paths follow the user's Ingress; every other annotation is
// taken by the controller from there. It writes no status about weights, so nothing can be read back. A cookie affinity
// that the user's Ingress asks for also keeps users on their version (affinity-canary-behavior: sticky, the default).
#include <fmt/format.h>

#include <algorithm>

#include "api/meta.h"
#include "base/hash.h"
#include "base/strings.h"
#include "control/patch.h"
#include "data/json.h"
#include "delivery/names.h"
#include "delivery/traffic/back_ends.h"

namespace slipway::delivery {
namespace {

using data::Value;
using plan::Routing;
using plan::Share;
using Effects = std::vector<control::Effect>;

constexpr std::string_view kCanary = "nginx.ingress.kubernetes.io/canary";
constexpr std::string_view kWeight = "nginx.ingress.kubernetes.io/canary-weight";
constexpr std::string_view kWeightTotal = "nginx.ingress.kubernetes.io/canary-weight-total";
constexpr std::string_view kByHeader = "nginx.ingress.kubernetes.io/canary-by-header";
constexpr std::string_view kByValue = "nginx.ingress.kubernetes.io/canary-by-header-value";
constexpr std::string_view kByPattern = "nginx.ingress.kubernetes.io/canary-by-header-pattern";
constexpr std::string_view kByCookie = "nginx.ingress.kubernetes.io/canary-by-cookie";
constexpr std::string_view kClass = "kubernetes.io/ingress.class";

std::string_view name_in(const Value& backend) { return backend["service"]["name"].as_string(); }

// Every backend of `spec` replaced by what `change` makes of it; paths for which it makes null are left out.
template <class F>
Value with_backends(const Value& spec, F change) {
  Value out = spec;
  if (spec.has("defaultBackend")) {
    const Value changed = change(spec["defaultBackend"]);
    changed.is_null() ? void(out.erase("defaultBackend")) : out.set("defaultBackend", changed);
  }
  if (!spec.has("rules")) return out;
  Value rules = Value::array();
  for (const Value& rule : spec["rules"].items()) {
    Value paths = Value::array();
    for (const Value& path : rule["http"]["paths"].items())
      if (const Value changed = change(path["backend"]); !changed.is_null())
        paths.push_back(path.with("backend", changed));
    if (paths.size() == 0 && rule.has("http")) continue;
    Value kept = rule;
    if (rule.has("http")) kept.set({"http", "paths"}, paths);
    rules.push_back(std::move(kept));
  }
  out.set("rules", rules);
  return out;
}

Value pointed_at(const Value& backend, const std::string& service) {
  Value out = backend;
  out.set({"service", "name"}, service);
  return out;
}

struct Named {
  int plain = 0, stable = 0;
};
Named count(const Value& spec, const Routing& r) {
  Named n;
  with_backends(spec, [&](const Value& backend) {
    n.plain += name_in(backend) == r.service;
    n.stable += name_in(backend) == r.stable_service;
    return backend;
  });
  return n;
}

// In the user's Ingress, the backends of one name renamed; nothing else of it is written.
control::Effect rename(const Value& ingress, const std::string& from, const std::string& to) {
  const Value changed = with_backends(ingress["spec"], [&](const Value& backend) {
    return name_in(backend) == from ? pointed_at(backend, to) : backend;
  });
  Value spec = Value::object();
  for (const char* key : {"defaultBackend", "rules"})
    if (changed.has(key)) spec.set(key, changed[key]);
  return control::patch_of(kIngresses, ingress, Value::object({{"spec", spec}}));
}

// What the canary Ingress has to say beside its weight: the same places, for the candidate.
Value canary_spec(const Value& ingress, const Routing& r) {
  Value spec = with_backends(ingress["spec"], [&](const Value& backend) {
    const bool ours = name_in(backend) == r.service || name_in(backend) == r.stable_service;
    return ours ? pointed_at(backend, r.canary_service) : Value();
  });
  spec.erase("tls");  // the user's Ingress ends TLS for both
  return spec;
}

// A cookie that is "always" gives the canary; nothing else can be asked of one.
std::string no_room(const plan::Traffic& wanted) {
  std::size_t headers = 0, cookies = 0;
  for (const plan::Audience& audience : wanted.audiences) {
    if (audience.share != plan::kWhole) return "an audience gets the candidate as a whole, or not at all";
    for (const plan::Conditions& conditions : audience.any) {
      if (conditions.size() != 1) return "one condition at a time can be matched, not several together";
      const plan::Condition& c = conditions.front();
      headers += c.of == plan::Condition::Of::Header;
      cookies += c.of == plan::Condition::Of::Cookie;
      if (c.of == plan::Condition::Of::Cookie && (c.regex || c.value != "always"))
        return fmt::format("cookie {} can only be asked to be \"always\"", c.name);
    }
  }
  return headers > 1 || cookies > 1 ? "one header and one cookie can be matched, not more" : "";
}

// Of the audiences; null takes an annotation away.
void set_audience(Value& annotations, const plan::Traffic& wanted) {
  for (const std::string_view key : {kByHeader, kByValue, kByPattern, kByCookie}) annotations.set(key, Value());
  for (const plan::Audience& audience : wanted.audiences)
    for (const plan::Conditions& conditions : audience.any) {
      const plan::Condition& c = conditions.front();
      if (c.of == plan::Condition::Of::Cookie) {
        annotations.set(kByCookie, c.name);
      } else {
        annotations.set(kByHeader, c.name);
        annotations.set(c.regex ? kByPattern : kByValue, c.regex ? "^(" + c.value + ")$" : c.value);
      }
    }
}

Value canary_annotations(const Value& ingress, const plan::Traffic& wanted) {
  const Share share = wanted.share;
  const std::int64_t whole = share.points % 100 == 0 ? 100 : plan::kWhole.points;
  Value out = Value::object({{kCanary, "true"},
                             {kWeight, std::to_string(share.points * whole / plan::kWhole.points)},
                             {kWeightTotal, std::to_string(whole)}});
  if (const auto named = api::annotation(ingress, kClass); !named.empty()) out.set(kClass, named);
  set_audience(out, wanted);
  return out;
}

Share share_of(const Value& canary) {
  if (api::annotation(canary, kCanary) != "true") return plan::kNone;
  const std::int64_t weight = base::parse_int(api::annotation(canary, kWeight)).value_or(0);
  const std::int64_t total = base::parse_int(api::annotation(canary, kWeightTotal)).value_or(100);
  return {total > 0 ? weight * plan::kWhole.points / total : 0};
}

class IngressNginx final : public Router {
 public:
  plan::RouterKind kind() const override { return plan::RouterKind::Ingress; }
  const api::Resource& route_kind() const override { return kIngresses; }
  std::optional<Companion> companion(const Routing& r) const override {
    return Companion{kIngresses, r.route + "-canary"};
  }

  // Without a canary Ingress the stable version gets everything.
  RouteView look_at(const RouterObjects& o, const Routing& r) const override {
    RouteView view;
    if (!o.route.is_object()) return view;
    const Named n = count(o.route["spec"], r);
    view.shape = n.stable > 0  ? RouteView::Shape::Split
                 : n.plain > 0 ? RouteView::Shape::Plain
                               : RouteView::Shape::Foreign;
    // Annotations do not count in metadata.generation.
    view.generation = base::fnv1a32(data::to_json(o.route["spec"]) + data::to_json(o.companion["spec"]) +
                                    data::to_json(o.companion["metadata"]["annotations"]));
    if (view.shape != RouteView::Shape::Split) return view;
    view.candidate = share_of(o.companion);
    if (!api::annotation(o.companion, kByHeader).empty() || !api::annotation(o.companion, kByCookie).empty())
      view.audience = plan::kWhole;
    view.uniform = n.plain == 0 && (o.companion.is_null() || o.companion["spec"] == canary_spec(o.route, r));
    return view;
  }

  bool says_rules_of(const RouterObjects& o, const Routing&, const plan::Traffic& wanted) const override {
    if (wanted.mirror > plan::kNone) return false;
    Value asked = Value::object();
    set_audience(asked, wanted);
    return std::ranges::all_of(asked.members(), [&](const data::Member& m) {
      return api::annotation(o.companion, m.key.view()) == m.value.as_string();
    });
  }

  std::optional<std::string> problem(const RouterObjects& o, const Routing& r, const Claim& claim,
                                     const plan::Traffic& wanted) const override {
    if (const std::string why = no_room(wanted); !why.empty()) return "ingress-nginx: " + why;
    if (!o.route.is_object()) return fmt::format("Ingress {} does not exist", r.route);
    if (api::annotation(o.route, kCanary) == "true")
      return fmt::format("Ingress {} is a canary itself ({}); name the one beside it", r.route, kCanary);
    if (look_at(o, r).shape == RouteView::Shape::Foreign)
      return fmt::format("Ingress {} has no path whose backend is Service {}", r.route, r.service);
    if (o.companion.is_object() && api::label(o.companion, kReleaseLabel) != claim.release)
      return fmt::format("Ingress {} exists and does not belong to this Release; delete or rename it",
                         api::name_of(o.companion));
    return std::nullopt;
  }

  // The share before the stable version's own part when it shrinks, and after it when it grows or begins.
  Effects split(const RouterObjects& o, const Routing& r, const Claim& claim,
                const plan::Traffic& wanted) const override {
    Effects out;
    if (count(o.route["spec"], r).plain > 0) out.push_back(rename(o.route, r.service, r.stable_service));
    if (o.companion.is_null() && wanted.reaches_candidate()) out.push_back(create(o.route, r, claim, wanted));
    if (o.companion.is_object()) {
      const Value body =
          Value::object({{"metadata", Value::object({{"annotations", canary_annotations(o.route, wanted)}})},
                         {"spec", canary_spec(o.route, r)}});
      out.insert(wanted.share < share_of(o.companion) ? out.begin() : out.end(),
                 control::patch_of(kIngresses, o.companion, body));
    }
    return out;
  }
  Effects join(const RouterObjects& o, const Routing& r) const override {
    return {rename(o.route, r.stable_service, r.service)};
  }
  Effects clean(const RouterObjects& o, const Routing&, const Claim& claim) const override {
    if (o.companion.is_null() || api::is_deleting(o.companion) ||
        api::label(o.companion, kReleaseLabel) != claim.release)
      return {};
    return {control::delete_of(kIngresses, o.companion)};
  }

  std::optional<ReadBack> read_back(const RouterObjects& o, const Routing& r) const override {
    const RouteView view = look_at(o, r);
    ReadBack out{.by_status_of = "ingress-nginx", .assumed = true, .generation = view.generation};
    if (view.shape == RouteView::Shape::Plain)
      out.plain = {.present = true, .share = plan::kWhole.points, .servers = ready_of(o, r.service)};
    if (view.shape != RouteView::Shape::Split) return out;
    out.stable = {.present = true,
                  .uniform = view.uniform,
                  .share = plan::kWhole.points - view.candidate.points,
                  .servers = ready_of(o, r.stable_service)};
    out.candidate = {.present = true,
                     .uniform = view.uniform,
                     .share = view.candidate.points,
                     .servers = ready_of(o, r.canary_service)};
    return out;
  }
  std::string weights_problem(const RouterObjects& o, const Routing&) const override {
    const Share share = share_of(o.companion);
    return share >= plan::kNone && share <= plan::kWhole
               ? ""
               : fmt::format("the canary Ingress would have the weight {}", api::annotation(o.companion, kWeight));
  }

 private:
  static control::Effect create(const Value& ingress, const Routing& r, const Claim& claim,
                                const plan::Traffic& wanted) {
    Value metadata = claim.metadata;
    metadata.set("name", r.route + "-canary");
    Value annotations = Value::object();
    for (const data::Member& m : canary_annotations(ingress, wanted).members())
      if (!m.value.is_null()) annotations.set(m.key.view(), m.value);
    metadata.set("annotations", annotations);
    return control::Create{kIngresses, Value::object({{"apiVersion", kIngresses.api_version()},
                                                      {"kind", "Ingress"},
                                                      {"metadata", std::move(metadata)},
                                                      {"spec", canary_spec(ingress, r)}})};
  }
};

}  // namespace

const Router& ingress_nginx_router() {
  static const IngressNginx router;
  return router;
}

}  // namespace slipway::delivery
