#include "cli/installed.h"

#include <algorithm>

#include "api/meta.h"
#include "cli/exit.h"

namespace slipway::cli {

using base::Code;
using client::Verb;
using data::Value;

namespace {

constexpr base::Duration kLook = base::milliseconds(250);

const api::Resource& resource_of(const data::Value& object) {
  static const std::vector<api::Resource> known = {
      api::kCustomResourceDefinitions,
      api::kNamespaces,
      api::kDeployments,
      api::kServices,
      {"gateway.networking.k8s.io", "v1", "gatewayclasses", "GatewayClass", false},
      {"", "v1", "serviceaccounts", "ServiceAccount"},
      {"rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", false},
      {"rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", false},
      {"rbac.authorization.k8s.io", "v1", "roles", "Role"},
      {"rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding"}};
  return *std::ranges::find(known, object["kind"].as_string(), &api::Resource::kind);
}

}  // namespace

client::Request about(client::Verb verb, const data::Value& object) {
  return {.verb = verb,
          .resource = resource_of(object),
          .space = std::string(api::space_of(object)),
          .name = std::string(api::name_of(object))};
}

std::string text_of(const data::Value& object) {
  const std::string space(api::space_of(object));
  return resource_of(object).qualified() + " " + (space.empty() ? "" : space + "/") + std::string(api::name_of(object));
}

base::Error about_object(const data::Value& object, base::Error error) {
  error.message = text_of(object) + ": " + error.message;
  return error;
}

bool is_ours(const data::Value& object) {
  return api::label(object, "app.kubernetes.io/managed-by") == install::kManagedBy;
}

bool is_definition(const data::Value& object) { return object["kind"].as_string() == "CustomResourceDefinition"; }

install::Options options_of(const Placement& placement) {
  return {.space = placement.space, .spaces = placement.spaces};
}

base::Result<std::vector<Value>> list(Setting& s, const api::Resource& resource, const std::vector<std::string>& spaces,
                                      const std::string& labels) {
  std::vector<Value> out;
  for (const std::string& space : spaces.empty() ? std::vector<std::string>{""} : spaces) {
    auto page = s.api.call({.verb = Verb::List, .resource = resource, .space = space, .label_selector = labels});
    if (!page && page.error().code == Code::NotFound) continue;
    if (!page) return base::fail(page.error());
    for (const Value& item : (*page)["items"].items()) out.push_back(item);
  }
  return out;
}

bool remove(Setting& s, const Value& object) {
  const auto there = s.api.call(about(Verb::Get, object));
  if (there && !is_ours(*there)) return true;
  client::Request request = about(Verb::Delete, object);
  request.body = Value::object({{"propagationPolicy", "Foreground"}});
  const auto deleted = s.api.call(std::move(request));
  if (deleted) s.terminal.talk(text_of(object) + " deleted");
  if (deleted || deleted.error().code == Code::NotFound) return true;
  tell(s, about_object(object, deleted.error()));
  return false;
}

bool is_gone(Setting& s, const Value& object) {
  const auto left = s.api.call(about(Verb::Get, object));
  return left ? !is_ours(*left) : left.error().code == Code::NotFound;
}

bool await_gone(Setting& s, const std::vector<Value>& objects) {
  const Value* last = nullptr;
  const bool gone = wait(s, kLeavePatience, [&] {
    const auto left = std::ranges::find_if(objects, [&](const Value& o) { return !is_gone(s, o); });
    last = left == objects.end() ? nullptr : &*left;
    return last == nullptr;
  });
  if (!gone && last != nullptr)
    tell(s, {.code = Code::Timeout, .message = text_of(*last) + " is deleted and not gone yet: see its finalizers"});
  return gone;
}

bool wait(Setting& s, base::Duration limit, const std::function<bool()>& holds) {
  for (const base::Time since = s.api.now(); s.api.now() - since < limit;) {
    if (holds()) return true;
    if (!s.api.pause(kLook)) return false;
  }
  return false;
}

}  // namespace slipway::cli
