#include "apiserver/bootstrap.h"

#include "api/meta.h"
#include "base/error.h"
#include "data/yaml.h"

namespace slipway::apiserver {
namespace {

using data::Value;

constexpr const char* kNamespaces[] = {"default", "kube-node-lease", "kube-public", "kube-system"};

// Read access to everything an ordinary user works with; secrets are left out on purpose.
constexpr std::string_view kUserRoles = R"yaml(
kind: ClusterRole
metadata: {name: cluster-admin}
rules:
- {apiGroups: ["*"], resources: ["*"], verbs: ["*"]}
- {nonResourceURLs: ["*"], verbs: ["*"]}
---
kind: ClusterRole
metadata: {name: view}
rules:
- apiGroups: [""]
  resources: [configmaps, events, namespaces, persistentvolumeclaims, pods, pods/log, pods/status, serviceaccounts]
  verbs: [get, list, watch]
- apiGroups: [""]
  resources: [services, services/status]
  verbs: [get, list, watch]
- apiGroups: [apps, coordination.k8s.io, discovery.k8s.io, gateway.networking.k8s.io, slipway.dev]
  resources: ["*"]
  verbs: [get, list, watch]
---
kind: ClusterRole
metadata: {name: edit}
rules:
- apiGroups: [""]
  resources: [configmaps, persistentvolumeclaims, pods, pods/eviction, secrets, serviceaccounts, services]
  verbs: [get, list, watch, create, update, patch, delete, deletecollection]
- apiGroups: [""]
  resources: [events, namespaces, pods/log, pods/status, services/status]
  verbs: [get, list, watch]
- apiGroups: [apps, coordination.k8s.io, gateway.networking.k8s.io, slipway.dev]
  resources: ["*"]
  verbs: [get, list, watch, create, update, patch, delete, deletecollection]
- {apiGroups: [discovery.k8s.io], resources: [endpointslices], verbs: [get, list, watch]}
---
kind: ClusterRole
metadata: {name: "system:discovery"}
rules:
- nonResourceURLs: [/api, "/api/*", /apis, "/apis/*", /openapi, "/openapi/*", /version, /version/]
  verbs: [get]
- {nonResourceURLs: [/healthz, /livez, "/livez/*", /readyz, "/readyz/*"], verbs: [get]}
---
kind: ClusterRole
metadata: {name: "system:public-info-viewer"}
rules:
- {nonResourceURLs: [/healthz, /livez, /readyz, /version, /version/], verbs: [get]}
---
kind: ClusterRole
metadata: {name: "system:basic-user"}
rules:
- {apiGroups: [authorization.k8s.io], resources: [selfsubjectaccessreviews, selfsubjectrulesreviews], verbs: [create]}
- {apiGroups: [authentication.k8s.io], resources: [selfsubjectreviews], verbs: [create]}
---
kind: ClusterRole
metadata: {name: "slipway:metrics-reader"}
rules:
- {nonResourceURLs: [/metrics, "/metrics/*"], verbs: [get]}
)yaml";

// One role per own part. The controllers also collect garbage and empty namespaces, which reaches every kind, but they
// never create or change secrets, roles or bindings.
constexpr std::string_view kPartRoles = R"yaml(
kind: ClusterRole
metadata: {name: "slipway:controller"}
rules:
- apiGroups: [""]
  resources: [configmaps, events, namespaces, nodes, persistentvolumeclaims, pods, services, serviceaccounts]
  verbs: [get, list, watch]
- apiGroups: [""]
  resources: [configmaps, persistentvolumeclaims, pods, services]
  verbs: [create, update, patch, delete, deletecollection]
- {apiGroups: [""], resources: [pods/status, services/status, namespaces/status, nodes/status], verbs: [get, update, patch]}
- {apiGroups: [""], resources: [persistentvolumeclaims/status], verbs: [get, update, patch]}
- {apiGroups: [""], resources: [pods/binding, pods/eviction], verbs: [create]}
- {apiGroups: [""], resources: [namespaces/finalize], verbs: [update]}
- {apiGroups: [""], resources: [events], verbs: [create, update, patch]}
- {apiGroups: [""], resources: [nodes], verbs: [patch, update]}
- {apiGroups: [apps], resources: ["*"], verbs: [get, list, watch, create, update, patch, delete, deletecollection]}
- {apiGroups: [discovery.k8s.io], resources: [endpointslices], verbs: [get, list, watch, create, update, patch, delete, deletecollection]}
- {apiGroups: [coordination.k8s.io], resources: [leases], verbs: [get, list, watch, create, update, patch, delete]}
- {apiGroups: [gateway.networking.k8s.io], resources: ["*"], verbs: [get, list, watch, update, patch]}
- {apiGroups: [networking.istio.io], resources: [virtualservices, destinationrules], verbs: [patch]}
- {apiGroups: [networking.k8s.io], resources: [ingresses], verbs: [create, patch, delete]}
- {apiGroups: [traefik.io], resources: [traefikservices, ingressroutes], verbs: [patch]}
- {apiGroups: [slipway.dev], resources: ["*"], verbs: [get, list, watch, create, update, patch, delete, deletecollection]}
- {nonResourceURLs: ["/slipway/v1/ask/*"], verbs: [post]}
---
kind: ClusterRole
metadata: {name: "slipway:garbage-collector"}
rules:
- {apiGroups: ["*"], resources: ["*"], verbs: [get, list, watch, delete, deletecollection]}
- {apiGroups: ["", apps, discovery.k8s.io, gateway.networking.k8s.io, slipway.dev], resources: ["*"], verbs: [patch]}
---
kind: ClusterRole
metadata: {name: "slipway:node"}
rules:
- {apiGroups: [""], resources: [pods, configmaps, persistentvolumeclaims, secrets, services, namespaces], verbs: [get, list, watch]}
- {apiGroups: [""], resources: [pods], verbs: [delete]}
- {apiGroups: [""], resources: [pods/status], verbs: [get, update, patch]}
- {apiGroups: [""], resources: [nodes], verbs: [get, list, watch, create, update, patch]}
- {apiGroups: [""], resources: [nodes/status], verbs: [get, update, patch]}
- {apiGroups: [""], resources: [events], verbs: [create, update, patch]}
- {apiGroups: [coordination.k8s.io], resources: [leases], verbs: [get, list, watch, create, update, patch]}
---
kind: ClusterRole
metadata: {name: "slipway:gateway"}
rules:
- {apiGroups: [""], resources: [services, pods, namespaces], verbs: [get, list, watch]}
- {apiGroups: [""], resources: [secrets], verbs: [get]}  # of Prometheus servers that analysis templates name
- {apiGroups: [discovery.k8s.io], resources: [endpointslices], verbs: [get, list, watch]}
- {apiGroups: [gateway.networking.k8s.io], resources: ["*"], verbs: [get, list, watch]}
- {apiGroups: [gateway.networking.k8s.io], resources: [httproutes/status], verbs: [get, update, patch]}
- {apiGroups: [""], resources: [events], verbs: [create, update, patch]}
)yaml";

