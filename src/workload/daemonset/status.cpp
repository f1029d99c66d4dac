// The status of a DaemonSet, and the versions that it forgets.
#include <algorithm>
#include <set>

#include "api/meta.h"
#include "control/pod.h"
#include "workload/daemonset/pass.h"

namespace slipway::workload::daemonset {

using data::Value;

namespace {

// Zeros are left out, as every API server leaves them out.
void put(Value& status, std::string_view field, std::int64_t number) {
  if (number != 0)
    status.set(field, number);
  else
    status.erase(field);
}

}  // namespace

// On each node one pod counts: the first one that was placed.
Value Pass::status_of() {
  std::int64_t wanted = 0, current = 0, misplaced = 0, ready = 0, updated = 0, available = 0;
  for (const auto& [node, place] : places_) {
    if (!place.exists) continue;
    if (!place.wish.run) misplaced += !place.pods.empty();
    wanted += place.wish.run;
    if (!place.wish.run || place.pods.empty()) continue;
    const Value& pod = place.pods.front();
    ++current;
    ready += control::is_ready(pod);
    available += is_available(pod);
    updated += is_updated(pod);
  }
  Value status = set_["status"];
  status.set("desiredNumberScheduled", wanted);
  status.set("currentNumberScheduled", current);
  status.set("numberMisscheduled", misplaced);
  status.set("numberReady", ready);
  put(status, "observedGeneration", api::generation_of(set_));
  put(status, "updatedNumberScheduled", updated);
  put(status, "numberAvailable", available);
  put(status, "numberUnavailable", wanted - available);
  if (history_.collisions > 0) status.set("collisionCount", history_.collisions);
  return status;
}

// While something fails, the status is brought up to date first and alone; otherwise it would never be reached.
void Pass::report() {
  out_.status = status_of();
  for (const Value& pod : pods_)
    if (const auto at = control::available_at(pod, min_ready_); at && *at > now_) wake(*at);
  const bool fails = seen_.failure != nullptr && base::retry_of(seen_.failure->error.code) != base::Retry::Refresh;
  if (!fails || out_.status == set_["status"]) return;
  out_.effects.clear();
  out_.notes.clear();
}

// Versions of pods that are there are kept whatever the limit, but they count.
void Pass::trim_history() {
  std::set<std::string_view> live;
  for (const Value& pod : pods_) live.insert(api::label(pod, revisions::kPodLabel));
  std::vector<Value> past;
  std::int64_t old = 0;
  for (const Value& revision : history_.known) {
    if (api::name_of(revision) == api::name_of(history_.present)) continue;
    ++old;
    if (!live.contains(api::label(revision, revisions::kPodLabel))) past.push_back(revision);
  }
  const std::int64_t limit = set_["spec"]["revisionHistoryLimit"].as_int(10);
  std::ranges::move(revisions::forget(past, old - limit), std::back_inserter(out_.effects));
}

}  // namespace slipway::workload::daemonset
