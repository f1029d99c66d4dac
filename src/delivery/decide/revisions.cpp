#include "delivery/decide/revisions.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "api/meta.h"
#include "api/resource.h"
#include "control/pod_template.h"
#include "delivery/decide/config.h"
#include "delivery/decide/replicas.h"
#include "delivery/names.h"

namespace slipway::delivery {
namespace {

using data::Value;

std::string name_of(const Turn& turn, std::string_view hash) {
  return fmt::format("{}-revision-{}", api::name_of(turn.o.release), hash);
}

// Null: it cannot be seen any more. Of pods that are replaced in place only what is asked for now can be.
Value seen_template(const Turn& turn, const Revision& revision) {
  if (turn.o.in_place()) return asks_for(turn.o, revision) ? turn.o.workload["spec"]["template"] : Value();
  const Version* version = turn.o.find(revision.hash);
  if (version) return control::without_hash_label(version->rs["spec"]["template"]);
  // Its ConfigMaps may be edited before it has a ReplicaSet.
  return !revision.config.empty() && asks_for(turn.o, revision) ? turn.o.asked_template() : Value();
}

Value revision_object(const Turn& turn, const Revision& revision, const Value& pod_template, const Value& config) {
  Value data =
      Value::object({{"template", without_copies(pod_template, api::name_of(turn.o.release), revision.config)}});
  if (config.size() > 0) data.set("config", config);
  const Value labels =
      Value::object({{kReleaseLabel, api::name_of(turn.o.release)}, {control::kTemplateHashLabel, revision.hash}});
  return Value::object({{"apiVersion", api::kControllerRevisions.api_version()},
                        {"kind", api::kControllerRevisions.kind},
                        {"metadata", Value::object({{"name", name_of(turn, revision.hash)},
                                                    {"namespace", api::space_of(turn.o.release)},
                                                    {"labels", labels},
                                                    {"ownerReferences", Value::array({api::controller_reference(
                                                                            turn.o.release, api::kReleases)})}})},
                        {"data", std::move(data)},
                        {"revision", revision.number}});
}

void keep(Turn& turn, const Revision& revision) {
  if (turn.o.kept.contains(revision.hash)) return;
  const Value pod_template = seen_template(turn, revision);
  if (pod_template.is_null()) return;
  if (const auto config = contents_of(turn, revision))
    turn.act(control::Create{api::kControllerRevisions, revision_object(turn, revision, pod_template, *config)});
}

// Every hash that the status still names.
std::set<std::string> named(const State& s) {
  std::set<std::string> out;
  if (s.stable) out.insert(s.stable->hash);
  if (s.candidate) out.insert(s.candidate->hash);
  if (s.rejected) out.insert(s.rejected->hash);
  for (const VariantState& v : s.variants) out.insert(v.hash);
  for (const Value& entry : s.history.items()) out.insert(entry["hash"].str());
  return out;
}

// Of a Deployment that was made anew, say: two ReplicaSets of one template would make it choose one of them.
bool is_there_by_another_name(const Turn& turn, const Value& pod_template) {
  return std::ranges::any_of(turn.o.versions, [&](const Version& v) {
    return control::same_template(v.rs["spec"]["template"], pod_template);
  });
}

}  // namespace

// Reads it from the API: caches keep only that it is there.
Value template_of_kept(Turn& turn, std::string_view hash) {
  const auto found = turn.o.kept.find(std::string(hash));
  if (found == turn.o.kept.end()) return {};
  const KeptRevision& kept = found->second;
  if (kept.pod_template.is_object()) return kept.pod_template;
  read_object(turn, revision_fact(turn.o.release, hash), api::kControllerRevisions, name_of(turn, hash), kept.pending,
              kept.failed_at);
  return {};
}

void keep_revisions(Turn& turn) {
  const State& s = turn.s;
  if (s.stable) keep(turn, *s.stable);
  if (s.candidate && (!s.stable || s.candidate->hash != s.stable->hash)) keep(turn, *s.candidate);
  for (const VariantState& v : s.variants)
    if (!v.config.empty() && (!s.candidate || v.hash != s.candidate->hash)) keep(turn, v);
}

void trim_revisions(Turn& turn) {
  const std::set<std::string> in_use = named(turn.s);
  for (const auto& [hash, kept] : turn.o.kept)
    if (!in_use.contains(hash) && !api::is_deleting(kept.object))
      turn.act(control::delete_of(api::kControllerRevisions, kept.object));
}

Value template_of(Turn& turn, std::string_view hash) {
  if (const Version* version = turn.o.in_place() ? nullptr : turn.o.find(hash))
    return control::without_hash_label(version->rs["spec"]["template"]);
  return template_of_kept(turn, hash);
}

Value template_of(Turn& turn, const Revision& revision) {
  return asks_for(turn.o, revision) ? turn.o.asked_template() : template_of(turn, revision.hash);
}

Reach restore_stable(Turn& turn) {
  if (turn.o.in_place()) return Reach::Done;  // pods are made by the workload, and not by a version of it
  if (!turn.s.stable || turn.stable() || turn.s.position.handed_over) return Reach::Done;
  if (!turn.o.workload["spec"]["paused"].as_bool()) return Reach::Done;  // it heals itself
  const Revision& stable = *turn.s.stable;
  const Value wanted = template_of(turn, stable);
  if (wanted.is_null()) {
    if (!turn.o.kept.contains(stable.hash)) return Reach::Done;
    turn.wait(fmt::format("the ReplicaSet of revision {} is gone; reading what it was", stable.number));
    return Reach::Waiting;
  }
  if (is_there_by_another_name(turn, wanted)) return Reach::Done;
  if (ensure_copies(turn, stable) == Reach::Waiting) return Reach::Waiting;
  // Where replicas are the weight, both versions are held, and it grows within the budget.
  const bool shared = turn.s.candidate && turn.plan.capacity == plan::Capacity::Shared;
  turn.act(control::Create{api::kReplicaSets,
                           replica_set_object(turn, stable, wanted, shared ? Holder::Release : Holder::Deployment,
                                              shared ? 0 : turn.o.replicas())});
  if (turn.o.kept.contains(stable.hash)) turn.act(control::Forget{revision_fact(turn.o.release, stable.hash)});
  const std::string text =
      fmt::format("the ReplicaSet of revision {} was deleted by somebody; it is made again", stable.number);
  turn.log("restore", text);
  turn.note(control::Note::Kind::Warning, "ReplicaSetRestored", text);
  turn.wait(text);
  return Reach::Waiting;
}

}  // namespace slipway::delivery
