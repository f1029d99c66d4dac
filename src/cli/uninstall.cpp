// uninstall: how a cluster gets rid of all that install and the controllers gave it, while its workloads go on.
//
// Releases go first, while somebody is there to hand their workloads back: the installed controllers, or, when those
// are dead, controllers of our own that wait for their lease. Then everything of the manifest, and a look at what is
// left.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "api/meta.h"
#include "base/strings.h"
#include "cli/exit.h"
#include "cli/installed.h"
#include "delivery/names.h"
#include "delivery/observe_preview.h"

namespace slipway::cli {
namespace {

using base::Code;
using client::Verb;
using data::Value;

std::string full_name(const Value& object) {
  return std::string(api::space_of(object)) + "/" + std::string(api::name_of(object));
}

// --- workloads --------------------------------------------------------------------------------------------

base::Result<void> delete_releases(Setting& s, const std::vector<Value>& releases) {
  for (const Value& release : releases) {
    auto deleted = s.api.call({.verb = Verb::Delete,
                               .resource = api::kReleases,
                               .space = std::string(api::space_of(release)),
                               .name = std::string(api::name_of(release))});
    if (deleted || deleted.error().code == Code::NotFound) continue;
    base::Error why = deleted.error();
    why.message = "releases.slipway.dev " + full_name(release) + ": " + why.message;
    return base::fail(std::move(why));
  }
  return {};
}

std::string names_with_state(const std::vector<Value>& releases) {
  std::vector<std::string> out;
  for (const Value& release : releases) {
    const std::string_view message = release["status"]["message"].as_string();
    out.push_back(full_name(release) + (message.empty() ? "" : " (" + std::string(message) + ")"));
  }
  return base::join(out, ", ");
}

base::Result<void> leave_workloads(Setting& s, const std::vector<std::string>& spaces) {
  auto left = list(s, api::kReleases, spaces);
  if (!left) return base::fail(left.error());
  if (left->empty()) return {};
  if (auto deleted = delete_releases(s, *left); !deleted) return deleted;
  s.terminal.talk(std::to_string(left->size()) + " Releases deleted; their workloads go on");
  const auto standby = s.standby ? s.standby() : nullptr;
  const bool gone = wait(s, kLeavePatience, [&] {
    left = list(s, api::kReleases, spaces);
    return left && left->empty();
  });
  if (gone) return {};
  if (!left) return base::fail(left.error());
  return base::fail(Code::Timeout, "not handed back yet: " + names_with_state(*left) +
                                       ". Nothing else was deleted; `slipway uninstall` goes on from here");
}

base::Result<void> unmark(Setting& s, const api::Resource& resource, const Value& object) {
  const Value nothing = Value::object({{std::string(delivery::kLeftPausedAnnotation), Value()},
                                       {std::string(delivery::kUpdateStrategyAnnotation), Value()}});
  const auto cleaned = s.api.call({.verb = Verb::Patch,
                                   .resource = resource,
                                   .space = std::string(api::space_of(object)),
                                   .name = std::string(api::name_of(object)),
                                   .body = Value::object({{"metadata", Value::object({{"annotations", nothing}})}}),
                                   .patch_type = client::PatchType::Merge,
                                   .field_manager = "slipway-install"});
  if (cleaned || cleaned.error().code == Code::NotFound) return {};
  base::Error why = cleaned.error();
  why.message = resource.qualified() + " " + full_name(object) + ": " + why.message;
  return base::fail(std::move(why));
}

// A workload whose template was never released stays paused or held, so that nothing rolls out unwatched; why is told
// here, and not left on it. The Deployment's controller has copied the annotation to the newest ReplicaSet, and may do
// so again while it has not seen that it is gone: until a look finds none.
bool tell_left_paused(Setting& s, const std::vector<std::string>& spaces) {
  std::optional<base::Error> failure;
  const auto clean = [&](const api::Resource& resource) {
    const auto all = list(s, resource, spaces);
    if (!all) return failure = all.error(), true;
    bool none = true;
    for (const Value& object : *all) {
      const std::string why(api::annotation(object, delivery::kLeftPausedAnnotation));
      if (why.empty()) continue;
      none = false;
      if (resource == api::kDeployments) s.terminal.talk("deployment " + full_name(object) + " stays paused: " + why);
      if (resource == api::kStatefulSets || resource == api::kDaemonSets)
        s.terminal.talk(base::to_lower(resource.kind) + " " + full_name(object) + " stays held: " + why);
      if (auto done = unmark(s, resource, object); !done) return failure = done.error(), true;
    }
    return none;
  };
  const bool clean_at_last = wait(s, kLeavePatience, [&] {
    const bool workloads = clean(api::kDeployments) && clean(api::kStatefulSets) && clean(api::kDaemonSets);
    return failure || (clean(api::kReplicaSets) && workloads);
  });
  if (failure) tell(s, *failure);
  return clean_at_last && !failure;
}

// Held for a Release that was taken away by force: nobody knows any more whom to give it to.
bool tell_held(Setting& s, const std::vector<std::string>& spaces) {
  bool none = true;
  for (const api::Resource& resource : {api::kReplicaSets, api::kServices}) {
    const auto held = list(s, resource, spaces, std::string(delivery::kReleaseLabel));
    if (!held) return tell(s, held.error()), false;
    for (const Value& object : *held) {
      none = false;
      s.terminal.talk("error: " + resource.qualified() + " " + full_name(object) + " is still held for the Release " +
                      std::string(api::label(object, delivery::kReleaseLabel)) +
                      ", which is gone: create that Release again and run uninstall again, or delete this object");
    }
  }
  return none;
}

// The same of previews in other namespaces: nothing owns what they are made of.
bool tell_previews(Setting& s, const std::vector<std::string>& spaces) {
  bool none = true;
  for (const api::Resource& resource : {api::kReplicaSets, api::kServices}) {
    const auto left = list(s, resource, spaces, std::string(delivery::kPreviewReleaseLabel));
    if (!left) return tell(s, left.error()), false;
    for (const Value& object : *left) {
      none = false;
      const control::ObjectName release = delivery::previewed_release(object);
      s.terminal.talk(fmt::format("error: {} {} is left of a preview of the Release {}/{}, which is gone: delete it",
                                  resource.qualified(), full_name(object), release.space, release.name));
    }
  }
  return none;
}

// --- what install made ------------------------------------------------------------------------------------

// The lease comes after the controllers: as long as one runs, it makes a new one.
bool remove_controllers(Setting& s, const Placement& placement) {
  const std::vector<Value> objects = install::controllers(options_of(placement));
  if (!remove(s, objects.back()) || !await_gone(s, {objects.back()})) return false;
  const auto lease = s.api.call(
      {.verb = Verb::Delete, .resource = api::kLeases, .space = placement.space, .name = "slipway-controller"});
  bool well = lease || lease.error().code == Code::NotFound;
  if (!well) tell(s, lease.error());
  for (std::size_t i = objects.size() - 1; i-- > 0;) well = remove(s, objects[i]) && well;
  return well && await_gone(s, objects);
}

// Not while anybody still has a Release: it would go with its kind, and nobody would hand its workload back.
bool remove_definitions(Setting& s) {
  const auto users = list(s, api::kReleases, {});
  if (!users) return tell(s, users.error()), false;
  if (!users->empty()) {
    s.terminal.talk("the definitions stay: there are still Releases, " + names_with_state(*users));
    return true;
  }
  bool well = true;
  for (const Value& definition : install::definitions()) well = remove(s, definition) && well;
  return well && await_gone(s, install::definitions());
}

bool confirmed(Setting& s, const Uninstall& uninstall) {
  const std::vector<std::string>& spaces = uninstall.placement.spaces;
  const std::string what =
      uninstall.definitions == Definitions::Only
          ? std::string("the definitions of Slipway's kinds")
          : "all Releases" + (spaces.empty() ? "" : " of " + base::join(spaces, ", ")) + " and the controllers";
  return uninstall.yes || s.terminal.confirm("Delete " + what + " from " + s.api.server() + "? Workloads go on.");
}

}  // namespace

ExitCode run(Setting& s, const Uninstall& uninstall) {
  if (!confirmed(s, uninstall)) {
    s.terminal.talk("nothing was changed; without a terminal, add --yes");
    return ExitCode::Usage;
  }
  const std::vector<std::string>& spaces = uninstall.placement.spaces;
  bool well = true;
  if (uninstall.definitions != Definitions::Only) {
    if (auto left = leave_workloads(s, spaces); !left) return tell(s, left.error());
    well = tell_left_paused(s, spaces);
    well = tell_held(s, spaces) && well;
    well = tell_previews(s, spaces) && well;
    if (spaces.empty()) well = remove_gateway(s, uninstall.placement) && well;
    well = remove_controllers(s, uninstall.placement) && well;
  }
  if (uninstall.definitions != Definitions::Not) well = remove_definitions(s) && well;
  return well ? ExitCode::Reached : ExitCode::Failed;
}

}  // namespace slipway::cli
