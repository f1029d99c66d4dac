#include "delivery/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "api/meta.h"
#include "base/hash.h"
#include "data/json.h"

namespace slipway::delivery {
namespace {

using data::Value;

constexpr std::size_t kHashDigits = 16;
constexpr std::size_t kNameDigits = 10;
constexpr std::size_t kNameLimit = 253;
constexpr std::size_t kShownDigits = 8;

// Called with every object that names a ConfigMap, and its path; what it returns takes its place.
using Visit = std::function<Value(const Value& source, const std::string& path)>;

// The member of an object, when it is there.
void visit_member(Value& object, const char* key, const std::string& path, const Visit& visit) {
  if (const Value& source = object[key]; source.is_object()) object.set(key, visit(source, path + "." + key));
}

void visit_items(Value& object, const char* key, const std::string& path,
                 const std::function<void(Value&, const std::string&)>& each) {
  Value list = object[key];
  if (!list.is_array()) return;
  for (std::size_t i = 0; i < list.size(); ++i) {
    Value item = list.at(i);
    each(item, fmt::format("{}.{}[{}]", path, key, i));
    list.set_at(i, std::move(item));
  }
  object.set(key, std::move(list));
}

void visit_container(Value& container, const std::string& path, const Visit& visit) {
  visit_items(container, "envFrom", path,
              [&](Value& from, const std::string& at) { visit_member(from, "configMapRef", at, visit); });
  visit_items(container, "env", path, [&](Value& env, const std::string& at) {
    Value from = env["valueFrom"];
    if (!from["configMapKeyRef"].is_object()) return;
    visit_member(from, "configMapKeyRef", at + ".valueFrom", visit);
    env.set("valueFrom", std::move(from));
  });
}

void visit_volume(Value& volume, const std::string& path, const Visit& visit) {
  visit_member(volume, "configMap", path, visit);
  Value projected = volume["projected"];
  if (!projected.is_object()) return;
  visit_items(projected, "sources", path + ".projected",
              [&](Value& source, const std::string& at) { visit_member(source, "configMap", at, visit); });
  volume.set("projected", std::move(projected));
}

Value visit_template(const Value& pod_template, const Visit& visit) {
  Value spec = pod_template["spec"];
  if (!spec.is_object()) return pod_template;
  for (const char* containers : {"initContainers", "containers"})
    visit_items(spec, containers, "spec",
                [&](Value& container, const std::string& path) { visit_container(container, path, visit); });
  visit_items(spec, "volumes", "spec",
              [&](Value& volume, const std::string& path) { visit_volume(volume, path, visit); });
  return pod_template.with("spec", std::move(spec));
}

Value renamed(const Value& pod_template, const std::map<std::string, std::string>& names) {
  if (names.empty()) return pod_template;
  return visit_template(pod_template, [&](const Value& source, const std::string&) {
    const auto found = names.find(source["name"].str());
    return found == names.end() ? source : source.with("name", found->second);
  });
}

}  // namespace

bool has_versioned_config(const Value& release) {
  return release["spec"]["config"]["configMaps"].as_string() == "Versioned";
}

std::vector<ConfigReference> config_references(const Value& release, const Value& pod_template) {
  const auto except = release["spec"]["config"]["except"].items();
  std::map<std::string, ConfigReference> found;
  visit_template(pod_template, [&](const Value& source, const std::string& path) {
    const std::string name = source["name"].str();
    if (name.empty() || std::ranges::any_of(except, [&](const Value& v) { return v.as_string() == name; }))
      return source;
    const bool optional = source["optional"].as_bool();
    const auto [entry, is_new] = found.try_emplace(name, ConfigReference{name, optional, path});
    entry->second.optional = entry->second.optional && optional;
    return source;
  });
  std::vector<ConfigReference> out;
  for (auto& [name, reference] : found) out.push_back(std::move(reference));
  return out;
}

Value content_of(const Value& config_map) {
  Value out = Value::object();
  for (const char* part : {"data", "binaryData"})
    if (config_map[part].size() > 0) out.set(part, config_map[part]);
  return out;
}

std::string content_hash(const Value& config_map) {
  if (config_map[kKeptContentHash].is_string()) return config_map[kKeptContentHash].str();
  return base::sha256_hex(data::to_json(content_of(config_map))).substr(0, kHashDigits);
}

std::string copy_name(std::string_view release, std::string_view config_map, std::string_view hash) {
  const std::string end =
      hash == kAbsentConfig
          ? std::string(kAbsentConfig)
          : base::sha256_hex(fmt::format("{}/{}/{}", release, config_map, hash)).substr(0, kNameDigits);
  std::string start(config_map.substr(0, kNameLimit - kNameDigits - 1));
  while (!start.empty() && (start.back() == '.' || start.back() == '-')) start.pop_back();
  return fmt::format("{}-{}", start, end);
}

Value with_copies(const Value& pod_template, std::string_view release, const ConfigHashes& hashes) {
  std::map<std::string, std::string> names;
  for (const auto& [name, hash] : hashes) names[name] = copy_name(release, name, hash);
  return renamed(pod_template, names);
}

Value without_copies(const Value& pod_template, std::string_view release, const ConfigHashes& hashes) {
  std::map<std::string, std::string> names;
  for (const auto& [name, hash] : hashes) names[copy_name(release, name, hash)] = name;
  return renamed(pod_template, names);
}

std::string to_text(const ConfigHashes& hashes) {
  std::string out;
  for (const auto& [name, hash] : hashes)
    out += fmt::format("{}{}@{}", out.empty() ? "" : ", ", name, hash.substr(0, kShownDigits));
  return out;
}

Value to_value(const ConfigHashes& hashes) {
  Value out = Value::object();
  for (const auto& [name, hash] : hashes) out.set(name, hash);
  return out;
}

ConfigHashes config_hashes(const Value& value) {
  ConfigHashes out;
  for (const data::Member& m : value.members()) out[std::string(m.key.view())] = m.value.str();
  return out;
}

ConfigHashes kept_hashes(const Value& kept) {
  ConfigHashes out;
  for (const data::Member& m : kept.members()) out[std::string(m.key.view())] = m.value["hash"].str();
  return out;
}

}  // namespace slipway::delivery
