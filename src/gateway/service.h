// What the gateway needs to know of Services and EndpointSlices. Pure.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "data/value.h"

namespace slipway::gateway {

struct ServicePort {
  std::string name;
  int port = 0;
  bool http =
      false;  // by appProtocol or by a port name "http", "http-..."; everything else is passed on as a byte stream
  bool operator==(const ServicePort&) const = default;
};

struct Service {
  std::string space, name;
  std::string address;  // spec.clusterIP; empty: headless or not yet allocated
  std::vector<ServicePort> ports;
  std::string hash = {};  // pod-template-hash of the selector: the one version that it serves; empty: any
  bool operator==(const Service&) const = default;

  const ServicePort* port(int number) const;  // null: no such port
};

// One address that answers for a Service port.
struct Endpoint {
  std::string pod;  // name, for people; may be empty
  std::string uid;  // of the pod
  std::string address;
  int port = 0;
  bool ready = false;        // may get new requests
  bool terminating = false;  // still serves, but is on its way out
  auto operator<=>(const Endpoint&) const = default;
};

// DNS names with their IPv4 addresses.
using Names = std::map<std::string, std::set<std::string>>;

// The objects, indexed as the model asks for them. Values share with the caches.
class Services {
 public:
  void add_service(const data::Value& object);
  void add_slice(const data::Value& object);

  const Service* find(const std::string& space, const std::string& name) const;
  const std::map<std::pair<std::string, std::string>, Service>& all() const { return services_; }
  // In address order, of all slices of the Service. Each address once, the usable state winning.
  std::vector<Endpoint> endpoints(const Service& service, const ServicePort& port) const;
  // "web.shop.svc.cluster.local" is the virtual address; of a headless Service, the addresses of all pods that are
  // ready, and those that have a host name, as a StatefulSet's have, get one more: "db-0.db.shop.svc.cluster.local"
  // (Kubernetes documentation, "DNS for Services and Pods").
  Names names() const;

 private:
  void name_pods(Names& names, const Service& service, const std::string& domain) const;

  std::map<std::pair<std::string, std::string>, Service> services_;
  std::map<std::pair<std::string, std::string>, std::vector<data::Value>> slices_;  // by Service
};

// An IPv4 address in dotted form, nothing else.
bool is_ipv4(std::string_view text);

}  // namespace slipway::gateway
