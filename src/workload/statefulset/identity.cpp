#include "workload/statefulset/identity.h"

#include <algorithm>

#include "api/meta.h"
#include "base/strings.h"
#include "workload/revisions/history.h"

namespace slipway::workload::statefulset {

using data::Value;

namespace {

constexpr std::int64_t kLargestOrdinal = 2147483647;

Value metadata_of(const Value& set, const Value& pod_template, std::string_view revision, std::int64_t ordinal) {
  const std::string name = pod_name(set, ordinal);
  Value metadata = Value::object(
      {{"name", name}, {"generateName", std::string(api::name_of(set)) + "-"}, {"namespace", api::space_of(set)}});
  for (const std::string_view field : {"labels", "annotations", "finalizers"})
    if (const Value& value = pod_template["metadata"][field]; !value.is_empty()) metadata.set(field, value);
  metadata.set({"labels", kPodName}, name);
  metadata.set({"labels", kPodIndex}, std::to_string(ordinal));
  metadata.set({"labels", revisions::kPodLabel}, revision);
  metadata.set("ownerReferences", Value::array({api::controller_reference(set, api::kStatefulSets)}));
  return metadata;
}

// The set's claims take the place of volumes with the same name.
Value volumes_of(const Value& set, const Value& pod_template, std::int64_t ordinal) {
  Value volumes = Value::array();
  const Value& claims = set["spec"]["volumeClaimTemplates"];
  for (const Value& claim : claims.items()) {
    const Value source = Value::object({{"claimName", claim_name(set, claim, ordinal)}});
    volumes.push_back(Value::object({{"name", api::name_of(claim)}, {"persistentVolumeClaim", source}}));
  }
  for (const Value& volume : pod_template["spec"]["volumes"].items()) {
    const auto same = [&](const Value& claim) { return api::name_of(claim) == volume["name"].as_string(); };
    if (std::ranges::none_of(claims.items(), same)) volumes.push_back(volume);
  }
  return volumes;
}

}  // namespace

std::optional<std::int64_t> ordinal_of(const Value& set, const Value& pod) {
  std::string_view name = api::name_of(pod);
  const std::string_view prefix = api::name_of(set);
  if (!name.starts_with(prefix) || name.substr(prefix.size(), 1) != "-") return std::nullopt;
  name.remove_prefix(prefix.size() + 1);
  const auto number = base::parse_uint(name);
  if (!number || *number > kLargestOrdinal || name != std::to_string(*number)) return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

std::string pod_name(const Value& set, std::int64_t ordinal) {
  return std::string(api::name_of(set)) + "-" + std::to_string(ordinal);
}

std::string claim_name(const Value& set, const Value& claim_template, std::int64_t ordinal) {
  return std::string(api::name_of(claim_template)) + "-" + pod_name(set, ordinal);
}

Value new_pod(const Value& set, const Value& pod_template, std::string_view revision, std::int64_t ordinal) {
  Value spec = pod_template["spec"];
  spec.set("hostname", pod_name(set, ordinal));
  if (const Value& service = set["spec"]["serviceName"]; !service.is_empty()) spec.set("subdomain", service);
  if (!set["spec"]["volumeClaimTemplates"].is_empty()) spec.set("volumes", volumes_of(set, pod_template, ordinal));
  return Value::object({{"apiVersion", "v1"},
                        {"kind", "Pod"},
                        {"metadata", metadata_of(set, pod_template, revision, ordinal)},
                        {"spec", std::move(spec)}});
}

Value missing_labels(const Value& pod) {
  if (api::label(pod, kPodName) == api::name_of(pod)) return {};
  const std::string_view name = api::name_of(pod);
  return Value::object({{kPodName, name}, {kPodIndex, name.substr(name.rfind('-') + 1)}});
}

}  // namespace slipway::workload::statefulset
