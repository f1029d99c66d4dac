#include "workload/claims/decide.h"

#include "api/meta.h"
#include "control/patch.h"

namespace slipway::workload::claims {

using control::Decision;
using control::Note;
using data::Value;

namespace {

std::string obstacle(const Value& spec) {
  if (spec["volumeMode"].as_string() == "Block") return "volumeMode Block: there are only folders here";
  if (!spec["volumeName"].is_empty()) return "volumeName: there are no volumes to choose from here";
  for (const std::string_view field : {"selector", "dataSource", "dataSourceRef"})
    if (!spec[field].is_null()) return std::string(field) + ": volumes start empty here";
  return {};
}

Decision refuse(const Value& claim, const std::string& why, base::Time now) {
  Decision out{.status = claim["status"]};
  const std::string message = "spec." + why;
  if (api::set_condition(out.status, kUnsupported, "True", "ProvisioningFailed", message, now))
    out.notes.push_back({Note::Kind::Warning, "ProvisioningFailed", message});
  return out;
}

Value bound_status(const Value& claim) {
  Value status = claim["status"];
  status.set("phase", "Bound");
  status.set("accessModes", claim["spec"]["accessModes"]);
  status.set({"capacity", "storage"}, claim["spec"]["resources"]["requests"]["storage"]);
  return status;
}

Decision bind(const Value& claim) {
  Value body;
  body.set({"spec", "volumeName"}, volume_name(claim));
  if (!api::has_finalizer(claim, kProtection)) {
    Value finalizers = claim["metadata"]["finalizers"];
    if (finalizers.is_null()) finalizers = Value::array();
    finalizers.push_back(kProtection);
    body.set({"metadata", "finalizers"}, std::move(finalizers));
  }
  Decision out{.effects = {control::patch_of(api::kPersistentVolumeClaims, claim, std::move(body))},
               .status = bound_status(claim)};
  out.notes.push_back(
      {Note::Kind::Normal, "ProvisioningSucceeded", "Successfully provisioned volume " + volume_name(claim)});
  return out;
}

Decision let_go(const Value& claim) {
  Value others = Value::array();
  for (const Value& finalizer : claim["metadata"]["finalizers"].items())
    if (finalizer.as_string() != kProtection) others.push_back(finalizer);
  Value body;
  body.set({"metadata", "finalizers"}, others.size() > 0 ? std::move(others) : Value());
  return {.effects = {control::patch_of(api::kPersistentVolumeClaims, claim, std::move(body))}};
}

}  // namespace

std::string volume_name(const Value& claim) { return "pvc-" + std::string(api::uid_of(claim)); }

Decision decide(const Observation& seen, base::Time now) {
  const Value& claim = seen.claim;
  if (api::is_deleting(claim))
    return !seen.in_use && api::has_finalizer(claim, kProtection) ? let_go(claim) : Decision{};
  // Ours already, though the status may have been lost; it may also have grown since.
  if (claim["spec"]["volumeName"].as_string() == volume_name(claim)) return {.status = bound_status(claim)};
  const std::string why = obstacle(claim["spec"]);
  return why.empty() ? bind(claim) : refuse(claim, why, now);
}

}  // namespace slipway::workload::claims
