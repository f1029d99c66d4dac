// The status of a StatefulSet, and the versions that it forgets.
#include <algorithm>
#include <set>

#include "api/meta.h"
#include "control/pod.h"
#include "workload/statefulset/pass.h"

namespace slipway::workload::statefulset {

using data::Value;

namespace {

// Zeros are left out, as every API server leaves them out.
void put(Value& status, std::string_view field, std::int64_t number) {
  if (number != 0) status.set(field, number);
}

}  // namespace

void Pass::count() {
  for (const auto& [ordinal, pod] : pods_) {
    ++replicas_;
    if (is_running_and_ready(pod)) {
      ++ready_;
      if (is_available(pod)) ++available_;
    }
    if (const auto at = control::available_at(pod, min_ready_); at && *at > now_)
      out_.wake_at = std::min(out_.wake_at.value_or(*at), *at);
    if (api::is_deleting(pod)) continue;
    const std::string_view revision = api::label(pod, revisions::kPodLabel);
    if (revision == api::name_of(current_)) ++current_replicas_;
    if (revision == api::name_of(history_.present)) ++updated_replicas_;
  }
}

Value Pass::status_of() const {
  const std::string_view update = api::name_of(history_.present);
  const bool rolls = set_["spec"]["updateStrategy"]["type"].as_string() == "RollingUpdate";
  const bool complete = rolls && updated_replicas_ == wanted_ && ready_ == wanted_ && replicas_ == wanted_;
  Value status = Value::object({{"observedGeneration", api::generation_of(set_)},
                                {"replicas", replicas_},
                                {"availableReplicas", available_},
                                {"currentRevision", complete ? update : api::name_of(current_)},
                                {"updateRevision", update},
                                {"collisionCount", history_.collisions}});
  put(status, "readyReplicas", ready_);
  put(status, "currentReplicas", complete ? updated_replicas_ : current_replicas_);
  put(status, "updatedReplicas", updated_replicas_);
  return status;
}

// Only these fields are looked at, as on every cluster: what somebody else has written beside them stays until the next
// of them changes, and no longer.
bool Pass::is_old_news(const Value& status) const {
  const Value& before = set_["status"];
  if (status["observedGeneration"].as_int() > before["observedGeneration"].as_int()) return false;
  for (const std::string_view field :
       {"replicas", "readyReplicas", "availableReplicas", "currentReplicas", "updatedReplicas"})
    if (status[field].as_int() != before[field].as_int()) return false;
  return status["currentRevision"] == before["currentRevision"] && status["updateRevision"] == before["updateRevision"];
}

// A pod could not be made: worth showing the numbers first, unless only our picture was old.
bool Pass::shows_failure() const {
  return seen_.failure != nullptr && base::retry_of(seen_.failure->error.code) != base::Retry::Refresh;
}

// While something fails, the status is brought up to date first and alone; otherwise it would never be reached.
void Pass::report() {
  out_.status = status_of();
  if (is_old_news(out_.status)) out_.status = set_["status"];
  if (shows_failure() && out_.status != set_["status"]) {
    out_.effects.clear();
    out_.notes.clear();
  }
}

// What no pod is made from any more is kept up to the limit; a negative limit keeps all.
void Pass::trim_history() {
  const std::int64_t limit = set_["spec"]["revisionHistoryLimit"].as_int(10);
  if (limit < 0) return;
  std::set<std::string_view> live = {api::name_of(current_), api::name_of(history_.present)};
  for (const auto& [ordinal, pod] : pods_) live.insert(api::label(pod, revisions::kPodLabel));
  std::vector<Value> past;
  for (const Value& revision : history_.known)
    if (!live.contains(api::name_of(revision))) past.push_back(revision);
  std::ranges::move(revisions::forget(past, static_cast<std::int64_t>(past.size()) - limit),
                    std::back_inserter(out_.effects));
}

}  // namespace slipway::workload::statefulset
