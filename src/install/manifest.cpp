#include "install/manifest.h"

#include <algorithm>

#include "api/crd_definition.h"
#include "base/strings.h"
#include "install/rules.h"

namespace slipway::install {
namespace {

using data::Value;

constexpr const char* kName = "slipway-controller";
constexpr const char* kGatewayName = "slipway-gateway";
constexpr const char* kClassName = "slipway";
constexpr int kControlPort = 9465;
constexpr int kMetricsPort = 9464;
constexpr const char* kRbac = "rbac.authorization.k8s.io/v1";

// "slipway-gateway" is the component "gateway".
std::string component_of(const std::string& name) { return name.starts_with(kGatewayName) ? "gateway" : "controller"; }

Value labels(const std::string& component = "controller") {
  return Value::object({{"app.kubernetes.io/name", "slipway"},
                        {"app.kubernetes.io/component", component},
                        {"app.kubernetes.io/managed-by", kManagedBy}});
}

Value object(const char* api_version, const char* kind, const std::string& name, const std::string& space) {
  Value metadata = Value::object({{"name", name}, {"labels", labels(component_of(name))}});
  if (!space.empty()) metadata.set("namespace", space);
  return Value::object({{"apiVersion", api_version}, {"kind", kind}, {"metadata", std::move(metadata)}});
}

Value role(const std::string& name, const std::string& space, const std::vector<Right>& rights, Where where) {
  return object(kRbac, space.empty() ? "ClusterRole" : "Role", name, space).with("rules", rules_of(rights, where));
}

// Of the role of the same name, to this account.
Value binding(const std::string& name, const std::string& space, const Options& options, const char* account = kName) {
  const bool cluster = space.empty();
  Value out = object(kRbac, cluster ? "ClusterRoleBinding" : "RoleBinding", name, space);
  out.set("roleRef",
          Value::object(
              {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", cluster ? "ClusterRole" : "Role"}, {"name", name}}));
  out.set("subjects",
          Value::array({Value::object({{"kind", "ServiceAccount"}, {"name", account}, {"namespace", options.space}})}));
  return out;
}

Value probe(const char* path) {
  return Value::object({{"httpGet", Value::object({{"path", path}, {"port", "metrics"}})}, {"periodSeconds", 10}});
}

std::string image_of(const Options& options) {
  return options.image.empty() ? "slipway:" SLIPWAY_VERSION : options.image;
}

// Labels, and where a Prometheus that goes by annotations finds the metrics (docs/metrics.md).
Value pod_metadata(const std::string& component = "controller") {
  return Value::object({{"labels", labels(component)},
                        {"annotations", Value::object({{"prometheus.io/scrape", "true"},
                                                       {"prometheus.io/port", std::to_string(kMetricsPort)},
                                                       {"prometheus.io/path", "/metrics"}})}});
}

Value from_pod(const char* name, const char* field) {
  return Value::object(
      {{"name", name}, {"valueFrom", Value::object({{"fieldRef", Value::object({{"fieldPath", field}})}})}});
}

Value locked_in() {
  return Value::object({{"allowPrivilegeEscalation", false},
                        {"readOnlyRootFilesystem", true},
                        {"capabilities", Value::object({{"drop", Value::array({"ALL"})}})}});
}

Value unprivileged() {
  return Value::object(
      {{"runAsNonRoot", true}, {"runAsUser", 65532}, {"seccompProfile", Value::object({{"type", "RuntimeDefault"}})}});
}

Value container(const Options& options) {
  Value args =
      Value::array({"controller", "--releases-only", "--lease-namespace=" + options.space, "--identity=$(POD_NAME)",
                    "--log-decisions", "--metrics-listen=0.0.0.0:" + std::to_string(kMetricsPort)});
  if (!options.spaces.empty()) args.push_back("--namespaces=" + base::join(options.spaces, ","));
  return Value::object(
      {{"name", "controller"},
       {"image", image_of(options)},
       {"args", std::move(args)},
       {"env", Value::array({from_pod("POD_NAME", "metadata.name")})},
       {"ports", Value::array({Value::object({{"name", "metrics"}, {"containerPort", kMetricsPort}})})},
       {"livenessProbe", probe("/healthz")},
       {"readinessProbe", probe("/readyz")},
       {"resources", Value::object({{"requests", Value::object({{"cpu", "50m"}, {"memory", "64Mi"}})},
                                    {"limits", Value::object({{"memory", "1Gi"}})}})},
       {"securityContext", locked_in()}});
}

Value port(const char* name, int number) { return Value::object({{"name", name}, {"containerPort", number}}); }

Value gateway_container(const Options& options) {
  return Value::object(
      {{"name", "gateway"},
       {"image", image_of(options)},
       {"args", Value::array({"gateway", "--lease-namespace=" + options.space, "--identity=$(POD_NAME)",
                              "--listen=0.0.0.0", "--service=" + options.space + "/" + kGatewayName,
                              "--control-listen=0.0.0.0:" + std::to_string(kControlPort), "--control-host=$(POD_IP)",
                              "--metrics-listen=0.0.0.0:" + std::to_string(kMetricsPort), "--data-dir=/run/slipway"})},
       {"env", Value::array({from_pod("POD_NAME", "metadata.name"), from_pod("POD_IP", "status.podIP")})},
       {"ports", Value::array({port("http", 80), port("control", kControlPort), port("metrics", kMetricsPort)})},
       {"livenessProbe", probe("/healthz")},
       {"readinessProbe", probe("/readyz")},
       {"resources", Value::object({{"requests", Value::object({{"cpu", "100m"}, {"memory", "128Mi"}})},
                                    {"limits", Value::object({{"memory", "1Gi"}})}})},
       {"volumeMounts", Value::array({Value::object({{"name", "run"}, {"mountPath", "/run/slipway"}})})},
       {"securityContext", locked_in()}});
}

// Ports below 1024 are opened to it by a safe sysctl of its own network, not by a capability.
Value gateway_deployment(const Options& options) {
  const Value selector =
      Value::object({{"app.kubernetes.io/name", "slipway"}, {"app.kubernetes.io/component", "gateway"}});
  Value security = unprivileged();
  security.set("sysctls",
               Value::array({Value::object({{"name", "net.ipv4.ip_unprivileged_port_start"}, {"value", "0"}})}));
  const Value apart = Value::object({{"maxSkew", 1},
                                     {"topologyKey", "kubernetes.io/hostname"},
                                     {"whenUnsatisfiable", "ScheduleAnyway"},
                                     {"labelSelector", Value::object({{"matchLabels", selector}})}});
  const Value pod =
      Value::object({{"serviceAccountName", kGatewayName},
                     {"containers", Value::array({gateway_container(options)})},
                     {"securityContext", std::move(security)},
                     {"topologySpreadConstraints", Value::array({apart})},
                     {"volumes", Value::array({Value::object({{"name", "run"}, {"emptyDir", Value::object()}})})},
                     {"terminationGracePeriodSeconds", 45}});  // 5 s of grace, 30 s for sessions
  Value out = object("apps/v1", "Deployment", kGatewayName, options.space);
  out.set("spec", Value::object({{"replicas", options.gateway_replicas},
                                 {"selector", Value::object({{"matchLabels", selector}})},
                                 {"template", Value::object({{"metadata", pod_metadata("gateway")}, {"spec", pod}})}}));
  return out;
}

// Reached from inside the cluster only, until its owner says otherwise (docs/gateway-on-clusters.md).
Value gateway_service(const Options& options) {
  Value out = object("v1", "Service", kGatewayName, options.space);
  out.set("spec",
          Value::object(
              {{"selector",
                Value::object({{"app.kubernetes.io/name", "slipway"}, {"app.kubernetes.io/component", "gateway"}})},
               {"ports", Value::array({Value::object({{"name", "http"}, {"port", 80}, {"targetPort", 80}})})}}));
  return out;
}

Value deployment(const Options& options) {
  const Value selector =
      Value::object({{"app.kubernetes.io/name", "slipway"}, {"app.kubernetes.io/component", "controller"}});
  const Value pod = Value::object({{"serviceAccountName", kName},
                                   {"containers", Value::array({container(options)})},
                                   {"securityContext", unprivileged()},
                                   {"terminationGracePeriodSeconds", 15}});
  Value out = object("apps/v1", "Deployment", kName, options.space);
  out.set("spec", Value::object({{"replicas", options.replicas},
                                 {"selector", Value::object({{"matchLabels", selector}})},
                                 {"template", Value::object({{"metadata", pod_metadata()}, {"spec", pod}})}}));
  return out;
}

}  // namespace

std::vector<Value> definitions() {
  std::vector<Value> all = api::slipway_definitions();
  for (Value& definition : all) definition.set({"metadata", "labels"}, labels());
  return all;
}

std::vector<std::string> missing_kinds(const Value& known) {
  std::vector<std::string> out;
  for (const Value& definition : api::slipway_definitions()) {
    const Value& names = definition["spec"]["names"];
    const bool there = std::ranges::any_of(known["resources"].items(), [&](const Value& resource) {
      return resource["name"].as_string() == names["plural"].as_string();
    });
    if (!there) out.push_back(names["kind"].str());
  }
  return out;
}

std::vector<Value> controllers(const Options& options) {
  std::vector<Value> all;
  if (std::ranges::find(options.spaces, options.space) == options.spaces.end())
    all.push_back(object("v1", "Namespace", options.space, ""));
  all.push_back(object("v1", "ServiceAccount", kName, options.space));
  const std::vector<std::string> everywhere = {""};
  for (const std::string& space : options.spaces.empty() ? everywhere : options.spaces) {
    all.push_back(role(kName, space, controller_rights(), Where::Objects));
    all.push_back(binding(kName, space, options));
  }
  const std::string leader = std::string(kName) + "-leader";
  all.push_back(role(leader, options.space, controller_rights(), Where::Own));
  all.push_back(binding(leader, options.space, options));
  all.push_back(deployment(options));
  return all;
}

std::vector<Value> gateway(const Options& options) {
  Value kind = object("gateway.networking.k8s.io/v1", "GatewayClass", kClassName, "");
  kind.set({"metadata", "labels"}, labels("gateway"));
  kind.set("spec", Value::object({{"controllerName", "slipway.dev/gateway"}}));
  const std::string own = std::string(kGatewayName) + "-leases";
  return {std::move(kind),
          object("v1", "ServiceAccount", kGatewayName, options.space),
          role(kGatewayName, "", gateway_rights(), Where::Objects),
          binding(kGatewayName, "", options, kGatewayName),
          role(own, options.space, gateway_rights(), Where::Own),
          binding(own, options.space, options, kGatewayName),
          gateway_service(options),
          gateway_deployment(options)};
}

std::vector<Value> manifest(const Options& options) {
  std::vector<Value> all = definitions();
  for (Value& each : controllers(options)) all.push_back(std::move(each));
  return all;
}

}  // namespace slipway::install
