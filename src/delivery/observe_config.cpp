#include "delivery/observe_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "api/meta.h"
#include "api/resource.h"
#include "delivery/names.h"

namespace slipway::delivery {
namespace {

using control::World;
using data::Value;

// Templates, or parts of them, that may name ConfigMaps: the workload's, and what a test changes of it.
std::vector<Value> templates_of(const Value& release, const Value& workload) {
  std::vector<Value> out = {workload["spec"]["template"]};
  for (const Value& variant : release["spec"]["strategy"]["abTest"]["variants"].items())
    if (variant["template"].is_object()) out.push_back(variant["template"]);
  return out;
}

LiveConfig live_config(const World& world, const Value& release, const std::string& name) {
  LiveConfig out;
  const Value& found = world.find(api::kConfigMaps, {std::string(api::space_of(release)), name});
  if (found.is_object() && !api::is_deleting(found)) out.hash = content_hash(found);
  const std::string id = config_fact(release, name);
  out.pending = world.is_pending(id);
  if (const control::Fact* fact = world.fact(id)) {
    if (fact->answer && fact->answer->is_object())
      out.read = *fact->answer;
    else
      out.failed_at = fact->answered;
  }
  return out;
}

// What the versions of this Release read of it, the newest that is asked for first; empty: nobody does.
std::string known_hash(const Value& status, const std::string& name) {
  for (const char* version : {"candidate", "stable", "rejected"})
    if (const Value& hash = status[version]["config"][name]; hash.is_string()) return hash.str();
  for (const Value& variant : status["variants"].items())
    if (const Value& hash = variant["config"][name]; hash.is_string()) return hash.str();
  return "";
}

// Those that we made, and those that an earlier Release of this name left behind.
void observe_copies(const World& world, Observation& o) {
  const auto add = [&o](const Value& copy) {
    if (copy.is_object() && !api::is_deleting(copy)) o.config.copies[std::string(api::name_of(copy))] = copy;
  };
  for (const Value& copy : world.cache(api::kConfigMaps).owned_by(api::uid_of(o.release))) add(copy);
  const Value& status = o.release["status"];
  for (const char* version : {"stable", "candidate"})
    for (const auto& [name, hash] : config_hashes(status[version]["config"])) {
      const Value& copy = world.find(
          api::kConfigMaps, {std::string(api::space_of(o.release)), copy_name(api::name_of(o.release), name, hash)});
      if (copy["immutable"].as_bool() && content_hash(copy) == hash) add(copy);
    }
}

}  // namespace

ConfigHashes config_of(const Observation& o, const Value& pod_template, std::string& missing) {
  ConfigHashes out;
  for (const ConfigReference& reference : config_references(o.release, pod_template)) {
    const auto live = o.config.live.find(reference.name);
    std::string hash = live == o.config.live.end() ? "" : live->second.hash;
    if (hash.empty()) hash = reference.optional ? kAbsentConfig : known_hash(o.release["status"], reference.name);
    if (!hash.empty())
      out[reference.name] = std::move(hash);
    else if (missing.empty())
      missing = fmt::format("ConfigMap {} does not exist: spec.template.{} of {} {} names it", reference.name,
                            reference.path, plan::to_text(o.kind), api::name_of(o.workload));
  }
  return out;
}

void observe_config(const World& world, Observation& o) {
  if (o.in_place()) return;
  observe_copies(world, o);
  o.config.versioned = has_versioned_config(o.release);
  if (!o.config.versioned || o.workload.is_null()) return;
  for (const std::string& name : config_maps_of(o)) o.config.live[name] = live_config(world, o.release, name);
  if (const std::string why = absence_of(world, api::kConfigMaps); !why.empty())
    o.config.missing = why;
  else
    resolve_config(o);
}

std::vector<std::string> config_maps_of(const Observation& o) {
  std::vector<std::string> out = config_maps_of(o.release, o.workload);
  for (const auto& [hash, kept] : o.kept)
    for (const data::Member& m : kept.config.members()) out.emplace_back(m.key.view());
  return out;
}

void resolve_config(Observation& o) {
  const Value& asked = o.workload["spec"]["template"];
  o.config.asked = config_of(o, asked, o.config.missing);
  if (o.config.missing.empty()) o.config.asked_template = with_copies(asked, api::name_of(o.release), o.config.asked);
}

void read_kept(KeptRevision& kept, const Value& release, const Value& data) {
  kept.config = data["config"];
  kept.pod_template = with_copies(data["template"], api::name_of(release), kept_hashes(kept.config));
}

Value asked_template_of(const Value& release, const Value& workload, const std::map<std::string, Value>& config_maps) {
  const Value& plain = workload["spec"]["template"];
  if (!has_versioned_config(release)) return plain;
  Observation o{.release = release, .workload = workload, .kind = plan::target_kind_of(release)};
  for (const auto& [name, object] : config_maps)
    if (object.is_object()) o.config.live[name].hash = content_hash(object);
  std::string missing;
  const ConfigHashes hashes = config_of(o, plain, missing);
  return missing.empty() ? with_copies(plain, api::name_of(release), hashes) : Value();
}

std::vector<std::string> config_maps_of(const Value& release, const Value& workload) {
  std::vector<std::string> out;
  if (!has_versioned_config(release)) return out;
  for (const Value& pod_template : templates_of(release, workload))
    for (ConfigReference& reference : config_references(release, pod_template))
      out.push_back(std::move(reference.name));
  std::ranges::sort(out);
  out.erase(std::ranges::unique(out).begin(), out.end());
  return out;
}

bool uses_config(const Value& release, const Value& workload, std::string_view config_map) {
  return std::ranges::any_of(config_maps_of(release, workload), [&](const std::string& n) { return n == config_map; });
}

}  // namespace slipway::delivery
