#include "delivery/decide/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "api/meta.h"
#include "api/resource.h"
#include "control/mutants.h"
#include "control/pod_template.h"
#include "data/json.h"
#include "data/patch.h"
#include "delivery/decide/revisions.h"
#include "delivery/names.h"

namespace slipway::delivery {
namespace {

using control::Mutant;
using control::mutant;
using data::Value;

bool is_absent(const std::string& hash) { return hash == kAbsentConfig; }

// Reads the user's ConfigMap; again when what was read is not what is there any more.
void read_live(Turn& turn, const std::string& name, const LiveConfig& live) {
  const std::string id = config_fact(turn.o.release, name);
  if (live.read.is_object()) turn.act(control::Forget{id});
  read_object(turn, id, api::kConfigMaps, name, live.pending, live.failed_at);
}

const LiveConfig& live_of(const Turn& turn, const std::string& name) {
  static const LiveConfig kNone;
  const auto found = turn.o.config.live.find(name);
  return found == turn.o.config.live.end() ? kNone : found->second;
}

// Null: being read, or nobody knows it any more.
Value content_for(Turn& turn, const Revision& revision, const std::string& name, const std::string& hash, bool& lost) {
  const LiveConfig& live = live_of(turn, name);
  if (live.read.is_object() && content_hash(live.read) == hash) return content_of(live.read);
  const auto kept = turn.o.kept.find(revision.hash);
  const bool is_kept = kept != turn.o.kept.end();
  if (is_kept && kept->second.config[name]["hash"] == hash) return content_of(kept->second.config[name]);
  if (live.hash == hash) {
    read_live(turn, name, live);
    turn.wait(fmt::format("reading ConfigMap {}", name));
  } else if (is_kept && kept->second.config.is_null()) {
    template_of_kept(turn, revision.hash);
    turn.wait(fmt::format("reading what was in ConfigMap {} in revision {}", name, revision.number));
  } else {
    lost = true;
    turn.wait(fmt::format("nobody knows any more what was in ConfigMap {} in revision {}", name, revision.number));
  }
  return {};
}

Value copy_object(const Turn& turn, const std::string& name, const std::string& hash, const Value& content) {
  const Value& release = turn.o.release;
  Value out = content;
  out.erase("hash");
  out.set("apiVersion", api::kConfigMaps.api_version());
  out.set("kind", api::kConfigMaps.kind);
  out.set("immutable", true);
  out.set("metadata",
          Value::object({{"name", copy_name(api::name_of(release), name, hash)},
                         {"namespace", api::space_of(release)},
                         {"labels", Value::object({{kReleaseLabel, api::name_of(release)}})},
                         {"annotations", Value::object({{kConfigAnnotation, name}})},
                         {"ownerReferences", Value::array({api::controller_reference(release, api::kReleases)})}}));
  return out;
}

std::vector<std::string> missing_copies(const Turn& turn, const Revision& revision) {
  std::vector<std::string> out;
  if (mutant(Mutant::PodsBeforeConfig)) return out;
  for (const auto& [name, hash] : revision.config)
    if (!is_absent(hash) && !turn.o.config.copies.contains(copy_name(api::name_of(turn.o.release), name, hash)))
      out.push_back(name);
  return out;
}

// False: nothing to make them of, for now.
bool make_copies(Turn& turn, const Revision& revision, const std::vector<std::string>& names, bool* lost = nullptr) {
  const auto contents = contents_of(turn, revision, lost);
  if (!contents) return false;
  for (const std::string& name : names)
    turn.act(control::Create{api::kConfigMaps, copy_object(turn, name, revision.config.at(name), (*contents)[name])});
  return true;
}

bool is_ours(const Turn& turn, const Value& copy) {
  return api::controller_of(copy)["uid"].as_string() == api::uid_of(turn.o.release);
}

// Left behind by a Release of this name that was deleted: with this one again.
void own_copies(Turn& turn, const Revision& revision) {
  const Value owners = Value::array({api::controller_reference(turn.o.release, api::kReleases)});
  for (const auto& [name, hash] : revision.config) {
    const auto copy = turn.o.config.copies.find(copy_name(api::name_of(turn.o.release), name, hash));
    if (copy == turn.o.config.copies.end() || is_ours(turn, copy->second)) continue;
    turn.act(patch_of(api::kConfigMaps, copy->second,
                      Value::object({{"metadata", Value::object({{"ownerReferences", owners}})}})));
  }
}

std::vector<const Revision*> in_use(const State& s) {
  std::vector<const Revision*> out;
  if (s.stable) out.push_back(&*s.stable);
  if (s.candidate) out.push_back(&*s.candidate);
  for (const VariantState& v : s.variants) out.push_back(&v);
  return out;
}

// The names of ConfigMaps in its template, copies among them.
std::set<std::string> names_in(const Version& version) {
  std::set<std::string> out;
  for (const ConfigReference& r : config_references(data::kNull, version.rs["spec"]["template"])) out.insert(r.name);
  return out;
}

Value owner_of_copy(const Version& version) {
  return Value::object({{"apiVersion", api::kReplicaSets.api_version()},
                        {"kind", api::kReplicaSets.kind},
                        {"name", version.name},
                        {"uid", api::uid_of(version.rs)}});
}

}  // namespace

bool is_config_missing(const Turn& turn) { return turn.o.config.versioned && !turn.o.config.missing.empty(); }

bool has_settled(Turn& turn) {
  if (!turn.o.config.versioned) return true;
  Asking& asking = turn.s.asking;
  const std::string identity = control::template_hash(turn.o.asked_template());
  if (asking.identity != identity || !asking.since) asking = {identity, turn.now};
  const base::Time end = *asking.since + kAskedSettle;
  if (turn.now >= end) return true;
  turn.wake_at(end);
  turn.wait("a new version is asked for; it begins when its ConfigMaps and its template have stood still for 3s");
  return false;
}

void expect(Turn& turn, const Value& pod_template) {
  turn.s.asking = {control::template_hash(pod_template), turn.now - kAskedSettle};
}

std::optional<Value> contents_of(Turn& turn, const Revision& revision, bool* lost) {
  Value out = Value::object();
  bool all = true, unknown = false;
  for (const auto& [name, hash] : revision.config) {
    Value content = is_absent(hash) ? Value::object() : content_for(turn, revision, name, hash, unknown);
    all = all && content.is_object();
    if (all) out.set(name, content.with("hash", hash));
  }
  if (lost) *lost = unknown;
  return all ? std::optional(std::move(out)) : std::nullopt;
}

bool can_keep_contents(Turn& turn, const Revision& next) {
  const auto contents = contents_of(turn, next);
  if (!contents) return false;
  if (next.config.empty() || data::to_json(*contents).size() <= kConfigLimit) return true;
  turn.s.phase = Phase::Invalid;
  turn.wait(
      fmt::format("the ConfigMaps of Deployment {} are larger than the {} bytes that a revision can keep: take the "
                  "largest out with spec.config.except",
                  api::name_of(turn.o.workload), kConfigLimit));
  return false;
}

Reach ensure_copies(Turn& turn, const Revision& revision) {
  const std::vector<std::string> missing = missing_copies(turn, revision);
  if (missing.empty()) return Reach::Done;
  if (make_copies(turn, revision, missing)) turn.wait("copying its ConfigMaps");
  return Reach::Waiting;
}

void keep_copies(Turn& turn) {
  for (const Revision* revision : in_use(turn.s)) {
    own_copies(turn, *revision);
    if (!turn.o.find(revision->hash)) continue;
    const std::vector<std::string> missing = missing_copies(turn, *revision);
    if (missing.empty()) continue;
    bool lost = false;
    const bool made = make_copies(turn, *revision, missing, &lost);
    if (!made && !lost) continue;  // being read
    const std::string text =
        fmt::format("the copy of ConfigMap {} of revision {} was deleted by somebody; {}", missing.front(),
                    revision->number, made ? "it is made again" : "nobody knows any more what was in it");
    turn.note(control::Note::Kind::Warning, made ? "ConfigRestored" : "ConfigLost", text);
    if (made) turn.log("config.restore", text);
  }
}

void forget_contents(Turn& turn) {
  for (const auto& [name, live] : turn.o.config.live)
    if (live.read.is_object()) turn.act(control::Forget{config_fact(turn.o.release, name)});
  for (const auto& [hash, kept] : turn.o.kept)
    if (kept.config.size() > 0) turn.act(control::Forget{revision_fact(turn.o.release, hash)});
}

void trim_copies(Turn& turn) {
  if (!turn.s.kept_pods.empty()) return;  // their containers may start again
  std::set<std::string> needed;
  for (const Version& v : turn.o.versions) needed.merge(names_in(v));
  for (const Revision* revision : in_use(turn.s))
    for (const auto& [name, hash] : revision->config)
      needed.insert(copy_name(api::name_of(turn.o.release), name, hash));
  for (const auto& [name, copy] : turn.o.config.copies)
    if (is_ours(turn, copy) && (!needed.contains(name) || mutant(Mutant::TrimConfigInUse)))
      turn.act(control::delete_of(api::kConfigMaps, copy));
}

Reach leave_copies(Turn& turn) {
  for (const auto& [name, copy] : turn.o.config.copies) {
    if (!is_ours(turn, copy)) continue;
    Value owners = Value::array();
    for (const Version& v : turn.o.versions)
      if (names_in(v).contains(name)) owners.push_back(owner_of_copy(v));
    if (owners.size() == 0) continue;  // goes with the Release
    turn.act(patch_of(api::kConfigMaps, copy,
                      Value::object({{"metadata", Value::object({{"ownerReferences", std::move(owners)}})}})));
  }
  return turn.acts() ? Reach::Waiting : Reach::Done;
}

RestoreConfig restore_config(Turn& turn, const Value& kept) {
  RestoreConfig out;
  const auto say = [&out](const std::string& name) {
    out.text += (out.text.empty() ? "ConfigMap " : ", ConfigMap ") + name;
  };
  for (const data::Member& m : kept.members()) {
    const std::string name(m.key.view());
    const LiveConfig& live = live_of(turn, name);
    const Value wanted = content_of(m.value);
    if (m.value["hash"] == live.hash || m.value["hash"].as_string() == kAbsentConfig) continue;
    if (live.hash.empty()) {
      Value made = wanted;
      made.set("apiVersion", api::kConfigMaps.api_version());
      made.set("kind", api::kConfigMaps.kind);
      made.set("metadata", Value::object({{"name", name}, {"namespace", api::space_of(turn.o.release)}}));
      out.effects.push_back(control::Create{api::kConfigMaps, std::move(made)});
    } else if (live.read.is_object() && content_hash(live.read) == live.hash) {
      out.effects.push_back(
          patch_of(api::kConfigMaps, live.read, data::diff_merge_patch(content_of(live.read), wanted)));
    } else {
      read_live(turn, name, live);
      out.reach = Reach::Waiting;
    }
    say(name);
  }
  return out;
}

}  // namespace slipway::delivery
