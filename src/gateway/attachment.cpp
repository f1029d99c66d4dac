#include "gateway/attachment.h"

#include <algorithm>
#include <tuple>

#include "api/meta.h"
#include "base/strings.h"
#include "data/selector.h"
#include "gateway/names.h"

namespace slipway::gateway {
namespace {

using data::Value;

bool is_wildcard(std::string_view host) { return host.starts_with("*."); }

bool is_our_kind(const Value& kind) {
  return kind["group"].as_string(kGroup) == kGroup && kind["kind"].as_string() == "HTTPRoute";
}

// Which namespaces a listener takes routes from.
class Admission {
 public:
  Admission(const Value& listener, const std::string& space)
      : space_(space), from_(listener["allowedRoutes"]["namespaces"]["from"].str("Same")) {
    if (from_ != "Selector") return;
    auto selector = data::LabelSelector::from_value(listener["allowedRoutes"]["namespaces"]["selector"]);
    if (selector) selector_ = std::move(*selector);
  }
  bool admits(const std::string& space, const Value& labels) const {
    if (from_ == "All") return true;
    if (from_ == "Selector") return selector_ && selector_->matches(labels);
    return from_ == "Same" && space == space_;
  }
  std::string text() const {
    return from_ == "Selector" ? "namespaces that its selector matches"
           : from_ == "Same"   ? "its own namespace"
                               : "none";
  }

 private:
  std::string space_, from_;
  std::optional<data::LabelSelector> selector_;
};

ListenerState listener_of(const Value& v) {
  ListenerState out{.name = v["name"].str(),
                    .hostname = base::to_lower(v["hostname"].as_string()),
                    .port = static_cast<int>(v["port"].as_int())};
  const std::string protocol = v["protocol"].str();
  if (protocol != "HTTP") {
    out.accepted = Problem{"UnsupportedProtocol", "protocol " + protocol + " is not served: only HTTP is"};
  } else if (!is_hostname(out.hostname)) {
    out.accepted = Problem{"Invalid", "hostname is no host name"};
  } else if (out.port < 1 || out.port > 65535) {
    out.accepted = Problem{"PortUnavailable", "there is no port " + std::to_string(out.port)};
  }
  const Value& kinds = v["allowedRoutes"]["kinds"];
  if (kinds.is_empty()) return out;
  const auto ours = std::count_if(kinds.items().begin(), kinds.items().end(), is_our_kind);
  out.takes_routes = ours > 0;
  if (static_cast<std::size_t>(ours) < kinds.size())
    out.resolved = Problem{"InvalidRouteKinds", "only routes of kind HTTPRoute are served"};
  return out;
}

class Attacher {
 public:
  Attacher(const std::vector<Route>& routes, const GatewayObjects& objects) : routes_(routes), objects_(objects) {}

  Attachments make() {
    for (const Value& c : objects_.classes) add_class(c);
    for (const Value& n : objects_.namespaces) labels_[std::string(api::name_of(n))] = api::labels_of(n);
    add_gateways();
    for (const Route& route : routes_) add_route(route);
    return std::move(out_);
  }

 private:
  struct Known {
    std::size_t index;  // in out_.gateways
    std::vector<Admission> admissions;
  };

  void add_class(const Value& c) {
    if (c["spec"]["controllerName"].as_string() != kControllerName) return;
    ClassState state{.name = std::string(api::name_of(c)), .generation = api::generation_of(c)};
    if (!c["spec"]["parametersRef"].is_null())
      state.accepted = Problem{"InvalidParameters", "spec.parametersRef: this controller takes no parameters"};
    else
      classes_.insert(state.name);
    out_.classes.push_back(std::move(state));
  }

  void add_gateways() {
    std::vector<const Value*> ours;
    for (const Value& g : objects_.gateways) {
      if (classes_.contains(g["spec"]["gatewayClassName"].str())) ours.push_back(&g);
    }
    auto age = [](const Value* g) {
      return std::tuple((*g)["metadata"]["creationTimestamp"].str(), api::space_of(*g), api::name_of(*g));
    };
    std::sort(ours.begin(), ours.end(), [&](const Value* a, const Value* b) { return age(a) < age(b); });
    for (const Value* g : ours) add_gateway(*g);
  }

  void add_gateway(const Value& g) {
    GatewayState state{.space = std::string(api::space_of(g)),
                       .name = std::string(api::name_of(g)),
                       .generation = api::generation_of(g)};
    Known known{.index = out_.gateways.size(), .admissions = {}};
    if (!g["spec"]["addresses"].is_empty())
      state.accepted = Problem{"UnsupportedAddress", "spec.addresses: all Gateways of this class share one address"};
    for (const Value& v : g["spec"]["listeners"].items()) {
      ListenerState listener = listener_of(v);
      if (!listener.accepted && !state.accepted) claim(state, listener);
      if (listener.usable() && !state.accepted) out_.ports.insert(listener.port);
      state.listeners.push_back(std::move(listener));
      known.admissions.emplace_back(v, state.space);
    }
    known_.emplace(std::pair(state.space, state.name), std::move(known));
    out_.gateways.push_back(std::move(state));
  }

