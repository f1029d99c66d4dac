#include "install/manifest.h"

#include <algorithm>

#include "api/crd_definition.h"
#include "base/strings.h"
#include "install/rules.h"

namespace slipway::install {
namespace {

using data::Value;

constexpr const char* kName = "slipway-controller";
constexpr int kMetricsPort = 9464;
constexpr const char* kRbac = "rbac.authorization.k8s.io/v1";

Value labels() {
  return Value::object({{"app.kubernetes.io/name", "slipway"},
                        {"app.kubernetes.io/component", "controller"},
                        {"app.kubernetes.io/managed-by", kManagedBy}});
}

Value object(const char* api_version, const char* kind, const std::string& name, const std::string& space) {
  Value metadata = Value::object({{"name", name}, {"labels", labels()}});
  if (!space.empty()) metadata.set("namespace", space);
  return Value::object({{"apiVersion", api_version}, {"kind", kind}, {"metadata", std::move(metadata)}});
}

Value role(const std::string& name, const std::string& space, Where where) {
  return object(kRbac, space.empty() ? "ClusterRole" : "Role", name, space).with("rules", rules_of(where));
}

// Of the role of the same name.
Value binding(const std::string& name, const std::string& space, const Options& options) {
  const bool cluster = space.empty();
  Value out = object(kRbac, cluster ? "ClusterRoleBinding" : "RoleBinding", name, space);
  out.set("roleRef",
          Value::object(
              {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", cluster ? "ClusterRole" : "Role"}, {"name", name}}));
  out.set("subjects",
          Value::array({Value::object({{"kind", "ServiceAccount"}, {"name", kName}, {"namespace", options.space}})}));
  return out;
}

Value probe(const char* path) {
  return Value::object({{"httpGet", Value::object({{"path", path}, {"port", "metrics"}})}, {"periodSeconds", 10}});
}

Value container(const Options& options) {
  Value args = Value::array({"controller", "--releases-only", "--lease-namespace=" + options.space,
                             "--identity=$(POD_NAME)", "--metrics-listen=0.0.0.0:" + std::to_string(kMetricsPort)});
  if (!options.spaces.empty()) args.push_back("--namespaces=" + base::join(options.spaces, ","));
  const Value name_of_pod = Value::object({{"fieldRef", Value::object({{"fieldPath", "metadata.name"}})}});
  return Value::object(
      {{"name", "controller"},
       {"image", options.image.empty() ? "slipway:" SLIPWAY_VERSION : options.image},
       {"args", std::move(args)},
       {"env", Value::array({Value::object({{"name", "POD_NAME"}, {"valueFrom", name_of_pod}})})},
       {"ports", Value::array({Value::object({{"name", "metrics"}, {"containerPort", kMetricsPort}})})},
       {"livenessProbe", probe("/healthz")},
       {"readinessProbe", probe("/readyz")},
       {"resources", Value::object({{"requests", Value::object({{"cpu", "50m"}, {"memory", "64Mi"}})},
                                    {"limits", Value::object({{"memory", "1Gi"}})}})},
       {"securityContext", Value::object({{"allowPrivilegeEscalation", false},
                                          {"readOnlyRootFilesystem", true},
                                          {"capabilities", Value::object({{"drop", Value::array({"ALL"})}})}})}});
}

Value deployment(const Options& options) {
  const Value selector =
      Value::object({{"app.kubernetes.io/name", "slipway"}, {"app.kubernetes.io/component", "controller"}});
  const Value pod = Value::object(
      {{"serviceAccountName", kName},
       {"containers", Value::array({container(options)})},
       {"securityContext", Value::object({{"runAsNonRoot", true},
                                          {"runAsUser", 65532},
                                          {"seccompProfile", Value::object({{"type", "RuntimeDefault"}})}})},
       {"terminationGracePeriodSeconds", 15}});
  Value out = object("apps/v1", "Deployment", kName, options.space);
  out.set("spec",
          Value::object(
              {{"replicas", options.replicas},
               {"selector", Value::object({{"matchLabels", selector}})},
               {"template", Value::object({{"metadata", Value::object({{"labels", labels()}})}, {"spec", pod}})}}));
  return out;
}

}  // namespace

std::vector<Value> definitions() {
  std::vector<Value> all = api::slipway_definitions();
  for (Value& definition : all) definition.set({"metadata", "labels"}, labels());
  return all;
}

std::vector<Value> controllers(const Options& options) {
  std::vector<Value> all;
  if (std::ranges::find(options.spaces, options.space) == options.spaces.end())
    all.push_back(object("v1", "Namespace", options.space, ""));
  all.push_back(object("v1", "ServiceAccount", kName, options.space));
  const std::vector<std::string> everywhere = {""};
  for (const std::string& space : options.spaces.empty() ? everywhere : options.spaces) {
    all.push_back(role(kName, space, Where::Objects));
    all.push_back(binding(kName, space, options));
  }
  const std::string leader = std::string(kName) + "-leader";
  all.push_back(role(leader, options.space, Where::Own));
  all.push_back(binding(leader, options.space, options));
  all.push_back(deployment(options));
  return all;
}

std::vector<Value> manifest(const Options& options) {
  std::vector<Value> all = definitions();
  for (Value& each : controllers(options)) all.push_back(std::move(each));
  return all;
}

}  // namespace slipway::install
