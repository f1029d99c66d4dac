#include "delivery/decide/preview.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "api/meta.h"
#include "api/resource.h"
#include "base/hash.h"
#include "control/mutants.h"
#include "control/pod_template.h"
#include "delivery/decide/analyses.h"
#include "delivery/decide/revisions.h"
#include "delivery/decide/run_step.h"
#include "delivery/decide/troubles.h"
#include "delivery/names.h"

namespace slipway::delivery {
namespace {

using control::Mutant;
using control::mutant;
using data::Value;

const PreviewSight& sight_of(const Turn& turn, const std::string& space) {
  static const PreviewSight kNothing{.refusal = "is not looked at", .visible = false};
  const auto found = turn.o.previews.find(space);
  return found == turn.o.previews.end() ? kNothing : found->second;
}

std::size_t index_of(const Turn& turn) { return static_cast<std::size_t>(turn.s.position.index); }

const plan::Preview* step_of(const Turn& turn) {
  const auto at = plan::preview_begin(turn.plan);
  return at ? &std::get<plan::Preview>(turn.plan.steps[*at].action) : nullptr;
}

std::string refusal_of(const Turn& turn, const std::string& space) {
  return mutant(Mutant::PreviewUninvited) ? "" : sight_of(turn, space).refusal;
}

// --- its objects ------------------------------------------------------------------------------------------

// Of this very Release: the uid tells pods of two previews apart, whatever other labels they have.
Value labels_of(const Turn& turn) {
  return Value::object({{kPreviewReleaseLabel, api::name_of(turn.o.release)},
                        {kPreviewSpaceLabel, api::space_of(turn.o.release)},
                        {kPreviewUidLabel, api::uid_of(turn.o.release)}});
}

Value meta_of(const Turn& turn, const std::string& space, const std::string& name) {
  return Value::object({{"name", name}, {"namespace", space}, {"labels", labels_of(turn)}});
}

std::string set_name(const Turn& turn) {
  const std::string what = fmt::format("{}/{}", api::uid_of(turn.o.release), turn.s.candidate->hash);
  return fmt::format("{}-preview-{}", api::name_of(turn.o.release), base::safe_encode(base::fnv1a32(what)));
}

// No label of the user's on the set itself: a Deployment of that namespace would adopt it.
Value set_object(const Turn& turn, const std::string& space, const Value& pod_template) {
  const Value& d = turn.o.workload;
  Value selector = d["spec"]["selector"];
  selector.set({"matchLabels", control::kTemplateHashLabel}, turn.s.candidate->hash);
  selector.set({"matchLabels", kPreviewUidLabel}, api::uid_of(turn.o.release));
  Value pods = control::with_hash_label(pod_template, turn.s.candidate->hash);
  const Value labels = labels_of(turn);
  for (const data::Member& m : labels.members()) pods.set({"metadata", "labels", m.key.view()}, m.value);
  Value meta = meta_of(turn, space, set_name(turn));
  meta.set({"labels", control::kTemplateHashLabel}, turn.s.candidate->hash);
  meta.set("annotations", Value::object({{kRevisionAnnotation, std::to_string(turn.s.candidate->number)}}));
  Value spec = Value::object({{"replicas", 0}, {"selector", selector}, {"template", pods}});
  if (d["spec"].has("minReadySeconds")) spec.set("minReadySeconds", d["spec"]["minReadySeconds"]);
  return Value::object(
      {{"apiVersion", "apps/v1"}, {"kind", "ReplicaSet"}, {"metadata", meta}, {"spec", std::move(spec)}});
}

Value selector_of(const Turn& turn) {
  return turn.o.service["spec"]["selector"]
      .with(control::kTemplateHashLabel, turn.s.candidate->hash)
      .with(kPreviewUidLabel, api::uid_of(turn.o.release));
}

// Like the user's Service.
Value service_object(const Turn& turn, const std::string& space) {
  const Value& like = turn.o.service["spec"];
  Value ports = Value::array();
  for (const Value& port : like["ports"].items()) ports.push_back(port.without("nodePort"));
  Value spec = Value::object({{"selector", selector_of(turn)}, {"ports", ports}});
  if (like["clusterIP"].as_string() == "None") spec.set("clusterIP", "None");
  return Value::object({{"apiVersion", "v1"},
                        {"kind", "Service"},
                        {"metadata", meta_of(turn, space, turn.plan.routing->canary_service)},
                        {"spec", std::move(spec)}});
}

bool is_of_candidate(const Turn& turn, const Version& v) {
  return turn.s.candidate && v.name == set_name(turn) && v.hash == turn.s.candidate->hash &&
         api::label(v.rs, kPreviewUidLabel) == api::uid_of(turn.o.release);
}

const Version* set_in(const Turn& turn, const std::string& space) {
  for (const Version& v : sight_of(turn, space).versions)
    if (is_of_candidate(turn, v)) return &v;
  return nullptr;
}

// --- taking away ------------------------------------------------------------------------------------------

void erase(Turn& turn, const api::Resource& kind, const Value& object) {
  if (api::is_deleting(object)) return;
  turn.act(control::delete_of(kind, object));
}

// Pods go first, so that how many are left can be told.
void remove_set(Turn& turn, const Version& v) {
  if (api::is_deleting(v.rs)) return;
  if (v.spec > 0) return scale_to(turn, v, 0);
  if (v.remaining == 0) erase(turn, api::kReplicaSets, v.rs);
}

bool is_clear(const PreviewSight& there) {
  return there.visible && there.versions.empty() && there.services.empty() && there.remaining == 0;
}

void clear(Turn& turn, const std::string& space, const PreviewSight& there) {
  for (const Value& service : there.services) erase(turn, api::kServices, service);
  for (const Version& v : there.versions) remove_set(turn, v);
  turn.wait(there.visible
                ? fmt::format("the preview in namespace {} goes: {} pods are stopping", space, there.remaining)
                : fmt::format("the preview in namespace {} cannot be taken away: {}", space, there.refusal));
}

// --- making -----------------------------------------------------------------------------------------------

// What an earlier candidate, or an earlier Release of this name, has left.
bool is_of_others(const Turn& turn, const Version& v) { return !is_of_candidate(turn, v); }

void ensure_set(Turn& turn, const plan::Preview& step) {
  if (const Version* set = set_in(turn, step.space))
    return scale_to(turn, *set, candidate_pods({plan::kWhole, step.pods}, turn.o.replicas()));
  const Value wanted = template_of(turn, *turn.s.candidate);
  if (wanted.is_null()) return turn.wait("reading what the candidate is");
  // Its ConfigMaps are those of that namespace, as everything that its pods need there.
  const Value here = without_copies(wanted, api::name_of(turn.o.release), turn.s.candidate->config);
  turn.act(control::Create{api::kReplicaSets, set_object(turn, step.space, here)});
}

void ensure_service(Turn& turn, const plan::Preview& step) {
  const std::string& name = turn.plan.routing->canary_service;
  const auto& services = sight_of(turn, step.space).services;
  for (const Value& other : services)
    if (api::name_of(other) != name) erase(turn, api::kServices, other);
  const auto live = std::ranges::find_if(services, [&](const Value& s) { return api::name_of(s) == name; });
  const Value wanted = selector_of(turn);
  if (live == services.end())
    turn.act(control::Create{api::kServices, service_object(turn, step.space)});
  else if ((*live)["spec"]["selector"] != wanted && !api::is_deleting(*live))
    turn.act(patch_of(api::kServices, *live,
                      Value::object({{"spec", Value::object({{"selector", wanted}})},
                                     {"metadata", Value::object({{"labels", labels_of(turn)}})}})));
}

// Nothing tells this Release of objects there that are not its own.
constexpr base::Duration kTakenInterval = base::seconds(30);

std::string taken_text(const Turn& turn, const std::string& space) {
  return fmt::format(
      "Service {} of namespace {} does not belong to this Release: delete it, or set spec.traffic.canaryService",
      api::name_of(sight_of(turn, space).taken), space);
}

Reach waiting(Turn& turn, std::string why) {
  turn.wait(std::move(why));
  return Reach::Waiting;
}

Reach reach_preview(Turn& turn, const plan::Preview& step) {
  const PreviewSight& there = sight_of(turn, step.space);
  if (const std::string refusal = refusal_of(turn, step.space); !refusal.empty()) return pause_for(turn, refusal);
  if (turn.o.service.is_null())
    return waiting(turn, fmt::format("Service {} does not exist", turn.plan.routing->service));
  if (!turn.s.preview) {  // written down before anything is made: whoever comes next knows where to look
    turn.s.preview = PreviewState{.space = step.space, .service = turn.plan.routing->canary_service};
    return waiting(turn, fmt::format("preparing the preview in namespace {}", step.space));
  }
  if (there.taken.is_object()) return waiting(turn, taken_text(turn, step.space));
  for (const Version& v : there.versions)
    if (is_of_others(turn, v)) remove_set(turn, v);
  ensure_service(turn, step);
  ensure_set(turn, step);
  if (turn.acts()) return waiting(turn, fmt::format("making the preview in namespace {}", step.space));
  const Version* set = set_in(turn, step.space);
  const std::int64_t wanted = candidate_pods({plan::kWhole, step.pods}, turn.o.replicas());
  if (set && set->spec == wanted && set->available >= wanted) return Reach::Done;
  if (!set) return Reach::Waiting;
  const std::string trouble = trouble_text(turn, set->hash);
  return waiting(turn, fmt::format("{} of {} pods of the preview in namespace {} are available{}", set->available,
                                   wanted, step.space, trouble.empty() ? "" : "; " + trouble));
}

}  // namespace

bool in_preview(const Turn& turn) {
  const auto end = plan::preview_end(turn.plan);
  return end && turn.s.candidate && index_of(turn) <= *end;
}

bool only_previewed(const Turn& turn) {
  const Version* here = turn.candidate();
  return in_preview(turn) && (!here || (here->spec == 0 && here->remaining == 0));
}

std::string previewed_in(const Turn& turn) {
  const auto begin = plan::preview_begin(turn.plan);
  return in_preview(turn) && begin && index_of(turn) > *begin ? step_of(turn)->space : "";
}

const Version* preview_version(const Turn& turn) {
  return turn.s.preview ? set_in(turn, turn.s.preview->space) : nullptr;
}

std::string preview_problem(Turn& turn) {
  const plan::Preview* step = step_of(turn);
  if (!step) return "";
  if (std::string refusal = refusal_of(turn, step->space); !refusal.empty()) return refusal;
  if (!sight_of(turn, step->space).taken.is_object()) return "";
  turn.wake_after(kTakenInterval);
  return taken_text(turn, step->space);
}

Reach run_preview(Turn& turn, const plan::Preview& step) {
  return turn.s.position.full ? Reach::Done : reach_preview(turn, step);
}

Reach keep_preview(Turn& turn) {
  if (turn.s.position.full || previewed_in(turn).empty() || index_of(turn) == *plan::preview_end(turn.plan))
    return Reach::Done;
  reach_preview(turn, *step_of(turn));
  return turn.acts() || !turn.s.preview ? Reach::Waiting : Reach::Done;
}

Reach end_preview(Turn& turn) {
  if (mutant(Mutant::LeavePreview)) turn.s.preview.reset();
  if (mutant(Mutant::LeavePreview)) return Reach::Done;
  for (const auto& [space, there] : turn.o.previews) {
    const bool known = turn.s.preview && turn.s.preview->space == space;
    if (is_clear(there) || (!there.visible && !known)) continue;
    clear(turn, space, there);
    return Reach::Waiting;
  }
  if (turn.s.preview) turn.log("preview.gone", fmt::format("nothing is left in namespace {}", turn.s.preview->space));
  turn.s.preview.reset();
  return Reach::Done;
}

bool preview_withdrawn(Turn& turn) {
  if (!turn.s.preview) return false;
  const std::string refusal = refusal_of(turn, turn.s.preview->space);
  if (refusal.empty()) return false;
  const auto begin = plan::preview_begin(turn.plan);
  if (in_preview(turn) && begin && index_of(turn) > *begin) {
    turn.log("preview.withdrawn", refusal);
    turn.note(control::Note::Kind::Warning, "PreviewWithdrawn", refusal);
    terminate_runs(turn);
    turn.s.halt.reset();
    turn.s.position.attempt = fresh_attempt(turn);
    turn.s.position.index = static_cast<std::int64_t>(*begin);
    turn.s.position.since = turn.now;
    show_step(turn);
  }
  end_preview(turn);
  pause_for(turn, refusal);
  return true;
}

bool preview_is_stray(const Turn& turn) {
  if (!turn.s.preview) return false;
  return !in_preview(turn) || step_of(turn)->space != turn.s.preview->space;
}

void count_preview(Turn& turn) {
  if (!turn.s.preview) return;
  const Version* set = preview_version(turn);
  turn.s.preview->replicas = set ? set->spec : 0;
  turn.s.preview->ready = set ? set->available : 0;
}

}  // namespace slipway::delivery
