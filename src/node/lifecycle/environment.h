// A container's environment, command and the files of its volumes, from the pod and the objects that it names. Pure.
//
// Specification: "Define Environment Variables", "Expose Pod Information", "Projected Volumes" in the Kubernetes
// documentation.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "data/value.h"
#include "node/pod_runtime.h"

namespace slipway::node::lifecycle {

// Looks objects up in the pod's namespace; null when absent.
struct Lookup {
  std::function<const data::Value&(std::string_view name)> config_map;
  std::function<const data::Value&(std::string_view name)> secret;
  std::function<const data::Value&(std::string_view name)> claim = {};  // PersistentVolumeClaim
  std::vector<data::Value> services = {};  // of the pod's namespace, for the service variables
  std::string pod_ip = {}, host_ip = {};
  std::int64_t node_cpu_millis = 0, node_memory = 0;  // what limits default to
};

using Environment = std::vector<std::pair<std::string, std::string>>;

// In the order in which Kubernetes defines them: image, services, envFrom, env; later ones replace earlier ones of the
// same name. Invalid, with the container's text for CreateContainerConfigError, when something it needs is missing.
base::Result<Environment> environment_of(const data::Value& pod, const data::Value& container, const Image& image,
                                         const Lookup& lookup);

// "$(NAME)" by value, "$$" by "$"; unknown names stay as they are.
std::string expand(std::string_view text, const Environment& env);
// command/args over the image's entrypoint and command; empty when neither says anything.
std::vector<std::string> argv_of(const data::Value& container, const Image& image, const Environment& env);

// A volume of the pod. Invalid for kinds that this node does not have (hostPath ...), NotFound for a missing ConfigMap,
// Secret or claim, Unavailable for a claim that has no volume yet.
base::Result<Volume> volume_of(const data::Value& pod, const data::Value& volume, const Lookup& lookup);
bool names_object(const data::Value& pod, std::string_view kind,
                  std::string_view name);  // "ConfigMap", "Secret" or "PersistentVolumeClaim": in volumes
// An emptyDir or a claim, unless the pod asks for it read-only. All others are only shown.
bool is_writable(const data::Value& pod, std::string_view volume);

}  // namespace slipway::node::lifecycle