struct Grant {
  const char* role;
  const char* subject_kind;
  const char* subject;
};
constexpr Grant kGrants[] = {
    {"cluster-admin", "Group", "system:masters"},
    {"system:discovery", "Group", "system:authenticated"},
    {"system:basic-user", "Group", "system:authenticated"},
    {"system:public-info-viewer", "Group", "system:unauthenticated"},
    {"slipway:controller", "User", kControllerUser},
    {"slipway:garbage-collector", "User", kControllerUser},
    {"slipway:node", "User", kNodeUser},
    {"slipway:gateway", "User", kGatewayUser},
    {"slipway:metrics-reader", "User", kMetricsUser},
};

constexpr const char* kRbacVersion = "rbac.authorization.k8s.io/v1";

Value namespace_object(const char* name) {
  return Value::object(
      {{"apiVersion", "v1"},
       {"kind", "Namespace"},
       {"metadata",
        Value::object({{"name", name}, {"labels", Value::object({{"kubernetes.io/metadata.name", name}})}})},
       {"spec", Value::object({{"finalizers", Value::array({"kubernetes"})}})},
       {"status", Value::object({{"phase", "Active"}})}});
}

Value binding_object(const Grant& grant) {
  Value subject =
      Value::object({{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", grant.subject_kind}, {"name", grant.subject}});
  return Value::object(
      {{"apiVersion", kRbacVersion},
       {"kind", "ClusterRoleBinding"},
       {"metadata", Value::object({{"name", grant.role}})},
       {"subjects", Value::array({std::move(subject)})},
       {"roleRef",
        Value::object({{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "ClusterRole"}, {"name", grant.role}})}});
}

std::vector<Value> roles(std::string_view text) {
  auto documents = data::parse_yaml_stream(text);
  SLIPWAY_CHECK(documents.has_value());
  std::vector<Value> out;
  for (const auto& document : *documents) {
    Value role = document.value;
    role.set("apiVersion", kRbacVersion);
    role.set({"metadata", "labels", "kubernetes.io/bootstrapping"}, "rbac-defaults");
    out.push_back(std::move(role));
  }
  return out;
}

class Bootstrap {
 public:
  Bootstrap(store::Store& store, runtime::Loop& loop, runtime::Random& random, const api::Scheme& scheme)
      : store_(store), loop_(loop), random_(random), scheme_(scheme), head_(store.head()) {}

  // Creates it, or brings the rules of an existing role up to date.
  void ensure(Value object) {
    const api::Kind* kind = scheme_.find_kind(object["apiVersion"].as_string(), object["kind"].as_string());
    SLIPWAY_CHECK(kind != nullptr);
    store::Key key{kind->resource.qualified(), "", std::string(api::name_of(object))};
    auto entry = head_->find(key);
    if (entry == nullptr) return create(key, *kind, std::move(object));
    if (!object.has("rules") || entry->object["rules"] == object["rules"]) return;
    put(key, entry->object.with("rules", object["rules"]), entry->modified);
  }

 private:
  void create(const store::Key& key, const api::Kind& kind, Value object) {
    object = api::with_defaults(kind, std::move(object));
    object.set({"metadata", "uid"}, runtime::make_uid(random_));
    object.set({"metadata", "creationTimestamp"}, base::format_time(loop_.now()));
    put(key, std::move(object), 0);
  }

  void put(const store::Key& key, Value object, store::Revision expected) {
    auto done = store_.put(key, std::move(object), expected, [] {});
    SLIPWAY_CHECK(done.has_value());
  }

  store::Store& store_;
  runtime::Loop& loop_;
  runtime::Random& random_;
  const api::Scheme& scheme_;
  store::SnapshotPtr head_;
};

}  // namespace

void bootstrap(store::Store& store, runtime::Loop& loop, runtime::Random& random, const api::Scheme& scheme) {
  Bootstrap all(store, loop, random, scheme);
  for (const char* name : kNamespaces) all.ensure(namespace_object(name));
  for (Value& role : roles(kUserRoles)) all.ensure(std::move(role));
  for (Value& role : roles(kPartRoles)) all.ensure(std::move(role));
  for (const Grant& grant : kGrants) all.ensure(binding_object(grant));
}

}  // namespace slipway::apiserver
