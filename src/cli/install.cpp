// install and uninstall: what a cluster is given for the controllers, and how it gets rid of all of it.
#include <algorithm>

#include "api/meta.h"
#include "cli/commands.h"
#include "cli/exit.h"
#include "data/yaml.h"
#include "install/manifest.h"

namespace slipway::cli {
namespace {

using base::Code;
using client::Request;
using client::Verb;
using data::Value;

constexpr const char* kManager = "slipway-install";
// How long the controllers may take to let go of the workloads.
constexpr base::Duration kLeavePatience = base::minutes(2);
constexpr base::Duration kLook = base::milliseconds(250);
// How long a new kind may take to be served.
constexpr base::Duration kServePatience = base::seconds(30);

api::Resource resource_of(const Value& object) {
  static const std::vector<api::Resource> known = {
      api::kCustomResourceDefinitions,
      api::kNamespaces,
      api::kDeployments,
      {"", "v1", "serviceaccounts", "ServiceAccount"},
      {"rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", false},
      {"rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", false},
      {"rbac.authorization.k8s.io", "v1", "roles", "Role"},
      {"rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding"}};
  return *std::ranges::find(known, object["kind"].as_string(), &api::Resource::kind);
}

Request about(Verb verb, const Value& object) {
  const api::Resource resource = resource_of(object);
  return {.verb = verb,
          .resource = resource,
          .space = std::string(api::space_of(object)),
          .name = std::string(api::name_of(object))};
}

std::string text_of(const Value& object) {
  return resource_of(object).qualified() + "/" + std::string(api::name_of(object));
}

install::Options options_of(const Placement& placement) {
  return {.space = placement.space, .only_space = placement.only_space};
}

std::string yaml_of(const std::vector<Value>& objects) {
  std::string out;
  for (const Value& object : objects) out += "---\n" + data::to_yaml(object);
  return out;
}

bool is_ours(const Value& object) { return api::label(object, "app.kubernetes.io/managed-by") == install::kManagedBy; }

// A namespace that is there already stays the user's: it gets no label of ours, and so is not deleted by uninstall.
bool is_users_namespace(Setting& s, const Value& object) {
  if (object["kind"].as_string() != "Namespace") return false;
  const auto there = s.api.call(about(Verb::Get, object));
  return there && !is_ours(*there);
}

bool is_established(Setting& s, const Value& definition) {
  const auto there = s.api.call(about(Verb::Get, definition));
  return there && api::condition(*there, "Established")["status"].as_string() == "True";
}

// Until `holds`, at most so long.
bool wait(Setting& s, base::Duration limit, const std::function<bool()>& holds) {
  for (const base::Time since = s.api.now(); s.api.now() - since < limit;) {
    if (holds()) return true;
    if (!s.api.pause(kLook)) return false;
  }
  return false;
}

base::Result<Value> apply(Setting& s, const Value& object) {
  Request request = about(Verb::Patch, object);
  request.body = object;
  request.patch_type = client::PatchType::Apply;
  request.field_manager = kManager;
  request.force = true;
  request.strict = true;
  return s.api.call(std::move(request));
}

// --- uninstall -------------------------------------------------------------------------------------------

base::Result<std::vector<Value>> releases(Setting& s, const std::string& space) {
  auto list = s.api.call({.verb = Verb::List, .resource = api::kReleases, .space = space});
  if (!list && list.error().code == Code::NotFound) return std::vector<Value>();
  if (!list) return base::fail(list.error());
  const auto items = (*list)["items"].items();
  return std::vector<Value>(items.begin(), items.end());
}

// Deletes them while the controllers are there to hand every workload back, and waits until they are gone.
base::Result<void> leave_workloads(Setting& s, const std::string& space) {
  auto all = releases(s, space);
  if (!all) return base::fail(all.error());
  for (const Value& release : *all) {
    auto deleted = s.api.call({.verb = Verb::Delete,
                               .resource = api::kReleases,
                               .space = std::string(api::space_of(release)),
                               .name = std::string(api::name_of(release))});
    if (!deleted && deleted.error().code != Code::NotFound) return base::fail(deleted.error());
  }
  if (all->empty()) return {};
  s.terminal.talk(std::to_string(all->size()) + " Releases deleted; their workloads go on");
  const bool gone = wait(s, kLeavePatience, [&] {
    const auto left = releases(s, space);
    return left && left->empty();
  });
  if (gone) return {};
  return base::fail(Code::Timeout,
                    "some Releases are still there: their controllers have not handed the workloads back. Is "
                    "slipway-controller running? "
                    "Nothing else was deleted");
}

bool has_custom_objects_elsewhere(Setting& s, const Uninstall& uninstall) {
  if (uninstall.placement.only_space.empty()) return false;
  const auto all = releases(s, "");
  return !all || !all->empty();
}

// Only what carries our label. False after a failure, which is told.
bool remove(Setting& s, const Value& object) {
  const auto there = s.api.call(about(Verb::Get, object));
  if (there && !is_ours(*there)) return true;
  Request request = about(Verb::Delete, object);
  request.body = Value::object({{"propagationPolicy", "Foreground"}});
  const auto deleted = s.api.call(std::move(request));
  if (deleted) s.terminal.talk(text_of(object) + " deleted");
  if (deleted || deleted.error().code == Code::NotFound) return true;
  tell(s, deleted.error());
  return false;
}

// The lease comes after the controllers: as long as one runs, it makes a new one.
ExitCode remove_all(Setting& s, const std::vector<Value>& objects, const std::string& space) {
  const Value& controllers = objects.back();
  bool well = remove(s, controllers);
  well = well && wait(s, kLeavePatience, [&] {
           const auto left = s.api.call(about(Verb::Get, controllers));
           return !left && left.error().code == Code::NotFound;
         });
  const auto lease =
      s.api.call({.verb = Verb::Delete, .resource = api::kLeases, .space = space, .name = "slipway-controller"});
  if (!lease && lease.error().code != Code::NotFound) well = false, tell(s, lease.error());
  for (std::size_t i = objects.size() - 1; i-- > 0;) well = remove(s, objects[i]) && well;
  return well ? ExitCode::Reached : ExitCode::Failed;
}

}  // namespace

std::string install_manifest(const Install& install) {
  install::Options options = options_of(install.placement);
  options.image = install.image;
  return yaml_of(install::manifest(options));
}

ExitCode run(Setting& s, const Install& install) {
  install::Options options = options_of(install.placement);
  options.image = install.image;
  for (const Value& object : install::manifest(options)) {
    if (is_users_namespace(s, object)) continue;
    const auto applied = apply(s, object);
    if (!applied) return tell(s, applied.error());
    s.terminal.talk(text_of(object) + " applied");
    if (object["kind"].as_string() == "CustomResourceDefinition" &&
        !wait(s, kServePatience, [&] { return is_established(s, object); }))
      return tell(s, {.code = Code::Timeout, .message = text_of(object) + " is not served: see its conditions"});
  }
  return ExitCode::Reached;
}

ExitCode run(Setting& s, const Uninstall& uninstall) {
  const std::string& scope = uninstall.placement.only_space;
  if (!uninstall.yes &&
      !s.terminal.confirm("Delete all Releases" + (scope.empty() ? std::string() : " of namespace " + scope) +
                          " and the controllers from " + s.api.server() + "? Workloads go on.")) {
    s.terminal.talk("nothing was changed; without a terminal, add --yes");
    return ExitCode::Usage;
  }
  if (auto left = leave_workloads(s, scope); !left) return tell(s, left.error());
  std::vector<Value> objects = install::manifest(options_of(uninstall.placement));
  // Another namespace may still use the kinds.
  if (has_custom_objects_elsewhere(s, uninstall))
    std::erase_if(objects, [](const Value& o) { return o["kind"].as_string() == "CustomResourceDefinition"; });
  return remove_all(s, objects, uninstall.placement.space);
}

}  // namespace slipway::cli
