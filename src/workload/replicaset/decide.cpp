#include "workload/replicaset/decide.h"

#include <algorithm>

#include "api/meta.h"
#include "control/mutants.h"
#include "control/patch.h"
#include "control/pod.h"
#include "workload/claim.h"
#include "workload/replicaset/pod_names.h"

namespace slipway::workload::replicaset {

using control::Create;
using control::Decision;
using control::Mutant;
using control::mutant;
using data::Value;

namespace {

Value new_pod(const Value& set, const PodName& name) {
  const Value& pod_template = set["spec"]["template"];
  Value metadata = Value::object({{"name", name.name}, {"namespace", api::space_of(set)}});
  for (const std::string_view field : {"labels", "annotations", "finalizers"})
    if (const Value& value = pod_template["metadata"][field]; !value.is_empty()) metadata.set(field, value);
  metadata.set({"annotations", kOrdinal}, std::to_string(name.ordinal));
  metadata.set("ownerReferences", Value::array({api::controller_reference(set, api::kReplicaSets)}));
  return Value::object({{"apiVersion", "v1"}, {"kind", "Pod"}, {"metadata", metadata}, {"spec", pod_template["spec"]}});
}

bool counts_as_available(const Value& pod, bool ready, base::Duration min_ready, base::Time now) {
  if (mutant(Mutant::SkipReadiness)) return control::phase_of(pod) == "Running";
  if (!ready || min_ready <= base::Duration::zero() || mutant(Mutant::IgnoreMinReady)) return ready;
  return *control::available_at(pod, min_ready) <= now;
}

struct Count {
  std::int64_t replicas = 0, labelled = 0, ready = 0, available = 0;
  std::optional<base::Time> next_available;
};

Count count(const Value& set, const std::vector<Value>& pods, base::Time now) {
  const auto labels = data::LabelSelector::of(set["spec"]["template"]["metadata"]["labels"]);
  const base::Duration min_ready = control::min_ready_of(set);
  Count out;
  for (const Value& pod : pods) {
    ++out.replicas;
    const bool ready = control::is_ready(pod);
    if (labels.matches(api::labels_of(pod))) ++out.labelled;
    if (counts_as_available(pod, ready, min_ready, now)) ++out.available;
    if (!ready) continue;
    ++out.ready;
    if (min_ready <= base::Duration::zero()) continue;
    if (const auto at = control::available_at(pod, min_ready); at && *at > now)
      out.next_available = std::min(out.next_available.value_or(*at), *at);
  }
  return out;
}

// A pod could not be made: worth a condition, unless only our picture was old.
bool shows_failure(const Observation& seen) {
  return seen.failure != nullptr && base::retry_of(seen.failure->error.code) != base::Retry::Refresh;
}

Value status_of(const Observation& seen, const Count& count, base::Time now) {
  Value status = Value::object({{"replicas", count.replicas}, {"observedGeneration", api::generation_of(seen.set)}});
  if (count.labelled > 0) status.set("fullyLabeledReplicas", count.labelled);
  if (count.ready > 0) status.set("readyReplicas", count.ready);
  if (count.available > 0) status.set("availableReplicas", count.available);
  Value conditions = Value::array();
  for (const Value& condition : seen.set["status"]["conditions"].items())
    if (condition["type"].as_string() != "ReplicaFailure") conditions.push_back(condition);
  if (conditions.size() > 0) status.set("conditions", conditions);
  if (shows_failure(seen)) {
    const bool creating = count.replicas < seen.set["spec"]["replicas"].as_int(1);
    if (const Value& known = api::condition(seen.set, "ReplicaFailure"); !known.is_null()) {
      conditions.push_back(known);
      status.set("conditions", std::move(conditions));
    }
    api::set_condition(status, "ReplicaFailure", "True", creating ? "FailedCreate" : "FailedDelete",
                       seen.failure->error.message, now);
  }
  return status;
}

class Pass {
 public:
  Pass(const Observation& seen, base::Time now) : seen_(seen), set_(seen.set), now_(now) {
    for (const Value& pod : seen.pods)
      if (control::is_active(pod)) active_.push_back(pod);
  }

  Decision run() {
    const auto selector = data::LabelSelector::from_value(set_["spec"]["selector"]);
    if (!selector || selector->is_empty()) return std::move(out_);
    Claim claimed = claim(set_, api::kReplicaSets, *selector, active_, api::kPods);
    active_ = std::move(claimed.owned);
    out_.effects = std::move(claimed.effects);
    if (out_.effects.empty() && !api::is_deleting(set_)) manage();
    report();
    out_.rest = kRestPerPod * static_cast<std::int64_t>(seen_.pods.size());
    return std::move(out_);
  }

 private:
  void manage() {
    const std::int64_t wanted = std::max<std::int64_t>(0, set_["spec"]["replicas"].as_int(1));
    const auto present = static_cast<std::int64_t>(active_.size());
    if (present < wanted) create(static_cast<std::size_t>(wanted - present));
    if (present > wanted) remove(static_cast<std::size_t>(present - wanted));
  }

  void create(std::size_t missing) {
    for (const PodName& name : next_pod_names(set_, seen_.pods, std::min(missing, kBatch), seen_.is_taken)) {
      out_.effects.push_back(Create{api::kPods, new_pod(set_, name)});
      note("SuccessfulCreate", "Created pod: " + name.name);
    }
    reason("replicaset.create", missing);
  }

  void remove(std::size_t spare) {
    for (const Value& pod : rank_victims(active_, seen_.related, std::min(spare, kBatch), now_)) {
      out_.effects.push_back(control::delete_of(api::kPods, pod));
      note("SuccessfulDelete", "Deleted pod: " + std::string(api::name_of(pod)));
    }
    reason("replicaset.delete", spare);
  }

  // People read a handful of events; a large change is told by its reason.
  void note(std::string reason, std::string message) {
    constexpr std::size_t kNotes = 10;
    if (out_.notes.size() < kNotes)
      out_.notes.push_back({control::Note::Kind::Normal, std::move(reason), std::move(message)});
  }

  void reason(std::string rule, std::size_t count) {
    const Value& wanted = set_["spec"]["replicas"];
    out_.reasons.push_back(
        {.rule = std::move(rule),
         .text = std::to_string(active_.size()) + " pods of " + std::to_string(wanted.as_int(1)) + ": " +
                 std::to_string(count) +
                 (active_.size() < static_cast<std::size_t>(wanted.as_int(1)) ? " missing" : " too many"),
         .inputs = Value::object({{"wanted", wanted}, {"active", static_cast<std::int64_t>(active_.size())}})});
  }

  // While something fails, the status is brought up to date first and alone; otherwise it would never be reached.
  void report() {
    const Count counted = count(set_, active_, now_);
    out_.status = status_of(seen_, counted, now_);
    out_.wake_at = counted.next_available;
    if (shows_failure(seen_) && out_.status != set_["status"]) {
      out_.effects.clear();
      out_.notes.clear();
    }
  }

  const Observation& seen_;
  const Value& set_;
  base::Time now_;
  std::vector<Value> active_;
  Decision out_;
};

}  // namespace

Decision decide(const Observation& seen, base::Time now) { return Pass(seen, now).run(); }

}  // namespace slipway::workload::replicaset
