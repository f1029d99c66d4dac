#include "delivery/kept.h"

#include <array>
#include <string_view>

#include "delivery/config.h"
#include "delivery/names.h"
#include "delivery/observe_in_place.h"
#include "delivery/observe_troubles.h"

namespace slipway::delivery {
namespace {

using data::Value;

// The members that are there, as they are.
template <std::size_t N>
Value only(const Value& object, const std::array<std::string_view, N>& keys) {
  Value out = Value::object();
  for (const std::string_view key : keys)
    if (object.has(key)) out.set(key, object[key]);
  return out;
}

constexpr std::array<std::string_view, 8> kIdentity = {
    "creationTimestamp", "deletionTimestamp", "labels",          "name",
    "namespace",         "ownerReferences",   "resourceVersion", "uid"};

// managedFields and the copy of the manifest that kubectl leaves in an annotation: together often more than the rest.
Value without_bookkeeping(Value object) {
  constexpr std::string_view kManifest = "kubectl.kubernetes.io/last-applied-configuration";
  if (object["metadata"].has("managedFields")) object.erase({"metadata", "managedFields"});
  if (object["metadata"]["annotations"].has(kManifest)) object.erase({"metadata", "annotations", kManifest});
  return object;
}

Value conditions_of_pod(const Value& pod, bool ailing) {
  Value out = Value::array();
  for (const Value& condition : pod["status"]["conditions"].items()) {
    const std::string_view type = condition["type"].as_string();
    if (!ailing && type != "Ready" && type != "PodScheduled") continue;
    out.push_back(only<5>(condition, {"lastTransitionTime", "message", "reason", "status", "type"}));
  }
  return out;
}

// Restarts; of a pod that is not well all that tells why (troubles/of_pod.h).
Value containers_of(const Value& statuses, bool ailing) {
  Value out = Value::array();
  for (const Value& status : statuses.items())
    out.push_back(ailing ? only<6>(status, {"image", "lastState", "name", "ready", "restartCount", "state"})
                         : only<1>(status, {"restartCount"}));
  return out;
}

// Of a pod that takes a measurement also how it ended.
Value ends_of(const Value& statuses) {
  Value out = Value::array();
  for (const Value& status : statuses.items()) out.push_back(only<2>(status, {"name", "state"}));
  return out;
}

Value measuring_pod(const Value& whole) {
  Value status = only<3>(whole["status"], {"message", "phase", "reason"});
  for (const char* list : {"containerStatuses", "initContainerStatuses"})
    if (whole["status"][list].is_array()) status.set(list, ends_of(whole["status"][list]));
  return Value::object({{"apiVersion", whole["apiVersion"]},
                        {"kind", whole["kind"]},
                        {"metadata", only(whole["metadata"], kIdentity)},
                        {"status", std::move(status)}});
}

Value pod(Value whole) {
  if (whole["metadata"]["labels"].has(kAnalysisRunLabel)) return measuring_pod(whole);
  const bool ailing = is_ailing(whole);
  const Value& status = whole["status"];
  Value out = Value::object(
      {{"apiVersion", whole["apiVersion"]},
       {"kind", whole["kind"]},
       {"metadata", only(whole["metadata"], kIdentity)},
       {"status", Value::object({{"conditions", conditions_of_pod(whole, ailing)},
                                 {"containerStatuses", containers_of(status["containerStatuses"], ailing)},
                                 {"phase", status["phase"]}})}});
  if (!ailing) return out;
  if (const Value& init = status["initContainerStatuses"]; init.is_array())
    out.set({"status", "initContainerStatuses"}, containers_of(init, ailing));
  if (const Value& gates = whole["spec"]["readinessGates"]; gates.is_array())
    out.set({"spec", "readinessGates"}, gates);
  return out;
}

// The pod's name tells which version an endpoint is, where a router goes by that.
Value endpoint_slice(Value whole) {
  Value endpoints = Value::array();
  for (const Value& endpoint : whole["endpoints"].items()) {
    Value kept = only<1>(endpoint, {"conditions"});
    if (endpoint.has("targetRef")) kept.set("targetRef", only<1>(endpoint["targetRef"], {"name"}));
    endpoints.push_back(std::move(kept));
  }
  return Value::object({{"apiVersion", whole["apiVersion"]},
                        {"endpoints", std::move(endpoints)},
                        {"kind", whole["kind"]},
                        {"metadata", only(whole["metadata"], kIdentity)}});
}

// That it is there: what it holds is read when it is needed. Of a workload's own: whose template it is.
Value controller_revision(Value whole) {
  const std::string hash = revision_template_hash(whole);
  Value kept = without_bookkeeping(whole.without("data"));
  if (!hash.empty()) kept.set({"data", kKeptTemplateHash}, hash);
  return kept;
}

// What is in it is read when it is needed.
Value config_map(Value whole) {
  return Value::object({{"apiVersion", whole["apiVersion"]},
                        {"immutable", whole["immutable"]},
                        {"kind", whole["kind"]},
                        {kKeptContentHash, content_hash(whole)},
                        {"metadata", only(whole["metadata"], kIdentity)}});
}

}  // namespace

client::Projection kept_of(const api::Resource& resource) {
  if (resource == api::kPods) return pod;
  if (resource == api::kEndpointSlices) return endpoint_slice;
  if (resource == api::kControllerRevisions) return controller_revision;
  if (resource == api::kConfigMaps) return config_map;
  for (const api::Resource* each : {&api::kDeployments, &api::kStatefulSets, &api::kDaemonSets, &api::kReplicaSets,
                                    &api::kServices, &api::kReleases, &api::kReleasePolicies, &api::kNotifications,
                                    &api::kAnalysisRuns, &api::kAnalysisTemplates, &api::kClusterAnalysisTemplates})
    if (resource == *each) return without_bookkeeping;
  return nullptr;
}

}  // namespace slipway::delivery
