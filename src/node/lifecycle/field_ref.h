// Single values that containers and volumes take from objects: fields of the pod, resources of a container, keys of
// maps. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "data/value.h"
#include "node/lifecycle/environment.h"

namespace slipway::node::lifecycle {

// "metadata.labels['app']", "metadata.labels" (a file of lines), "status.podIP", "spec.nodeName" ...
base::Result<std::string> field_of(const data::Value& pod, std::string_view path, const Lookup& lookup);
// {"resource":"limits.cpu","divisor":"1m","containerName"?}: whole units, rounded up.
base::Result<std::string> resource_of(const data::Value& pod, const data::Value& container, const data::Value& ref,
                                      const Lookup& lookup);

// The decoded entries of a ConfigMap or Secret, in key order: data, binaryData and stringData.
std::vector<std::pair<std::string, std::string>> entries_of(const data::Value& object);
std::optional<std::string> entry_of(const data::Value& object, std::string_view key);

}  // namespace slipway::node::lifecycle
