#include "node/lifecycle/field_ref.h"

#include <algorithm>

#include "api/meta.h"
#include "base/strings.h"
#include "data/json.h"
#include "data/quantity.h"
#include "node/lifecycle/spec.h"

namespace slipway::node::lifecycle {

using base::Code;
using base::Result;
using data::Value;

namespace {

// Labels and annotations as a file: name="value" lines, quoted as JSON.
std::string lines_of(const Value& map) {
  std::string out;
  for (const auto& m : map.members()) out += (out.empty() ? "" : "\n") + m.key.str() + "=" + data::to_json(m.value);
  return out;
}

Result<std::string> map_field(const Value& map, std::string_view rest) {
  if (rest.empty()) return lines_of(map);
  if (!rest.starts_with("['") || !rest.ends_with("']")) return base::fail(Code::Invalid, "fieldPath is not understood");
  return map[rest.substr(2, rest.size() - 4)].str();
}

}  // namespace

Result<std::string> field_of(const Value& pod, std::string_view path, const Lookup& lookup) {
  for (const char* map : {"labels", "annotations"})
    if (const std::string prefix = std::string("metadata.") + map; path.starts_with(prefix))
      return map_field(pod["metadata"][map], path.substr(prefix.size()));
  if (path == "status.podIP" || path == "status.podIPs") return lookup.pod_ip;
  if (path == "status.hostIP" || path == "status.hostIPs") return lookup.host_ip;
  if (path == "spec.serviceAccountName") return pod["spec"]["serviceAccountName"].str("default");
  if (path == "metadata.name" || path == "metadata.namespace" || path == "metadata.uid" || path == "spec.nodeName") {
    const auto dot = path.find('.');
    return pod[path.substr(0, dot)][path.substr(dot + 1)].str();
  }
  return base::fail(Code::Invalid, "fieldPath \"" + std::string(path) + "\" is not supported");
}

Result<std::string> resource_of(const Value& pod, const Value& container, const Value& ref, const Lookup& lookup) {
  const std::string_view resource = ref["resource"].as_string();
  const auto dot = resource.find('.');
  if (dot == resource.npos)
    return base::fail(Code::Invalid, "resource \"" + std::string(resource) + "\" is not supported");
  const std::string_view list = resource.substr(0, dot), name = resource.substr(dot + 1);
  const Value& from = ref.has("containerName") ? container_spec(pod, ref["containerName"].as_string()) : container;
  const Value& set = from["resources"][list][name];
  data::Quantity amount;
  if (!set.is_null()) {
    auto parsed = data::Quantity::from_value(set);
    if (!parsed) return base::fail(parsed.error());
    amount = *parsed;
  } else if (list == "limits") {
    amount = data::Quantity::from_milli(name == "cpu" ? lookup.node_cpu_millis : lookup.node_memory * 1000);
  }
  const auto divisor = ref["divisor"].is_null()
                           ? data::Quantity::from_milli(1000)
                           : data::Quantity::from_value(ref["divisor"]).value_or(data::Quantity::from_milli(1000));
  const std::int64_t by = std::max<std::int64_t>(divisor.milli(), 1);
  return std::to_string((amount.milli() + by - 1) / by);
}

std::vector<std::pair<std::string, std::string>> entries_of(const Value& object) {
  std::vector<std::pair<std::string, std::string>> out;
  const bool secret = object["kind"].as_string() == "Secret";
  for (const auto& m : object["data"].members())
    out.emplace_back(m.key.str(), secret ? base::base64_decode(m.value.as_string()).value_or("") : m.value.str());
  for (const auto& m : object["binaryData"].members())
    out.emplace_back(m.key.str(), base::base64_decode(m.value.as_string()).value_or(""));
  std::sort(out.begin(), out.end());
  return out;
}

std::optional<std::string> entry_of(const Value& object, std::string_view key) {
  for (auto& [name, bytes] : entries_of(object))
    if (name == key) return bytes;
  return std::nullopt;
}

}  // namespace slipway::node::lifecycle
