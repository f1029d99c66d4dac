#include "rehearse/trace.h"

#include <fmt/format.h>

#include "api/meta.h"
#include "control/pod.h"

namespace slipway::rehearse {
namespace {

using data::Value;

std::string pod_text(const Value& pod) {
  return fmt::format("{}{}{}", control::is_ready(pod) ? "ready" : "not ready",
                     control::restarts_of(pod) > 0 ? fmt::format(", {} restarts", control::restarts_of(pod)) : "",
                     api::is_deleting(pod) ? ", stopping" : "");
}

std::string set_text(const Value& set) {
  return fmt::format("{} wanted, {} there, {} ready, {} available, of {}{}", set["spec"]["replicas"].as_int(1),
                     set["status"]["replicas"].as_int(), set["status"]["readyReplicas"].as_int(),
                     set["status"]["availableReplicas"].as_int(), api::controller_of(set)["kind"].as_string("nobody"),
                     api::is_deleting(set) ? ", stopping" : "");
}

std::string text_of(const std::string& resource, const Value& object) {
  const Value& status = object["status"];
  if (resource == "pods") return pod_text(object);
  if (resource == "replicasets.apps") return set_text(object);
  if (resource == "deployments.apps") return set_text(object) + (object["spec"]["paused"].as_bool() ? ", paused" : "");
  if (resource.starts_with("releases"))
    return fmt::format("{}: {}{}", status["phase"].as_string("new"), status["message"].as_string(),
                       object["spec"]["paused"].as_bool() ? " (spec.paused)" : "");
  if (resource.starts_with("analysisruns"))
    return fmt::format("{} {}", status["phase"].as_string("new"), status["message"].as_string());
  if (resource == "configmaps") return object["immutable"].as_bool() ? "never changes" : "of a user";
  if (resource.starts_with("endpointslices")) return fmt::format("{} endpoints", object["endpoints"].size());
  return "";
}

}  // namespace

std::string line_of(const store::Change& change) {
  const auto& [resource, space, name] = change.entry->key;
  if (change.kind == store::Change::Kind::Delete) return fmt::format("{}/{} is gone", resource, name);
  const std::string now = text_of(resource, change.entry->object);
  if (now.empty() || (change.previous && text_of(resource, change.previous->object) == now)) return "";
  return fmt::format("{}/{} {}", resource, name, now);
}

}  // namespace slipway::rehearse
