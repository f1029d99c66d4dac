#include "delivery/decide/services.h"

#include <algorithm>

#include "api/meta.h"
#include "api/resource.h"
#include "delivery/decide/variants.h"
#include "delivery/names.h"

namespace slipway::delivery {
namespace {

using data::Value;

// Anywhere in it, also as the first part of a host name, as routers of several kinds write it.
bool mentions(const Value& v, std::string_view service) {
  if (v.is_string()) {
    const std::string_view text = v.as_string();
    return text.starts_with(service) && (text.size() == service.size() || text[service.size()] == '.');
  }
  const auto in = [&](const Value& one) { return mentions(one, service); };
  return std::ranges::any_of(v.items(), in) || std::ranges::any_of(v.members(), in, &data::Member::value);
}

// People may have written it into the route themselves.
bool is_in_route(const Turn& turn, std::string_view service) {
  return mentions(turn.o.route["spec"], service) || mentions(turn.o.companion["spec"], service);
}

}  // namespace

void trim_services(Turn& turn) {
  if (!turn.routed()) return;  // nobody knows which route named them
  for (const Value& service : turn.o.made_services) {
    const std::string_view name = api::name_of(service);
    if (api::is_deleting(service) || plan::names(*turn.plan.routing, name)) continue;
    if (!is_in_route(turn, name)) turn.act(control::delete_of(api::kServices, service));
  }
}

void delete_services(Turn& turn) {
  trim_services(turn);
  delete_variant_services(turn);
  const bool is_test = !turn.o.variant_services.empty();  // the candidate's Service is among theirs
  for (const Value* service : {&turn.o.stable_service, is_test ? &data::kNull : &turn.o.canary_service})
    if (service->is_object() && !api::is_deleting(*service) &&
        api::label(*service, kReleaseLabel) == api::name_of(turn.o.release))
      turn.act(control::delete_of(api::kServices, *service));
}

}  // namespace slipway::delivery
