// Kubernetes objects for the gateway's tests, in few words.
#pragma once

#include <string>
#include <vector>

#include "data/json.h"
#include "data/value.h"

namespace slipway::gateway::test {

using data::Value;

inline Value json(const std::string& text) { return data::parse_json(text).value(); }

inline Value service(const std::string& name, const std::string& address, int port = 80,
                     const std::string& port_name = "http") {
  return Value::object(
      {{"metadata", Value::object({{"namespace", "shop"}, {"name", name}})},
       {"spec", Value::object({{"clusterIP", address},
                               {"ports", Value::array({Value::object({{"name", port_name}, {"port", port}})})}})}});
}

struct Pod {
  std::string name;
  std::string ip;
  bool ready = true;
  bool terminating = false;
  int port = 8080;
};

inline Value slice(const std::string& service, const std::vector<Pod>& pods, const std::string& port_name = "http") {
  Value endpoints = Value::array();
  for (const Pod& p : pods) {
    Value conditions =
        Value::object({{"ready", p.ready && !p.terminating}, {"serving", p.ready}, {"terminating", p.terminating}});
    Value target = Value::object({{"kind", "Pod"}, {"name", p.name}, {"uid", "uid-" + p.name}});
    endpoints.push_back(
        Value::object({{"addresses", Value::array({p.ip})}, {"conditions", conditions}, {"targetRef", target}}));
  }
  int port = pods.empty() ? 8080 : pods[0].port;
  Value labels = Value::object({{"kubernetes.io/service-name", service}});
  return Value::object(
      {{"metadata", Value::object({{"namespace", "shop"}, {"name", service + "-x"}, {"labels", labels}})},
       {"addressType", "IPv4"},
       {"endpoints", endpoints},
       {"ports", Value::array({Value::object({{"name", port_name}, {"port", port}})})}});
}

inline Value route(const std::string& name, const std::string& spec, std::int64_t generation = 1,
                   const std::string& annotations = "{}") {
  return Value::object({{"metadata", Value::object({{"namespace", "shop"},
                                                    {"name", name},
                                                    {"uid", "uid-" + name},
                                                    {"generation", generation},
                                                    {"creationTimestamp", "2026-11-23T12:00:00Z"},
                                                    {"annotations", json(annotations)}})},
                        {"spec", json(spec)}});
}

// A route of the gateway with one rule: {"web", 90}, {"web-canary", 10}.
inline Value weighted(const std::string& name, const std::vector<std::pair<std::string, int>>& backends,
                      std::int64_t generation = 1, const std::string& annotations = "{}") {
  Value refs = Value::array();
  for (const auto& [service, weight] : backends) {
    refs.push_back(Value::object({{"name", service}, {"port", 80}, {"weight", weight}}));
  }
  Value out = route(name, "{}", generation, annotations);
  out.set("spec", Value::object({{"parentRefs", Value::array({Value::object({{"name", "slipway"}})})},
                                 {"rules", Value::array({Value::object({{"backendRefs", refs}})})}}));
  return out;
}

}  // namespace slipway::gateway::test
