#include "delivery/observe_preview.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/meta.h"
#include "api/resource.h"
#include "base/strings.h"
#include "control/pod_template.h"
#include "delivery/names.h"
#include "delivery/plan/compile.h"

namespace slipway::delivery {
namespace {

using control::World;
using data::Value;

std::vector<std::string> entries_of(const Value& space) {
  std::vector<std::string> out;
  for (const std::string_view part : base::split(api::annotation(space, kPreviewForAnnotation), ','))
    if (const std::string entry(base::trim(part)); !entry.empty()) out.push_back(entry);
  return out;
}

std::vector<Value> ours(const World& world, const api::Resource& kind, const std::string& space, const Value& release) {
  std::vector<Value> out = world.cache(kind).in_space(space);
  std::erase_if(out, [&](const Value& object) { return !is_preview_of(object, release); });
  return out;
}

// Why the cluster's Namespaces cannot be looked at, or these controllers do not look there.
std::string blindness(const World& world, const std::string& space) {
  if (!world.cache(api::kReplicaSets).covers(space))
    return fmt::format("these controllers do not look after namespace {} (--namespaces)", space);
  const base::Error* why = world.cache(api::kNamespaces).absence();
  if (why == nullptr) return "";
  return fmt::format(
      "the controllers may not read Namespaces, and so cannot know whether {} lets previews in ({}): give them list "
      "and watch of them in the whole cluster (docs/rbac.md)",
      space, why->message);
}

PreviewSight look(const World& world, const std::string& space, const Value& release) {
  PreviewSight out;
  out.refusal = blindness(world, space);
  out.visible = world.cache(api::kReplicaSets).covers(space);
  if (out.refusal.empty()) out.refusal = preview_refusal(world.find(api::kNamespaces, {"", space}), space, release);
  if (!out.visible) return out;
  Version all;
  for (const Value& pod : ours(world, api::kPods, space, release)) count_pod(all, pod);
  out.remaining = all.remaining;
  for (const Value& rs : ours(world, api::kReplicaSets, space, release)) {
    out.versions.push_back(version_of_set(rs, world.cache(api::kPods).owned_by(api::uid_of(rs))));
    out.versions.back().owner = Owner::Release;
  }
  out.services = ours(world, api::kServices, space, release);
  const Value& named = world.find(api::kServices, {space, plan::routing_of(release).canary_service});
  if (named.is_object() && !is_preview_of(named, release)) out.taken = named;
  return out;
}

}  // namespace

std::string preview_space_of(const Value& release) {
  return release["spec"]["strategy"]["blueGreen"]["previewNamespace"].str();
}

bool is_preview_of(const Value& object, const Value& release) {
  return api::label(object, kPreviewReleaseLabel) == api::name_of(release) &&
         api::label(object, kPreviewSpaceLabel) == api::space_of(release);
}

control::ObjectName previewed_release(const Value& object) {
  return {std::string(api::label(object, kPreviewSpaceLabel)), std::string(api::label(object, kPreviewReleaseLabel))};
}

std::string preview_grant_command(const Value& space, const std::string& name, const Value& release) {
  std::vector<std::string> entries = entries_of(space);
  const bool replaces = space["metadata"]["annotations"].has(kPreviewForAnnotation);
  entries.emplace_back(api::space_of(release));
  return fmt::format("kubectl annotate namespace {}{} {}={}", name, replaces ? " --overwrite" : "",
                     kPreviewForAnnotation, base::join(entries, ","));
}

std::string preview_refusal(const Value& space, const std::string& name, const Value& release) {
  const std::string command = preview_grant_command(space, name, release);
  if (space.is_null())
    return fmt::format("namespace {0} does not exist: kubectl create namespace {0}, then {1}", name, command);
  if (api::is_deleting(space)) return fmt::format("namespace {} is being deleted", name);
  const std::string whole(api::space_of(release)), one = fmt::format("{}/{}", whole, api::name_of(release));
  const std::vector<std::string> entries = entries_of(space);
  if (std::ranges::any_of(entries, [&](const std::string& entry) { return entry == whole || entry == one; })) return "";
  return fmt::format("namespace {} does not let previews of {} in: {}", name, one, command);
}

void observe_previews(const World& world, Observation& o) {
  for (const std::string& space : {preview_space_of(o.release), o.release["status"]["preview"]["namespace"].str()})
    if (!space.empty() && space != api::space_of(o.release) && !o.previews.contains(space))
      o.previews[space] = look(world, space, o.release);
}

}  // namespace slipway::delivery
