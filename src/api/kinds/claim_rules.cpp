// Rules and columns of PersistentVolumeClaims.
#include <algorithm>
#include <array>
#include <utility>

#include "api/kinds/columns.h"
#include "api/kinds/pod_rules.h"
#include "api/meta.h"
#include "api/problems.h"
#include "data/quantity.h"

namespace slipway::api::kinds {

using data::Value;

namespace {

bool has_mode(const Value& modes, std::string_view mode) {
  return std::ranges::any_of(modes.items(), [&](const Value& each) { return each.as_string() == mode; });
}

std::string short_modes(const Value& modes) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kShort = {
      {{"ReadWriteOnce", "RWO"}, {"ReadOnlyMany", "ROX"}, {"ReadWriteMany", "RWX"}, {"ReadWriteOncePod", "RWOP"}}};
  std::string text;
  for (const auto& [mode, letters] : kShort)
    if (has_mode(modes, mode)) text += (text.empty() ? "" : ",") + std::string(letters);
  return text;
}

// What is known once there is a volume.
Value if_bound(const Value& claim, Value text) { return claim["spec"]["volumeName"].is_empty() ? Value("") : text; }

Value status_cell(const Value& claim, base::Time) {
  return is_deleting(claim) ? Value("Terminating") : claim["status"]["phase"];
}

Value or_unset(const Value& text) { return text.is_null() ? Value("<unset>") : text; }

}  // namespace

void begin_claim(Value& claim) { claim.set({"status", "phase"}, "Pending"); }

void check_claim_spec(const Value& spec, const Path& at, Problems& problems) {
  const Path modes = at.at("accessModes"), resources = at.at("resources"), storage = resources.at_key("storage");
  if (spec["accessModes"].is_empty()) problems.push_back(required(modes, "at least 1 access mode is required"));
  if (has_mode(spec["accessModes"], "ReadWriteOncePod") && spec["accessModes"].size() > 1)
    problems.push_back(forbidden(modes, "may not use ReadWriteOncePod with other access modes"));
  const Value& size = spec["resources"]["requests"]["storage"];
  if (size.is_null()) return problems.push_back(required(storage));
  const auto amount = data::Quantity::from_value(size);
  if (amount && *amount <= data::Quantity()) problems.push_back(invalid(storage, size, "must be greater than zero"));
}

// A volume is given once; a claim that has one may ask for more room.
void check_claim(const Value& claim, const Value& old, Problems& problems) {
  if (old.is_null()) return;
  const Path at{nullptr, "spec"};
  const Value &spec = claim["spec"], &before = old["spec"];
  Value fixed = spec, known = before;
  if (before["volumeName"].is_empty()) fixed.erase("volumeName");
  if (claim["status"]["phase"].as_string() == "Bound")
    for (Value* each : {&fixed, &known}) {
      each->erase({"resources", "requests", "storage"});
      each->erase("volumeAttributesClassName");
    }
  if (fixed != known)
    problems.push_back(forbidden(at,
                                 "spec is immutable after creation except resources.requests and "
                                 "volumeAttributesClassName for bound claims"));
  const auto wanted = data::Quantity::from_value(spec["resources"]["requests"]["storage"]);
  const auto had = data::Quantity::from_value(before["resources"]["requests"]["storage"]);
  const Path resources = at.at("resources"), requests = resources.at("requests");
  if (wanted && had && *wanted < *had)
    problems.push_back(forbidden(requests.at("storage"), "field can not be less than status.capacity"));
}

std::vector<Column> claim_columns() {
  return {
      name_column(),
      text_column("Status", "Pending, Bound or Lost.", status_cell),
      text_column("Volume", "The volume that it has.",
                  [](const Value& o, base::Time) -> Value { return o["spec"]["volumeName"].str(); }),
      text_column("Capacity", "How much there is.",
                  [](const Value& o, base::Time) { return if_bound(o, o["status"]["capacity"]["storage"].str("0")); }),
      text_column("Access Modes", "How it can be mounted.",
                  [](const Value& o, base::Time) { return if_bound(o, short_modes(o["status"]["accessModes"])); }),
      text_column("StorageClass", "Kind of storage.",
                  [](const Value& o, base::Time) -> Value { return o["spec"]["storageClassName"].str(); }),
      text_column("VolumeAttributesClass", "Class of changeable attributes.",
                  [](const Value& o, base::Time) { return or_unset(o["spec"]["volumeAttributesClassName"]); }),
      age_column(),
      wide_column("VolumeMode", "File system or raw block device.",
                  [](const Value& o, base::Time) { return or_unset(o["spec"]["volumeMode"]); })};
}

}  // namespace slipway::api::kinds
