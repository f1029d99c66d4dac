// The status of a Deployment and its conditions.
#include <algorithm>

#include "api/meta.h"
#include "workload/deployment/pass.h"

namespace slipway::workload::deployment {

using data::Value;

namespace {

std::int64_t sum(const std::vector<Set>& sets, const std::optional<Set>& one, std::string_view field) {
  std::int64_t total = one ? one->object["status"][field].as_int() : 0;
  for (const Set& set : sets) total += set.object["status"][field].as_int();
  return total;
}

// Zeros are left out, as every API server leaves them out.
void put(Value& status, std::string_view field, std::int64_t number) {
  if (number != 0) status.set(field, number);
}

}  // namespace

Value Pass::numbers() const {
  const std::int64_t available = sum(old_, new_, "availableReplicas");
  Value status = Value::object({{"observedGeneration", api::generation_of(deployment_)}});
  put(status, "replicas", sum(old_, new_, "replicas"));
  put(status, "updatedReplicas", new_ ? new_->object["status"]["replicas"].as_int() : 0);
  put(status, "readyReplicas", sum(old_, new_, "readyReplicas"));
  put(status, "availableReplicas", available);
  put(status, "unavailableReplicas", std::max<std::int64_t>(0, total() - available));
  return status;
}

bool Pass::is_complete(const Value& status) const {
  return status["updatedReplicas"].as_int() == desired_ && status["replicas"].as_int() == desired_ &&
         status["availableReplicas"].as_int() == desired_;
}

bool Pass::has_progressed(const Value& status) const {
  const Value& before = deployment_["status"];
  auto old_replicas = [](const Value& s) { return s["replicas"].as_int() - s["updatedReplicas"].as_int(); };
  return status["updatedReplicas"].as_int() > before["updatedReplicas"].as_int() ||
         old_replicas(status) < old_replicas(before) ||
         status["readyReplicas"].as_int() > before["readyReplicas"].as_int() ||
         status["availableReplicas"].as_int() > before["availableReplicas"].as_int();
}

bool Pass::has_timed_out() const {
  const Value& progressing = find_condition(conditions_, kProgressing);
  if (progressing["reason"].as_string() == "ProgressDeadlineExceeded") return true;
  // The deadline of a rollout that has begun but shown nothing yet starts with its first sign of life.
  if (progressing["reason"].as_string() == "NewReplicaSetAvailable") return false;
  const auto since = api::time_at(progressing["lastUpdateTime"]);
  return since && *since + base::seconds(deployment_["spec"]["progressDeadlineSeconds"].as_int()) < now_;
}

// The new set is there, and the write that would have told of it was lost: its rollout begins now. Without this nobody
// would ever give it up, nor wait for anything.
bool Pass::is_untold(const Value& progressing) const {
  return progressing["reason"].as_string() == "NewReplicaSetAvailable" && new_ && !new_->planned;
}

void Pass::judge_progress(const Value& status) {
  if (!has_deadline()) return remove_condition(conditions_, kProgressing);
  const Value known = find_condition(conditions_, kProgressing);
  const bool was_complete =
      status["replicas"] == status["updatedReplicas"] && known["reason"].as_string() == "NewReplicaSetAvailable";
  if (was_complete) return;
  const std::string set = "ReplicaSet \"" + new_name() + "\"";
  if (is_complete(status)) {
    set_condition(conditions_, {kProgressing, "True", "NewReplicaSetAvailable", set + " has successfully progressed."},
                  now_);
  } else if (has_progressed(status) || is_untold(known)) {
    renew_condition(conditions_, {kProgressing, "True", "ReplicaSetUpdated", set + " is progressing."}, now_);
  } else if (has_timed_out()) {
    set_condition(conditions_, {kProgressing, "False", "ProgressDeadlineExceeded", set + " has timed out progressing."},
                  now_);
  } else if (const auto since = api::time_at(known["lastUpdateTime"])) {
    out_.wake_at = *since + base::seconds(deployment_["spec"]["progressDeadlineSeconds"].as_int() + 1);
  }
}

void Pass::judge_availability(std::int64_t available) {
  if (available >= desired_ - posts_.unavailable)
    set_condition(conditions_, {kAvailable, "True", "MinimumReplicasAvailable", "Deployment has minimum availability."},
                  now_);
  else
    set_condition(conditions_,
                  {kAvailable, "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability."},
                  now_);
}

void Pass::copy_replica_failure() {
  const Value* failure = &data::kNull;
  for (const Set& set : old_)
    if (api::is_condition_true(set.object, kReplicaFailure)) failure = &api::condition(set.object, kReplicaFailure);
  if (new_ && api::is_condition_true(new_->object, kReplicaFailure))
    failure = &api::condition(new_->object, kReplicaFailure);
  if (failure->is_null()) return remove_condition(conditions_, kReplicaFailure);
  set_condition(conditions_, {kReplicaFailure, "True", (*failure)["reason"].as_string(), (*failure)["message"].str()},
                now_);
}

// `with_progress`: this pass was one of a rollout, which the deadline judges; pausing, scaling and deleting are not.
void Pass::finish(bool with_progress) {
  for (const Set& set : old_) emit_set(set);
  if (new_) emit_set(*new_);
  Value status = numbers();
  judge_availability(status["availableReplicas"].as_int());
  if (with_progress) {
    judge_progress(status);
    copy_replica_failure();
  }
  if (!conditions_.is_empty()) status.set("conditions", conditions_);
  if (!collisions_.is_null()) status.set("collisionCount", collisions_);
  out_.status = std::move(status);
}

}  // namespace slipway::workload::deployment