  // The first that asks for a host name on a port has it.
  void claim(const GatewayState& gateway, ListenerState& listener) {
    const std::string who = "listener " + listener.name + " of Gateway " + gateway.space + "/" + gateway.name;
    const auto [owner, fresh] = owners_.try_emplace({listener.port, listener.hostname}, who);
    if (fresh) return;
    listener.conflicted =
        Problem{"HostnameConflict", "port " + std::to_string(listener.port) + ", host name \"" + listener.hostname +
                                        "\" belong to the older " + owner->second + ": one address serves all"};
  }

  void add_route(const Route& route) {
    RouteAttachment out;
    for (const ParentRef& ref : route.parents) {
      if (ref.group != kGroup || ref.kind != "Gateway") continue;
      const auto known = known_.find({ref.space, ref.name});
      if (known == known_.end()) continue;
      out.parents.push_back({ref.raw, try_parent(route, ref, known->second, out.places)});
    }
    if (!out.parents.empty()) out_.routes[{route.space, route.name}] = std::move(out);
  }

  std::optional<Problem> try_parent(const Route& route, const ParentRef& ref, const Known& known,
                                    std::vector<Place>& places) {
    GatewayState& gateway = out_.gateways[known.index];
    std::optional<Problem> problem = Problem{
        "NoMatchingParent", "Gateway " + gateway.space + "/" + gateway.name + " has no listener of that name and port"};
    if (gateway.accepted) problem = Problem{"NoMatchingParent", gateway.accepted->message};
    std::vector<std::pair<ListenerState*, Place>> found;
    for (std::size_t i = 0; i < gateway.listeners.size() && !gateway.accepted; ++i) {
      ListenerState& listener = gateway.listeners[i];
      if ((!ref.section.empty() && ref.section != listener.name) || (ref.port != 0 && ref.port != listener.port))
        continue;
      Place place{.port = listener.port, .hostnames = {}};
      const auto refusal = refusal_of(route, listener, known.admissions[i], place);
      if (!refusal) found.emplace_back(&listener, std::move(place));
      // The refusal that came furthest is the most useful one.
      if (refusal && (problem->reason == "NoMatchingParent" || refusal->reason == "NoMatchingListenerHostname"))
        problem = refusal;
    }
    if (found.empty()) return problem;
    if (route.problem) return route.problem;
    for (auto& [listener, place] : found) take(route, *listener, std::move(place), places);
    return std::nullopt;
  }

  std::optional<Problem> refusal_of(const Route& route, const ListenerState& listener, const Admission& admission,
                                    Place& place) const {
    const auto refuse = [&](const std::string& why) {
      return Problem{"NotAllowedByListeners", "listener " + listener.name + ": " + why};
    };
    if (listener.accepted) return refuse(listener.accepted->message);
    if (listener.conflicted) return refuse(listener.conflicted->message);
    if (!listener.takes_routes) return refuse("it takes no routes of kind HTTPRoute");
    const auto labels = labels_.find(route.space);
    if (!admission.admits(route.space, labels == labels_.end() ? data::kNull : labels->second))
      return refuse("it takes routes of " + admission.text());
    const std::vector<std::string> any = {""};
    for (const std::string& host : route.hostnames.empty() ? any : route.hostnames) {
      if (auto common = common_host(listener.hostname, host)) place.hostnames.push_back(std::move(*common));
    }
    if (!place.hostnames.empty()) return std::nullopt;
    return Problem{"NoMatchingListenerHostname",
                   "listener " + listener.name + " is for " + listener.hostname + ", and none of spec.hostnames is"};
  }

  // Two parentRefs may name the same listener.
  void take(const Route& route, ListenerState& listener, Place place, std::vector<Place>& places) {
    if (!taken_.emplace(&listener, &route).second) return;
    ++listener.attached;
    places.push_back(std::move(place));
  }

  const std::vector<Route>& routes_;
  const GatewayObjects& objects_;
  Attachments out_;
  std::set<std::string> classes_;
  std::map<std::string, Value> labels_;  // of namespaces
  std::map<std::pair<std::string, std::string>, Known> known_;
  std::map<std::pair<int, std::string>, std::string> owners_;  // of port and host name
  std::set<std::pair<const ListenerState*, const Route*>> taken_;
};

}  // namespace

std::optional<std::string> common_host(const std::string& listener, const std::string& route) {
  if (listener.empty() || listener == route) return route;
  if (route.empty()) return listener;
  const auto covers = [](const std::string& wild, const std::string& host) {
    return is_wildcard(wild) && host.size() > wild.size() - 1 && host.ends_with(std::string_view(wild).substr(1));
  };
  if (covers(listener, route)) return route;
  if (covers(route, listener)) return listener;
  return std::nullopt;
}

Attachments attach(const std::vector<Route>& routes, const GatewayObjects& objects) {
  return Attacher(routes, objects).make();
}

Grants::Grants(const std::vector<Value>& grants) {
  for (const Value& grant : grants) {
    for (const Value& from : grant["spec"]["from"].items()) {
      if (from["group"].as_string() != kGroup || from["kind"].as_string() != "HTTPRoute") continue;
      for (const Value& to : grant["spec"]["to"].items()) {
        if (to["group"].as_string().empty() && to["kind"].as_string() == "Service")
          granted_.emplace(from["namespace"].str(), api::space_of(grant), to["name"].str());
      }
    }
  }
}

bool Grants::permits(const std::string& from_space, const std::string& to_space, const std::string& service) const {
  return granted_.contains({from_space, to_space, ""}) || granted_.contains({from_space, to_space, service});
}

}  // namespace slipway::gateway
