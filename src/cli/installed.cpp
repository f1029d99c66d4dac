#include "cli/installed.h"

#include <algorithm>

#include "api/meta.h"

namespace slipway::cli {
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

bool wait(Setting& s, base::Duration limit, const std::function<bool()>& holds) {
  for (const base::Time since = s.api.now(); s.api.now() - since < limit;) {
    if (holds()) return true;
    if (!s.api.pause(kLook)) return false;
  }
  return false;
}

}  // namespace slipway::cli
