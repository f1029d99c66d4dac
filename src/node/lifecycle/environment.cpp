#include "node/lifecycle/environment.h"

#include <algorithm>

#include "api/meta.h"
#include "base/strings.h"
#include "data/quantity.h"
#include "node/lifecycle/field_ref.h"

namespace slipway::node::lifecycle {

using base::Code;
using base::Result;
using data::Value;

namespace {

bool is_variable_name(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  return std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '-' || c == '.'; });
}

void put(Environment& env, std::string name, std::string value) {
  const auto it = std::find_if(env.begin(), env.end(), [&](const auto& pair) { return pair.first == name; });
  if (it != env.end())
    it->second = std::move(value);
  else
    env.emplace_back(std::move(name), std::move(value));
}

// "web-app" -> "WEB_APP"
std::string variable_of(std::string_view service) {
  std::string out(service);
  for (char& c : out) c = c == '-' || c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

void put_service(Environment& env, const Value& service) {
  const std::string ip = service["spec"]["clusterIP"].str(), base = variable_of(api::name_of(service));
  const auto ports = service["spec"]["ports"].items();
  if (ip.empty() || ip == "None" || ports.empty()) return;
  put(env, base + "_SERVICE_HOST", ip);
  put(env, base + "_SERVICE_PORT", std::to_string(ports[0]["port"].as_int()));
  for (const Value& p : ports) {
    if (p.has("name"))
      put(env, base + "_SERVICE_PORT_" + variable_of(p["name"].as_string()), std::to_string(p["port"].as_int()));
  }
  const std::string first_url = base::to_lower(ports[0]["protocol"].as_string("TCP")) + "://" + ip + ":" +
                                std::to_string(ports[0]["port"].as_int());
  put(env, base + "_PORT", first_url);
  for (const Value& p : ports) {
    const std::string protocol = p["protocol"].str("TCP"), port = std::to_string(p["port"].as_int());
    const std::string prefix = base + "_PORT_" + port + "_" + protocol;
    put(env, prefix, base::to_lower(protocol) + "://" + ip + ":" + port);
    put(env, prefix + "_PROTO", base::to_lower(protocol));
    put(env, prefix + "_PORT", port);
    put(env, prefix + "_ADDR", ip);
  }
}

Result<void> put_all(Environment& env, const Value& from, const Lookup& lookup) {
  const bool secret = from.has("secretRef");
  const Value& ref = secret ? from["secretRef"] : from["configMapRef"];
  const Value& object = secret ? lookup.secret(ref["name"].as_string()) : lookup.config_map(ref["name"].as_string());
  if (object.is_null()) {
    if (ref["optional"].as_bool()) return {};
    return base::fail(Code::Invalid,
                      std::string(secret ? "secret" : "configmap") + " \"" + ref["name"].str() + "\" not found");
  }
  for (const auto& [key, bytes] : entries_of(object))
    if (const std::string name = from["prefix"].str() + key; is_variable_name(name)) put(env, name, bytes);
  return {};
}

// nullopt: optional and absent.
Result<std::optional<std::string>> value_from(const Value& pod, const Value& container, const Value& from,
                                              const Lookup& lookup) {
  if (from.has("fieldRef")) {
    auto value = field_of(pod, from["fieldRef"]["fieldPath"].as_string(), lookup);
    if (!value) return base::fail(value.error());
    return std::optional(*value);
  }
  if (from.has("resourceFieldRef")) {
    auto value = resource_of(pod, container, from["resourceFieldRef"], lookup);
    if (!value) return base::fail(value.error());
    return std::optional(*value);
  }
  const bool secret = from.has("secretKeyRef");
  const Value& ref = secret ? from["secretKeyRef"] : from["configMapKeyRef"];
  const Value& object = secret ? lookup.secret(ref["name"].as_string()) : lookup.config_map(ref["name"].as_string());
  const auto found = entry_of(object, ref["key"].as_string());
  if (found || ref["optional"].as_bool()) return found;
  const std::string kind = secret ? "secret" : "configmap";
  if (object.is_null()) return base::fail(Code::Invalid, kind + " \"" + ref["name"].str() + "\" not found");
  return base::fail(Code::Invalid, "couldn't find key " + ref["key"].str() + " in " + kind + " " +
                                       std::string(api::space_of(pod)) + "/" + ref["name"].str());
}

}  // namespace

std::string expand(std::string_view text, const Environment& env) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    if (text[i + 1] == '$') {
      out += '$';
      ++i;
      continue;
    }
    const auto end = text[i + 1] == '(' ? text.find(')', i) : text.npos;
    const std::string_view name = end == text.npos ? "" : text.substr(i + 2, end - i - 2);
    const auto it = std::find_if(env.begin(), env.end(), [&](const auto& pair) { return pair.first == name; });
    if (end == text.npos || it == env.end()) {
      out += '$';
      continue;
    }
    out += it->second;
    i = end;
  }
  return out;
}

Result<Environment> environment_of(const Value& pod, const Value& container, const Image& image, const Lookup& lookup) {
  Environment env = image.env;
  if (std::none_of(env.begin(), env.end(), [](const auto& pair) { return pair.first == "PATH"; }))
    env.emplace_back("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
  put(env, "HOSTNAME", pod["spec"]["hostname"].str(api::name_of(pod)));
  if (pod["spec"]["enableServiceLinks"].as_bool(true))
    for (const Value& service : lookup.services) put_service(env, service);
  for (const Value& from : container["envFrom"].items())
    if (auto done = put_all(env, from, lookup); !done) return base::fail(done.error());
  for (const Value& e : container["env"].items()) {
    if (!e.has("valueFrom")) {
      put(env, e["name"].str(), expand(e["value"].as_string(), env));
      continue;
    }
    auto value = value_from(pod, container, e["valueFrom"], lookup);
    if (!value) return base::fail(value.error());
    if (*value) put(env, e["name"].str(), **value);
  }
  return env;
}

std::vector<std::string> argv_of(const Value& container, const Image& image, const Environment& env) {
  const auto expanded = [&](const Value& list) {
    std::vector<std::string> out;
    for (const Value& s : list.items()) out.push_back(expand(s.as_string(), env));
    return out;
  };
  std::vector<std::string> argv = container["command"].size() > 0 ? expanded(container["command"]) : image.entrypoint;
  const bool own_args = container["args"].size() > 0 || container["command"].size() > 0;
  const std::vector<std::string> rest = own_args ? expanded(container["args"]) : image.command;
  argv.insert(argv.end(), rest.begin(), rest.end());
  return argv;
}

}  // namespace slipway::node::lifecycle
