#include "delivery/decide/revisions.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "api/meta.h"
#include "api/resource.h"
#include "control/pod_template.h"
#include "delivery/decide/config.h"
#include "delivery/decide/workload.h"
#include "delivery/names.h"

namespace slipway::delivery {
namespace {

using data::Value;

std::string name_of(const Turn& turn, std::string_view hash) {
  return fmt::format("{}-revision-{}", api::name_of(turn.o.release), hash);
}

// Null: it cannot be seen any more.
Value seen_template(const Turn& turn, const Revision& revision) {
  Value shown = turn.workload().shown_template(turn, revision.hash);
  if (!shown.is_null()) return shown;
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
  Value shown = turn.workload().shown_template(turn, hash);
  return shown.is_null() ? template_of_kept(turn, hash) : shown;
}

Value template_of(Turn& turn, const Revision& revision) {
  return asks_for(turn.o, revision) ? turn.o.asked_template() : template_of(turn, revision.hash);
}

}  // namespace slipway::delivery
