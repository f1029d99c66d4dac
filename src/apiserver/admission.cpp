#include "apiserver/admission.h"

#include <algorithm>

#include "api/meta.h"
#include "apiserver/crd.h"
#include "apiserver/errors.h"
#include "data/quantity.h"

namespace slipway::apiserver {
namespace {

using base::fail;
using data::Value;

bool is(const api::Kind& kind, std::string_view qualified) { return kind.resource.qualified() == qualified; }

base::Result<void> check_namespace(const Surroundings& around, const api::Kind& kind, const Value& object) {
  if (!kind.resource.namespaced) return {};
  std::string space(api::space_of(object));
  auto entry = around.head.find({"namespaces", "", space});
  if (entry == nullptr) return fail(not_found(api::kNamespaces, space));
  if (!api::is_deleting(entry->object)) return {};
  base::Error error =
      forbidden(kind.resource, api::name_of(object),
                "unable to create new content in namespace " + space + " because it is being terminated");
  error.causes = {{"NamespaceTerminating", "namespace " + space + " is being terminated", "metadata.namespace"}};
  return fail(std::move(error));
}

void check_owners(const Value& object, std::vector<base::Cause>& problems) {
  int controllers = 0;
  auto owners = object["metadata"]["ownerReferences"].items();
  for (std::size_t i = 0; i < owners.size(); ++i) {
    std::string at = "metadata.ownerReferences[" + std::to_string(i) + "]";
    for (const char* field : {"apiVersion", "kind", "name", "uid"})
      if (owners[i][field].is_empty()) problems.push_back(required_value(at + "." + field, ""));
    if (owners[i]["controller"].as_bool()) ++controllers;
  }
  if (controllers > 1)
    problems.push_back(
        invalid_value("metadata.ownerReferences", "", "only one reference can have controller set to true"));
}

Value admitted_namespace(Value object) {
  object.set({"metadata", "labels", "kubernetes.io/metadata.name"}, api::name_of(object));
  if (!object["spec"].has("finalizers")) object.set({"spec", "finalizers"}, Value::array({"kubernetes"}));
  object.set({"status", "phase"}, "Active");
  return object;
}

// Guaranteed: every container limits cpu and memory and requests the same; BestEffort: none asks for anything.
std::string_view qos_class(const Value& pod) {
  bool any = false, all = true;
  for (const char* list : {"initContainers", "containers"})
    for (const Value& container : pod["spec"][list].items())
      for (const char* name : {"cpu", "memory"}) {
        const Value& limit = container["resources"]["limits"][name];
        const Value& request = container["resources"]["requests"][name];
        any = any || !limit.is_null() || !request.is_null();
        all = all && !limit.is_null() && (request.is_null() || request == limit);
      }
  return !any ? "BestEffort" : all ? "Guaranteed" : "Burstable";
}

Value admitted_pod(Value object) {
  if (object["spec"]["serviceAccountName"].is_empty()) object.set({"spec", "serviceAccountName"}, "default");
  if (object["spec"]["serviceAccount"].is_empty())
    object.set({"spec", "serviceAccount"}, object["spec"]["serviceAccountName"]);
  object.set("status", Value::object({{"phase", "Pending"}, {"qosClass", qos_class(object)}}));
  return object;
}

base::Result<void> check_escalation(const Surroundings& around, const api::Kind& kind, const Value& object) {
  const api::Resource& r = kind.resource;
  if (!is_rbac(r.qualified())) return {};
  std::string space(api::space_of(object));
  bool binding = r.plural == "rolebindings" || r.plural == "clusterrolebindings";
  const Value& ref = object["roleRef"];
  Attributes bypass{.verb = binding ? "bind" : "escalate",
                    .group = r.group,
                    .resource = r.plural,
                    .space = space,
                    .name = std::string(api::name_of(object))};
  if (binding) {
    bypass.resource = ref["kind"].as_string() == "ClusterRole" ? "clusterroles" : "roles";
    bypass.name = ref["name"].str();
  }
  if (around.policy.allows(around.who, bypass)) return {};
  std::vector<Rule> rules = rules_from(object["rules"]);
  if (binding) {
    auto* role = around.policy.role(ref["kind"].as_string(), space, ref["name"].as_string());
    if (role == nullptr) return fail(not_found({r.group, r.version, bypass.resource, ref["kind"].str()}, bypass.name));
    rules = *role;
  }
  if (around.policy.covers(around.who, rules, space)) return {};
  return fail(forbidden(r, api::name_of(object),
                        "user \"" + around.who.user + "\" is attempting to grant RBAC permissions not currently held"));
}

// Finalizers may be taken from an object that is being deleted, not added.
void check_finalizers(const Value& object, const Value& old, std::vector<base::Cause>& problems) {
  if (!api::is_deleting(old)) return;
  for (const Value& f : object["metadata"]["finalizers"].items())
    if (!api::has_finalizer(old, f.as_string()))
      problems.push_back(
          {"FieldValueForbidden",
           "Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers "
           "[]string{\"" +
               f.str() + "\"}",
           "metadata.finalizers"});
}

base::Result<Value> admitted_anyway(const Surroundings& around, const api::Kind& kind, Value object, const Value& old,
                                    std::vector<base::Cause>& problems) {
  check_owners(object, problems);
  if (auto fine = check_escalation(around, kind, object); !fine) return fail(fine.error());
  if (is(kind, "services")) assign_addresses(around.service_range, around.head, around.seed, object, old, problems);
  if (is(kind, api::kCustomResourceDefinitions.qualified()))
    return admitted_crd(around.scheme, around.head, std::move(object), old, around.now);
  return object;
}

}  // namespace

base::Result<Value> admit_create(const Surroundings& around, const api::Kind& kind, Value object,
                                 std::vector<base::Cause>& problems) {
  if (auto fine = check_namespace(around, kind, object); !fine) return fail(fine.error());
  if (is(kind, "namespaces")) object = admitted_namespace(std::move(object));
  if (is(kind, "pods")) object = admitted_pod(std::move(object));
  return admitted_anyway(around, kind, std::move(object), {}, problems);
}

base::Result<Value> admit_update(const Surroundings& around, const api::Kind& kind, Value object, const Value& old,
                                 std::vector<base::Cause>& problems) {
  check_finalizers(object, old, problems);
  if (is(kind, "namespaces")) object.set({"metadata", "labels", "kubernetes.io/metadata.name"}, api::name_of(object));
  return admitted_anyway(around, kind, std::move(object), old, problems);
}

base::Result<void> admit_delete(const api::Kind& kind, const Value& object) {
  std::string_view name = api::name_of(object);
  bool kept = name == "default" || name == "kube-system" || name == "kube-public";
  if (is(kind, "namespaces") && kept) return fail(forbidden(kind.resource, name, "this namespace may not be deleted"));
  return {};
}

}  // namespace slipway::apiserver
