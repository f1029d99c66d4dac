#include "gateway/model.h"

#include <algorithm>
#include <set>

#include "base/hash.h"

namespace slipway::gateway {
namespace {

std::string stable_id(std::string_view kind, const std::string& text) {
  return std::string(kind) + base::sha256_hex(text).substr(0, 16);
}

Server server_of(const Endpoint& e) {
  auto plain = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '.'; };
  std::string pod = e.pod.substr(0, 63);
  if (!std::all_of(pod.begin(), pod.end(), plain)) pod.clear();
  std::string address = e.address + ":" + std::to_string(e.port);
  return {.name = address + (pod.empty() ? "" : ":" + pod),
          .address = address,
          .ip = e.address,
          .uid = e.uid,
          .ready = e.ready && !e.terminating,
          .terminating = e.terminating};
}

// Hosts: an exact name before a wildcard, then the longer one; none is last.
std::tuple<int, std::size_t> host_rank(const std::string& host) {
  return {host.empty() ? 0 : host.starts_with("*.") ? 1 : 2, host.size()};
}

std::tuple<int, std::size_t> path_rank(const PathMatch& path) {
  int kind = path.kind == MatchKind::Exact ? 2 : path.kind == MatchKind::Prefix ? 1 : 0;
  return {kind, path.value.size()};
}

auto rank(const Condition& c) {
  return std::tuple(host_rank(c.hostname), path_rank(c.match.path), !c.match.method.empty(), c.match.headers.size(),
                    c.match.query.size());
}

// One candidate line of a frontend, with what decides between equals.
struct Candidate {
  Entry entry;
  const Route* route;
  std::size_t rule;
  std::size_t order = 0;  // within the document
};

bool comes_first(const Candidate& a, const Candidate& b) {
  if (precedes(a.entry.condition, b.entry.condition)) return true;
  if (precedes(b.entry.condition, a.entry.condition)) return false;
  auto age = [](const Candidate& c) {
    return std::tie(c.route->created, c.route->space, c.route->name, c.rule, c.order);
  };
  return age(a) < age(b);
}

bool longer_first(const std::string& a, const std::string& b) {
  return a.size() != b.size() ? a.size() > b.size() : a < b;
}

class Modeller {
 public:
  Modeller(const std::vector<Route>& routes, const Services& services, const ModelOptions& options)
      : routes_(routes), services_(services), options_(options) {}

  Desired make() {
    for (const Route& route : routes_) options_.attachments ? attach_to_gateways(route) : attach(route);
    options_.attachments ? serve_gateways() : serve_here();
    auto by_name = [](const RouteState& s) { return std::tie(s.space, s.name); };
    std::sort(out_.routes.begin(), out_.routes.end(),
              [&](const RouteState& a, const RouteState& b) { return by_name(a) < by_name(b); });
    return std::move(out_);
  }

 private:
  void serve_here() {
    if (!options_.gateway_binds.empty())
      add_frontend({.id = "gateway", .binds = options_.gateway_binds}, std::move(at_port_[options_.gateway_port]));
    for (const auto& [_, service] : services_.all()) serve(service);
  }

  void serve_gateways() {
    add_frontend({.id = "idle", .binds = {options_.idle_bind}}, {});
    for (int port : options_.attachments->ports) {
      const std::string number = std::to_string(port);
      add_frontend({.id = "g" + number, .binds = {options_.listen_address + ":" + number}}, std::move(at_port_[port]));
    }
  }

  bool is_gateway(const ParentRef& p) const {
    return p.group == kGroup && p.kind == "Gateway" && (p.port == 0 || p.port == options_.gateway_port);
  }
  static bool is_service(const ParentRef& p) { return p.group.empty() && p.kind == "Service"; }

  void attach(const Route& route) {
    RouteState state{.space = route.space, .name = route.name, .generation = route.generation};
    for (const ParentRef& p : route.parents) {
      if (p.group == kGroup ? p.kind == "Gateway" : is_service(p)) state.parents.push_back({p.raw, {}});
    }
    state.accepted = route.problem;
    if (!state.accepted) check_parents(route, state);
    for (ParentState& p : state.parents) p.accepted = state.accepted;
    if (!state.parents.empty() && !state.accepted) add_rules(route, places_here(route), state);
    out_.routes.push_back(std::move(state));
  }

  // Of a cluster. Routes without a parent of ours are no business of ours.
  void attach_to_gateways(const Route& route) {
    const auto found = options_.attachments->routes.find({route.space, route.name});
    if (found == options_.attachments->routes.end()) return;
    const auto& [parents, places] = found->second;
    RouteState state{.space = route.space, .name = route.name, .generation = route.generation, .parents = parents};
    if (places.empty()) state.accepted = parents.front().accepted;
    if (!state.accepted) add_rules(route, places, state);
    out_.routes.push_back(std::move(state));
  }

