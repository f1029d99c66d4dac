#include "apiserver/deletion.h"

#include <algorithm>

#include "api/meta.h"
#include "apiserver/errors.h"
#include "base/strings.h"

namespace slipway::apiserver {
namespace {

using base::fail;
using data::Value;

constexpr std::int64_t kDefaultPodGrace = 30;
constexpr std::string_view kForeground = "foregroundDeletion";
constexpr std::string_view kOrphan = "orphan";

base::Result<Propagation> propagation_of(std::string_view text) {
  if (text.empty()) return Propagation::Unset;
  if (text == "Background") return Propagation::Background;
  if (text == "Foreground") return Propagation::Foreground;
  if (text == "Orphan") return Propagation::Orphan;
  return fail(
      bad_request("propagationPolicy must be Background, Foreground or Orphan, not \"" + std::string(text) + "\""));
}

bool is_pod(const api::Kind& kind) { return kind.resource.group.empty() && kind.resource.plural == "pods"; }
bool is_namespace(const api::Kind& kind) { return kind.resource.group.empty() && kind.resource.plural == "namespaces"; }

// Pods that no node is running any more, or not yet, need no grace.
std::int64_t grace_of(const api::Kind& kind, const Value& object, const DeleteOptions& options) {
  if (!is_pod(kind)) return 0;
  std::string_view phase = object["status"]["phase"].as_string();
  bool idle = object["spec"]["nodeName"].is_empty() || phase == "Succeeded" || phase == "Failed";
  if (idle) return 0;
  std::int64_t own = object["spec"]["terminationGracePeriodSeconds"].as_int(kDefaultPodGrace);
  return std::max<std::int64_t>(0, options.grace_seconds.value_or(own));
}

Value with_finalizer(const Value& finalizers, std::string_view wanted, bool present) {
  std::vector<Value> out;
  for (const Value& f : finalizers.items())
    if (f.as_string() != wanted) out.push_back(f);
  if (present) out.emplace_back(wanted);
  return Value::array_of(std::move(out));
}

// Only says something when the caller does: a plain delete leaves the finalizers as they are.
Value finalizers_after(const Value& object, Propagation propagation) {
  Value finalizers = object["metadata"]["finalizers"];
  if (propagation == Propagation::Unset) return finalizers;
  finalizers = with_finalizer(finalizers, kForeground, propagation == Propagation::Foreground);
  return with_finalizer(finalizers, kOrphan, propagation == Propagation::Orphan);
}

Value marked(const api::Kind& kind, Value object, Value finalizers, std::int64_t grace, base::Time at) {
  Value& metadata = object.member("metadata");
  if (metadata["deletionTimestamp"].is_null() && metadata.has("generation"))
    metadata.set("generation", metadata["generation"].as_int() + 1);
  metadata.set("deletionTimestamp", base::format_time(at));
  metadata.set("deletionGracePeriodSeconds", grace);
  if (finalizers.is_empty())
    metadata.erase("finalizers");
  else
    metadata.set("finalizers", std::move(finalizers));
  if (is_namespace(kind)) object.set({"status", "phase"}, "Terminating");
  return object;
}

// A later delete may shorten the grace period, never lengthen it.
DeletionStep shorten(const api::Kind& kind, const Value& object, Value finalizers, std::int64_t grace) {
  std::int64_t had = object["metadata"]["deletionGracePeriodSeconds"].as_int();
  bool same_holders = finalizers == object["metadata"]["finalizers"];
  if (grace >= had && same_holders) return Unchanged{};
  grace = std::min(grace, had);
  base::Time at = api::time_at(object["metadata"]["deletionTimestamp"]).value_or(base::Time{});
  return Mark{marked(kind, object, std::move(finalizers), grace, at - base::seconds(had - grace))};
}

}  // namespace

base::Result<DeleteOptions> delete_options(const Value& body, const Options& query) {
  DeleteOptions out{.dry_run = query.dry_run || !body["dryRun"].is_empty()};
  if (body["gracePeriodSeconds"].is_int())
    out.grace_seconds = body["gracePeriodSeconds"].as_int();
  else if (auto grace = base::parse_int(query.get("gracePeriodSeconds")))
    out.grace_seconds = *grace;
  out.uid = body["preconditions"]["uid"].str();
  out.resource_version = body["preconditions"]["resourceVersion"].str();
  auto propagation = propagation_of(body["propagationPolicy"].as_string(query.get("propagationPolicy")));
  if (!propagation) return fail(propagation.error());
  out.propagation = *propagation;
  bool orphan = body["orphanDependents"].as_bool() || query.flag("orphanDependents");
  if (orphan && out.propagation == Propagation::Unset) out.propagation = Propagation::Orphan;
  return out;
}

bool is_released(const api::Kind& kind, const Value& object) {
  const Value& metadata = object["metadata"];
  if (metadata["deletionTimestamp"].is_null() || !metadata["finalizers"].is_empty()) return false;
  if (is_namespace(kind) && !object["spec"]["finalizers"].is_empty()) return false;
  return metadata["deletionGracePeriodSeconds"].as_int() == 0;
}

DeletionStep plan_deletion(const api::Kind& kind, const Value& object, const DeleteOptions& options, base::Time now) {
  Value finalizers = finalizers_after(object, options.propagation);
  std::int64_t grace = grace_of(kind, object, options);
  bool held = !finalizers.is_empty() || (is_namespace(kind) && !object["spec"]["finalizers"].is_empty());
  if (!held && grace == 0) return Erase{};
  if (api::is_deleting(object)) return shorten(kind, object, std::move(finalizers), grace);
  return Mark{marked(kind, object, std::move(finalizers), grace, now + base::seconds(grace))};
}

}  // namespace slipway::apiserver
