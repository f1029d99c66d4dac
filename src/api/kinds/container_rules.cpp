#include <fmt/format.h>

#include <set>

#include "api/kinds/pod_rules.h"
#include "api/names.h"
#include "api/problems.h"
#include "data/quantity.h"

namespace slipway::api::kinds {
namespace {

using data::Value;

// A tag of "latest", or none, means an image that may change under its name.
bool may_change(std::string_view image) {
  if (image.contains('@')) return false;
  const std::string_view last = image.substr(image.rfind('/') + 1);
  const std::size_t colon = last.find(':');
  return colon == last.npos || last.substr(colon + 1) == "latest";
}

void complete_container(Value& container) {
  const std::string_view image = container["image"].as_string();
  if (image.empty() || !container["imagePullPolicy"].is_null()) return;
  container.set("imagePullPolicy", may_change(image) ? "Always" : "IfNotPresent");
}

void check_env(const Value& env, const Path& at, Problems& problems) {
  const Value& name = env["name"];
  if (std::string bad = check_env_name(name.as_string()); !name.is_empty() && !bad.empty())
    problems.push_back(invalid(at.at("name"), name, bad));
  const Value& from = env["valueFrom"];
  if (from.is_null()) return;
  if (!env["value"].is_empty())
    problems.push_back(invalid(at.at("valueFrom"), "", "may not be specified when `value` is not empty"));
  if (from.size() != 1) problems.push_back(invalid(at.at("valueFrom"), "", "must specify exactly one source"));
}

void check_port_number_or_name(const Value& port, const Path& at, Problems& problems) {
  if (port.is_int() && (port.as_int() < 1 || port.as_int() > 65535))
    problems.push_back(invalid(at, port, "must be between 1 and 65535, inclusive"));
  if (!port.is_string()) return;
  if (std::string bad = check_port_name(port.as_string()); !bad.empty() || port.is_empty())
    problems.push_back(invalid(at, port, bad.empty() ? "must not be empty" : bad));
}

void check_http_get(const Value& get, const Path& at, Problems& problems) {
  check_port_number_or_name(get["port"], at.at("port"), problems);
}

void check_port(const Value& port, const Path& at, Problems& problems) {
  const Value& name = port["name"];
  if (name.is_empty()) return;
  if (std::string bad = check_port_name(name.as_string()); !bad.empty())
    problems.push_back(invalid(at.at("name"), name, bad));
}

int count_present(const Value& v, std::initializer_list<std::string_view> names) {
  int count = 0;
  for (std::string_view name : names) count += !v[name].is_null();
  return count;
}

void check_one_handler(const Value& v, std::initializer_list<std::string_view> names, const Path& at,
                       Problems& problems) {
  const int count = count_present(v, names);
  if (count == 0) problems.push_back(required(at, "must specify a handler type"));
  if (count > 1) problems.push_back(forbidden(at, "may not specify more than 1 handler type"));
}

void check_probe(const Value& probe, const Path& at, Problems& problems) {
  check_one_handler(probe, {"exec", "httpGet", "tcpSocket", "grpc"}, at, problems);
}

void check_handler(const Value& handler, const Path& at, Problems& problems) {
  check_one_handler(handler, {"exec", "httpGet", "tcpSocket", "sleep"}, at, problems);
}

void check_exec(const Value& exec, const Path& at, Problems& problems) {
  if (exec["command"].is_empty()) problems.push_back(required(at.at("command")));
}

void check_quantities(const Value& list, const Path& at, Problems& problems) {
  for (const data::Member& m : list.members()) {
    auto q = data::Quantity::from_value(m.value);
    if (q && q->milli() < 0)
      problems.push_back(invalid(at.at_key(m.key.view()), m.value, "must be greater than or equal to 0"));
  }
}

void check_resources(const Value& resources, const Path& at, Problems& problems) {
  const Path requests = at.at("requests");
  check_quantities(resources["limits"], at.at("limits"), problems);
  check_quantities(resources["requests"], requests, problems);
  for (const data::Member& m : resources["requests"].members()) {
    const Value& limit = resources["limits"][m.key.view()];
    if (limit.is_null()) continue;
    auto want = data::Quantity::from_value(m.value), most = data::Quantity::from_value(limit);
    if (want && most && *want > *most)
      problems.push_back(
          invalid(requests, m.value,
                  fmt::format("must be less than or equal to {} limit of {}", m.key.view(), limit.as_string())));
  }
}

void check_unique(const Value& list, std::string_view field, const Path& at, Problems& problems) {
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Value& name = list.at(i)[field];
    if (!name.is_empty() && !seen.insert(name.as_string()).second)
      problems.push_back(duplicate(at.at(i).at(field), name));
  }
}

void check_liveness(const Value& container, std::string_view probe, const Path& at, Problems& problems) {
  const Value& successes = container[probe]["successThreshold"];
  if (successes.is_int() && successes.as_int() != 1)
    problems.push_back(invalid(at.at(probe).at("successThreshold"), successes, "must be 1"));
}

void check_container(const Value& container, const Path& at, Problems& problems) {
  const Value& name = container["name"];
  if (std::string bad = check_dns1123_label(name.as_string()); !name.is_empty() && !bad.empty())
    problems.push_back(invalid(at.at("name"), name, bad));
  if (container["image"].is_empty()) problems.push_back(required(at.at("image")));
  const std::string_view image = container["image"].as_string();
  if (!image.empty() && (image.front() == ' ' || image.back() == ' '))
    problems.push_back(invalid(at.at("image"), container["image"], "must not have leading or trailing whitespace"));
  check_unique(container["ports"], "name", at.at("ports"), problems);
  check_unique(container["volumeMounts"], "mountPath", at.at("volumeMounts"), problems);
  check_liveness(container, "livenessProbe", at, problems);
  check_liveness(container, "startupProbe", at, problems);
}

void check_mount(const Value& mount, const Path& at, Problems& problems) {
  for (std::string_view field : {"subPath", "subPathExpr"}) {
    const Value& path = mount[field];
    if (path.as_string().starts_with('/')) problems.push_back(invalid(at.at(field), path, "must be a relative path"));
    if (std::string bad = check_absolute_path(path.as_string()); !bad.empty())
      problems.push_back(invalid(at.at(field), path, bad));
  }
}

}  // namespace

std::map<std::string, TypeRules, std::less<>> container_rules() {
  return {{"Container", {complete_container, check_container}},
          {"EphemeralContainer", {complete_container, check_container}},
          {"EnvVar", {nullptr, check_env}},
          {"ContainerPort", {nullptr, check_port}},
          {"HTTPGetAction", {nullptr, check_http_get}},
          {"TCPSocketAction", {nullptr, check_http_get}},
          {"ExecAction", {nullptr, check_exec}},
          {"Probe", {nullptr, check_probe}},
          {"LifecycleHandler", {nullptr, check_handler}},
          {"ResourceRequirements", {nullptr, check_resources}},
          {"VolumeMount", {nullptr, check_mount}}};
}

}  // namespace slipway::api::kinds