  std::vector<Place> places_here(const Route& route) const {
    const bool at_gateway =
        std::any_of(route.parents.begin(), route.parents.end(), [&](const auto& p) { return is_gateway(p); });
    if (!at_gateway) return {};
    return {{.port = options_.gateway_port,
             .hostnames = route.hostnames.empty() ? std::vector<std::string>{""} : route.hostnames}};
  }

  void check_parents(const Route& route, RouteState& state) const {
    for (const ParentRef& p : route.parents) {
      if (is_service(p) && p.space != route.space) {
        state.accepted =
            Problem{"NotAllowedByListeners", "Service " + p.space + "/" + p.name + " is in another namespace"};
      } else if (is_service(p) && !services_.find(p.space, p.name)) {
        state.accepted = Problem{"NoMatchingParent", "there is no Service " + p.name};
      } else if (p.kind == "Gateway" && !is_gateway(p)) {
        state.accepted =
            Problem{"NoMatchingParent", "the gateway listens on port " + std::to_string(options_.gateway_port)};
      }
    }
  }

  void add_rules(const Route& route, const std::vector<Place>& places, RouteState& state) {
    for (std::size_t i = 0; i < route.rules.size(); ++i) {
      std::string id = stable_id("r", route.space + "/" + route.name) + "." + std::to_string(i);
      add_rule(route, route.rules[i], id, state);
      add_entries(route, i, places, id);
      state.rules.push_back(std::move(id));
    }
  }

  static std::string audience_of(const RouteRule& rule) {
    for (const HeaderChange& change : rule.changes)
      if (change.op == HeaderChange::Op::Set && !change.response && change.name == kAudienceHeader) return change.value;
    return "";
  }

  void add_rule(const Route& route, const RouteRule& rule, const std::string& id, RouteState& state) {
    RuleSpec spec{.id = id,
                  .timeout = rule.timeout,
                  .changes = rule.changes,
                  .redirect = rule.redirect,
                  .rewrite = rule.rewrite,
                  .sticky = route.sticky};
    RuleTarget target{
        .space = route.space, .route = route.name, .salt = route.salt, .audience = audience_of(rule), .backends = {}};
    add_backends(route, rule, state, target);
    // Room for every backend twice, those that come and those that go, and for every zone.
    const auto room = std::max(target.backends.size() * 2, target.zones.size());
    spec.slots = std::clamp(static_cast<int>(room), kMinSlots, kMaxSlots);
    for (const RouteMatch& m : rule.matches) {
      if (m.path.kind == MatchKind::Prefix) spec.prefixes.push_back(m.path.value);
    }
    std::sort(spec.prefixes.begin(), spec.prefixes.end(), longer_first);
    out_.structure.rules[id] = std::move(spec);
    out_.targets[id] = std::move(target);
  }

  // Backends in the route's order, each Service once; who stands there more than once has a zone for each.
  void add_backends(const Route& route, const RouteRule& rule, RouteState& state, RuleTarget& target) {
    std::vector<BackendTarget>& out = target.backends;
    std::vector<int> weights;
    for (const BackendRef& ref : rule.backends) {
      BackendTarget one = resolve(route, ref, state);
      weights.push_back(one.weight);
      auto same = std::find_if(out.begin(), out.end(), [&](const auto& t) { return t.service == one.service; });
      target.zones.push_back({static_cast<std::size_t>(same - out.begin()), 0});
      if (same != out.end())
        same->weight += one.weight;
      else
        out.push_back(std::move(one));
    }
    if (out.size() > kMaxSlots / 2) {
      state.resolved = Problem{"UnsupportedValue", "a rule can have " + std::to_string(kMaxSlots / 2) + " backends"};
      out.resize(kMaxSlots / 2);
      weights.clear();
      target.zones.clear();
      for (std::size_t i = 0; i < out.size(); ++i) {
        weights.push_back(out[i].weight);
        target.zones.push_back({i, 0});
      }
    }
    const auto shares = shares_of(weights);
    for (std::size_t i = 0; i < shares.size(); ++i) {
      target.zones[i].share = shares[i];
      out[target.zones[i].backend].share += shares[i];
    }
    if (target.zones.size() == out.size()) target.zones.clear();
  }

