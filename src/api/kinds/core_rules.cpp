#include "api/kinds/core_rules.h"

#include <set>

#include "api/names.h"
#include "api/problems.h"
#include "base/strings.h"

namespace slipway::api::kinds {
namespace {

using data::Value;

void complete_target_ports(Value& spec) {
  for (std::size_t i = 0; i < spec["ports"].size(); ++i) {
    const Value& port = spec["ports"].at(i);
    if ((port["targetPort"].is_null() || port["targetPort"] == Value(0) || port["targetPort"].is_empty()) &&
        !port["port"].is_null())
      spec.member("ports").element(i).set("targetPort", Value(port["port"]));
  }
}

void set_if_null(Value& object, std::string_view field, Value value) {
  if (object[field].is_null()) object.set(field, std::move(value));
}

void check_service_port(const Value& port, bool named, std::set<std::string_view>& names, const Path& at,
                        Problems& problems) {
  const Value& name = port["name"];
  if (name.is_empty()) {
    if (named) problems.push_back(required(at.at("name")));
  } else if (std::string bad = check_dns1123_label(name.as_string()); !bad.empty()) {
    problems.push_back(invalid(at.at("name"), name, bad));
  } else if (!names.insert(name.as_string()).second) {
    problems.push_back(duplicate(at.at("name"), name));
  }
  const Value& target = port["targetPort"];
  if (target.is_int() && (target.as_int() < 1 || target.as_int() > 65535))
    problems.push_back(invalid(at.at("targetPort"), target, "must be between 1 and 65535, inclusive"));
  if (target.is_string())
    if (std::string bad = check_port_name(target.as_string()); !bad.empty())
      problems.push_back(invalid(at.at("targetPort"), target, bad));
}

void check_service_ports(const Value& spec, const Path& at, Problems& problems) {
  const Value& ports = spec["ports"];
  const Path list = at.at("ports");
  const bool headless = spec["clusterIP"].as_string() == "None";
  if (ports.is_empty() && !headless && spec["type"].as_string() != "ExternalName") problems.push_back(required(list));
  std::set<std::string_view> names;
  std::set<std::pair<std::int64_t, std::string_view>> numbers;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const Path here = list.at(i);
    check_service_port(ports.at(i), ports.size() > 1, names, here, problems);
    if (!numbers.insert({ports.at(i)["port"].as_int(), ports.at(i)["protocol"].as_string()}).second)
      problems.push_back(duplicate(here, ports.at(i)));
  }
}

void check_cluster_ip(const Value& spec, const Value& old, const Path& at, Problems& problems) {
  const Value& ip = spec["clusterIP"];
  const Path here = at.at("clusterIP");
  if (!ip.is_empty() && ip.as_string() != "None")
    if (std::string bad = check_ip(ip.as_string()); !bad.empty()) problems.push_back(invalid(here, ip, bad));
  const Value& was = old["clusterIP"];
  if (!was.is_empty() && ip != was && old["type"].as_string() != "ExternalName" &&
      spec["type"].as_string() != "ExternalName")
    problems.push_back(invalid(here, ip, "field is immutable"));
}

void check_keys(const Value& map, const Path& at, Problems& problems) {
  for (const data::Member& m : map.members())
    if (std::string bad = check_config_key(m.key.view()); !bad.empty())
      problems.push_back(invalid(at.at_key(m.key.view()), Value(m.key.view()), bad));
}

std::size_t text_size(const Value& map) {
  std::size_t total = 0;
  for (const data::Member& m : map.members()) total += m.key.view().size() + m.value.as_string().size();
  return total;
}

}  // namespace

void complete_service(Value& service) {
  if (!service["spec"].is_object()) return;
  Value spec = service["spec"];
  const std::string type = spec["type"].str("ClusterIP");
  complete_target_ports(spec);
  if (type != "ExternalName") {
    set_if_null(spec, "internalTrafficPolicy", "Cluster");
    set_if_null(spec, "ipFamilyPolicy", "SingleStack");
    set_if_null(spec, "ipFamilies", Value::array({"IPv4"}));
  }
  if (type == "NodePort" || type == "LoadBalancer") set_if_null(spec, "externalTrafficPolicy", "Cluster");
  if (type == "LoadBalancer") set_if_null(spec, "allocateLoadBalancerNodePorts", true);
  if (spec["sessionAffinity"].as_string() == "ClientIP" && spec["sessionAffinityConfig"]["clientIP"].is_null())
    spec.set({"sessionAffinityConfig", "clientIP"}, Value::object());
  if (spec != service["spec"]) service.set("spec", std::move(spec));
}

void check_service(const Value& service, const Value& old, std::vector<base::Cause>& problems) {
  const Path at{nullptr, "spec"};
  const Value& spec = service["spec"];
  check_service_ports(spec, at, problems);
  check_cluster_ip(spec, old["spec"], at, problems);
  if (spec["type"].as_string() == "ExternalName" && spec["externalName"].is_empty())
    problems.push_back(required(at.at("externalName")));
}

void complete_namespace(Value& ns) {
  const Value& name = ns["metadata"]["name"];
  if (!name.is_empty() && ns["metadata"]["labels"]["kubernetes.io/metadata.name"] != name)
    ns.set({"metadata", "labels", "kubernetes.io/metadata.name"}, Value(name));
}

void begin_namespace(Value& ns) { ns.set({"spec", "finalizers"}, Value::array({"kubernetes"})); }

void complete_secret(Value& secret) {
  if (secret["stringData"].is_null()) return;
  const Value plain = secret["stringData"];
  for (const data::Member& m : plain.members())
    secret.set({"data", m.key.view()}, base::base64_encode(m.value.as_string()));
  secret.erase("stringData");
}

void check_config(const Value& object, const Value& old, std::vector<base::Cause>& problems) {
  constexpr std::size_t kLimit = 1 << 20;
  const Path root, data = root.at("data"), binary = root.at("binaryData");
  check_keys(object["data"], data, problems);
  check_keys(object["binaryData"], binary, problems);
  for (const data::Member& m : object["binaryData"].members())
    if (object["data"].has(m.key.view()))
      problems.push_back(invalid(binary.at_key(m.key.view()), m.key.view(), "duplicate of key present in data"));
  if (text_size(object["data"]) + text_size(object["binaryData"]) > kLimit) problems.push_back(too_long(data, kLimit));
  if (!old["immutable"].as_bool()) return;
  if (!object["immutable"].as_bool())
    problems.push_back(forbidden(root.at("immutable"), "field is immutable when `immutable` is set"));
  if (object["data"] != old["data"]) problems.push_back(forbidden(data, "field is immutable when `immutable` is set"));
  if (object["binaryData"] != old["binaryData"])
    problems.push_back(forbidden(binary, "field is immutable when `immutable` is set"));
}

void complete_role_binding(Value& binding) {
  for (std::size_t i = 0; i < binding["subjects"].size(); ++i) {
    const Value& subject = binding["subjects"].at(i);
    const std::string_view kind = subject["kind"].as_string();
    if (subject["apiGroup"].is_empty() && (kind == "User" || kind == "Group"))
      binding.member("subjects").element(i).set("apiGroup", "rbac.authorization.k8s.io");
  }
}

}  // namespace slipway::api::kinds
