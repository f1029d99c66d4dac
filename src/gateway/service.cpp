#include "gateway/service.h"

#include <algorithm>

#include "api/meta.h"
#include "base/strings.h"

namespace slipway::gateway {
namespace {

using data::Value;

bool speaks_http(const Value& port) {
  std::string_view protocol = port["appProtocol"].as_string();
  if (port["protocol"].as_string("TCP") != "TCP") return false;
  if (!protocol.empty()) return protocol == "http" || protocol == "kubernetes.io/http";
  std::string_view name = port["name"].as_string();
  return name == "http" || name.starts_with("http-");
}

// The number that a slice gives to the port of this name; 0: not there.
int target_port(const Value& slice, const std::string& name) {
  for (const Value& port : slice["ports"].items()) {
    if (port["name"].as_string("") == name) return static_cast<int>(port["port"].as_int());
  }
  return 0;
}

bool better(const Endpoint& a, const Endpoint& b) {
  return std::pair(a.ready, !a.terminating) > std::pair(b.ready, !b.terminating);
}

}  // namespace

bool is_ipv4(std::string_view text) {
  auto parts = base::split(text, '.');
  return parts.size() == 4 && std::all_of(parts.begin(), parts.end(), [](std::string_view part) {
           auto n = part.size() <= 3 ? base::parse_uint(part) : std::nullopt;
           return n && *n <= 255 && (part.size() == 1 || part[0] != '0');
         });
}

const ServicePort* Service::port(int number) const {
  auto found = std::find_if(ports.begin(), ports.end(), [&](const ServicePort& p) { return p.port == number; });
  return found == ports.end() ? nullptr : &*found;
}

void Services::add_service(const Value& object) {
  Service service{.space = std::string(api::space_of(object)), .name = std::string(api::name_of(object))};
  if (object["spec"]["type"].as_string() == "ExternalName") return;
  if (is_ipv4(object["spec"]["clusterIP"].as_string())) service.address = object["spec"]["clusterIP"].str();
  for (const Value& p : object["spec"]["ports"].items()) {
    if (p["protocol"].as_string("TCP") != "TCP") continue;
    service.ports.push_back({p["name"].str(), static_cast<int>(p["port"].as_int()), speaks_http(p)});
  }
  service.hash = object["spec"]["selector"]["pod-template-hash"].str();
  services_[{service.space, service.name}] = std::move(service);
}

void Services::add_slice(const Value& object) {
  std::string service(api::label(object, "kubernetes.io/service-name"));
  if (service.empty() || object["addressType"].as_string("IPv4") != "IPv4") return;
  slices_[{std::string(api::space_of(object)), service}].push_back(object);
}

const Service* Services::find(const std::string& space, const std::string& name) const {
  auto found = services_.find({space, name});
  return found == services_.end() ? nullptr : &found->second;
}

Names Services::names() const {
  Names names;
  for (const auto& [key, service] : services_) {
    const std::string domain = service.name + "." + service.space + ".svc.cluster.local";
    if (service.address.empty())
      name_pods(names, service, domain);
    else
      names[domain].insert(service.address);
  }
  return names;
}

void Services::name_pods(Names& names, const Service& service, const std::string& domain) const {
  const auto slices = slices_.find({service.space, service.name});
  if (slices == slices_.end()) return;
  for (const Value& slice : slices->second)
    for (const Value& endpoint : slice["endpoints"].items()) {
      const std::string address = endpoint["addresses"].at(0).str();
      if (!is_ipv4(address) || !endpoint["conditions"]["ready"].as_bool(true)) continue;
      names[domain].insert(address);
      if (const Value& host = endpoint["hostname"]; !host.is_empty()) names[host.str() + "." + domain].insert(address);
    }
}

std::vector<Endpoint> Services::endpoints(const Service& service, const ServicePort& port) const {
  std::map<std::pair<std::string, int>, Endpoint> by_address;
  auto slices = slices_.find({service.space, service.name});
  if (slices == slices_.end()) return {};
  for (const Value& slice : slices->second) {
    int number = target_port(slice, port.name);
    if (number <= 0 || number > 65535) continue;
    for (const Value& e : slice["endpoints"].items()) {
      const Value& conditions = e["conditions"];
      Endpoint endpoint{.pod = e["targetRef"]["name"].str(),
                        .uid = e["targetRef"]["uid"].str(),
                        .address = e["addresses"].at(0).str(),
                        .port = number,
                        .ready = conditions["ready"].as_bool(true),
                        .terminating = conditions["terminating"].as_bool()};
      if (!is_ipv4(endpoint.address)) continue;
      auto [place, fresh] = by_address.try_emplace({endpoint.address, number}, endpoint);
      if (!fresh && better(endpoint, place->second)) place->second = endpoint;
    }
  }
  std::vector<Endpoint> out;
  for (auto& [_, endpoint] : by_address) out.push_back(std::move(endpoint));
  return out;
}

}  // namespace slipway::gateway