  BackendTarget resolve(const Route& route, const BackendRef& ref, RouteState& state) {
    BackendTarget invalid{.service = std::string(kInvalidService), .weight = ref.weight};
    auto refuse = [&](const char* reason, const std::string& message) {
      if (!state.resolved) state.resolved = Problem{reason, message};
      return invalid;
    };
    if (!ref.is_service) return refuse("InvalidKind", "backend " + ref.service + " is no Service");
    const bool foreign = ref.space != route.space;
    if (foreign && !(options_.grants && options_.grants->permits(route.space, ref.space, ref.service)))
      return refuse("RefNotPermitted", "Service " + ref.service + " is in another namespace" +
                                           (options_.grants ? ", where no ReferenceGrant permits it" : ""));
    const Service* service = services_.find(ref.space, ref.service);
    if (!service) return refuse("BackendNotFound", "there is no Service " + ref.service);
    const ServicePort* port = service->port(ref.port);
    if (!port && ref.port == 0 && service->ports.size() == 1) port = &service->ports[0];
    if (!port) return refuse("BackendNotFound", "Service " + ref.service + " has no port " + std::to_string(ref.port));
    BackendTarget target{.service = (foreign ? ref.space + "/" : "") + ref.service, .weight = ref.weight};
    for (const Endpoint& e : services_.endpoints(*service, *port)) target.servers.push_back(server_of(e));
    return target;
  }

  void add_entries(const Route& route, std::size_t index, const std::vector<Place>& places, const std::string& id) {
    for (const RouteMatch& match : route.rules[index].matches) {
      for (const Place& place : places) {
        for (const std::string& host : place.hostnames)
          at_port_[place.port].push_back({{{host, match}, id}, &route, index});
      }
      if (options_.attachments) continue;
      for (const ParentRef& p : route.parents) {
        if (is_service(p)) by_service_[{p.space, p.name, p.port}].push_back({{{"", match}, id}, &route, index});
      }
    }
  }

  void serve(const Service& service) {
    if (service.address.empty()) return;
    out_.addresses.push_back(service.address);
    for (const ServicePort& port : service.ports) {
      std::string name = service.space + "/" + service.name + ":" + std::to_string(port.port);
      Frontend frontend{.id = stable_id("v", name), .binds = {service.address + ":" + std::to_string(port.port)}};
      auto candidates = candidates_of(service, port);
      frontend.http = port.http || !candidates.empty();
      if (candidates.empty()) add_plain_rule(service, port, name, frontend);
      add_frontend(std::move(frontend), std::move(candidates));
    }
  }

  std::vector<Candidate> candidates_of(const Service& service, const ServicePort& port) {
    std::vector<Candidate> out;
    for (int number : {port.port, 0}) {
      auto found = by_service_.find({service.space, service.name, number});
      if (found != by_service_.end()) out.insert(out.end(), found->second.begin(), found->second.end());
    }
    return out;
  }

  // A Service without a route: everything goes to its own endpoints.
  void add_plain_rule(const Service& service, const ServicePort& port, const std::string& name, Frontend& frontend) {
    std::string id = stable_id("s", name);
    BackendTarget backend{.service = service.name, .weight = 1, .share = kBuckets};
    for (const Endpoint& e : services_.endpoints(service, port)) backend.servers.push_back(server_of(e));
    out_.targets[id] = {.space = service.space, .salt = service.space, .backends = {std::move(backend)}};
    out_.structure.rules[id] = {.id = id, .slots = 1};
    if (frontend.http) {
      frontend.entries.push_back({{}, id});
    } else {
      frontend.tcp_rule = id;
      out_.structure.tcp_rules.push_back(id);
    }
  }

  void add_frontend(Frontend frontend, std::vector<Candidate> candidates) {
    for (std::size_t i = 0; i < candidates.size(); ++i) candidates[i].order = i;
    std::sort(candidates.begin(), candidates.end(), comes_first);
    for (Candidate& c : candidates) frontend.entries.push_back(std::move(c.entry));
    out_.structure.frontends.push_back(std::move(frontend));
  }

  const std::vector<Route>& routes_;
  const Services& services_;
  const ModelOptions& options_;
  Desired out_;
  std::map<int, std::vector<Candidate>> at_port_;
  std::map<std::tuple<std::string, std::string, int>, std::vector<Candidate>> by_service_;
};

}  // namespace

bool precedes(const Condition& a, const Condition& b) { return rank(a) > rank(b); }

std::vector<Zone> zones_of(const RuleTarget& target) {
  if (!target.zones.empty()) return target.zones;
  std::vector<Zone> out;
  for (std::size_t i = 0; i < target.backends.size(); ++i) out.push_back({i, target.backends[i].share});
  return out;
}

std::vector<int> shares_of(const std::vector<int>& weights) {
  std::int64_t total = 0;
  for (int w : weights) total += w;
  std::vector<int> shares;
  std::int64_t sum = 0;
  int before = 0;
  for (int w : weights) {
    sum += w;
    int end = total == 0 ? 0 : static_cast<int>((sum * kBuckets + total / 2) / total);
    shares.push_back(end - before);
    before = end;
  }
  return shares;
}

Desired desire(const std::vector<Route>& routes, const Services& services, const ModelOptions& options) {
  return Modeller(routes, services, options).make();
}

}  // namespace slipway::gateway
