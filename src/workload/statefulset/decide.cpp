#include "workload/statefulset/decide.h"

#include <algorithm>

#include "api/meta.h"
#include "control/patch.h"
#include "control/pod.h"
#include "workload/claim.h"
#include "workload/statefulset/identity.h"
#include "workload/statefulset/pass.h"

namespace slipway::workload::statefulset {

using control::Create;
using control::Decision;
using data::Value;

namespace {

constexpr std::string_view kRevisionHash = "controller.kubernetes.io/hash";
constexpr std::size_t kNotes = 10;  // people do not read more

}  // namespace

Pass::Pass(const Observation& seen, base::Time now)
    : seen_(seen),
      set_(seen.set),
      now_(now),
      min_ready_(control::min_ready_of(seen.set)),
      wanted_(std::max<std::int64_t>(0, seen.set["spec"]["replicas"].as_int(1))),
      one_by_one_(seen.set["spec"]["podManagementPolicy"].as_string() != "Parallel") {}

Decision Pass::run() {
  const auto selector = data::LabelSelector::from_value(set_["spec"]["selector"]);
  if (!selector || selector->is_empty()) return std::move(out_);
  claim_pods();
  if (claim_revisions() == Then::GoOn) {
    count();
    if (out_.effects.empty() && !api::is_deleting(set_)) manage();
    report();
  }
  out_.rest = kRestPerPod * static_cast<std::int64_t>(seen_.pods.size());
  return std::move(out_);
}

void Pass::claim_pods() {
  const auto selector = data::LabelSelector::from_value(set_["spec"]["selector"]);
  Claim claimed = claim(set_, api::kStatefulSets, *selector, seen_.pods, api::kPods,
                        [this](const Value& pod) { return ordinal_of(set_, pod).has_value(); });
  for (Value& pod : claimed.owned) pods_.emplace(*ordinal_of(set_, pod), std::move(pod));
  out_.effects = std::move(claimed.effects);
}

// Without knowing its versions nothing can be said about the set, not even its status.
Pass::Then Pass::claim_revisions() {
  const auto selector = data::LabelSelector::from_value(set_["spec"]["selector"]);
  Claim claimed = claim(set_, api::kStatefulSets, *selector, seen_.revisions, api::kControllerRevisions);
  std::ranges::move(claimed.effects, std::back_inserter(out_.effects));
  if (!claimed.effects.empty()) return Then::Stop;
  history_ = revisions::history_of(set_, api::kStatefulSets, std::move(claimed.owned), seen_.revisions, kRevisionHash);
  const std::string_view name = set_["status"]["currentRevision"].as_string();
  const auto current = std::ranges::find_if(history_.known, [&](const Value& r) { return api::name_of(r) == name; });
  current_ = current == history_.known.end() ? history_.present : *current;
  if (history_.waits) return Then::Stop;
  return Then::GoOn;
}

void Pass::manage() {
  out_.effects = history_.effects;
  if (keep_replicas() == Then::GoOn && remove_condemned() == Then::GoOn) update();
  trim_history();
}

Pass::Then Pass::keep_replicas() {
  for (std::int64_t ordinal = first(); ordinal < end() && created_ < kBatch; ++ordinal)
    if (keep(ordinal, at(ordinal)) == Then::Stop && one_by_one_) return Then::Stop;
  return Then::GoOn;
}

Pass::Then Pass::keep(std::int64_t ordinal, const Value& pod) {
  if (pod.is_null()) {
    create(ordinal);
    return Then::Stop;
  }
  // Its name has to be free before it can be made again.
  if (control::is_terminal(pod)) {
    if (!is_going(pod)) remove(pod);
    return Then::Stop;
  }
  if (control::phase_of(pod) == "Pending" && !is_going(pod)) (void)make_claims(ordinal);
  if (one_by_one_ && is_unavailable(pod)) return Then::Stop;
  if (one_by_one_ && !is_running_and_ready(pod)) return Then::Stop;
  if (Value labels = missing_labels(pod); !labels.is_null()) label(pod, std::move(labels));
  own_claims(ordinal, pod, false);
  return Then::GoOn;
}

Pass::Then Pass::remove_condemned() {
  for (auto it = pods_.rbegin(); it != pods_.rend(); ++it) {
    if (it->first >= first() && it->first < end()) continue;
    if (condemn(it->first, it->second) == Then::Stop && one_by_one_) return Then::Stop;
  }
  return Then::GoOn;
}

// A pod that is not available holds the others up, unless it is the first one that is not: then nothing gets better by
// waiting.
Pass::Then Pass::condemn(std::int64_t ordinal, const Value& pod) {
  own_claims(ordinal, pod, true);
  if (is_going(pod)) return Then::Stop;
  const bool fine = (is_running_and_ready(pod) && is_available(pod)) || control::is_terminal(pod);
  if (one_by_one_ && !fine && api::name_of(pod) != first_unavailable()) return Then::Stop;
  remove(pod);
  return Then::Stop;
}

// A pod that is missing in the part that an update has not reached comes back as what it was.
bool Pass::gets_current_revision(std::int64_t ordinal) const {
  const Value& strategy = set_["spec"]["updateStrategy"];
  const Value& rolling = strategy["rollingUpdate"];
  if (!rolling.is_null()) return ordinal < first() + rolling["partition"].as_int();
  return strategy["type"].as_string() == "RollingUpdate" &&
         ordinal < first() + set_["status"]["currentReplicas"].as_int();
}

void Pass::create(std::int64_t ordinal) {
  if (!make_claims(ordinal)) return;
  const Value& revision = gets_current_revision(ordinal) ? current_ : history_.present;
  Value pod = new_pod(set_, revisions::template_of(revision), api::name_of(revision), ordinal);
  note("SuccessfulCreate",
       "create Pod " + pod_name(set_, ordinal) + " in StatefulSet " + std::string(api::name_of(set_)) + " successful");
  reason("statefulset.create",
         pod_name(set_, ordinal) + " is missing; it is made as " + std::string(api::name_of(revision)));
  out_.effects.push_back(Create{api::kPods, std::move(pod)});
  ++created_;
}

void Pass::remove(const Value& pod) {
  removed_.emplace_back(api::name_of(pod));
  out_.effects.push_back(control::delete_of(api::kPods, pod));
  note("SuccessfulDelete",
       "delete Pod " + removed_.back() + " in StatefulSet " + std::string(api::name_of(set_)) + " successful");
  reason("statefulset.delete", removed_.back() + " goes");
}

void Pass::label(const Value& pod, Value labels) {
  out_.effects.push_back(control::patch_of(
      api::kPods, pod, Value::object({{"metadata", Value::object({{"labels", std::move(labels)}})}})));
}

bool Pass::is_running_and_ready(const Value& pod) const {
  return control::phase_of(pod) == "Running" && control::is_ready(pod);
}

bool Pass::is_available(const Value& pod) const { return control::is_available(pod, min_ready_, now_); }

bool Pass::is_unavailable(const Value& pod) const { return is_going(pod) || !is_available(pod); }

const Value& Pass::at(std::int64_t ordinal) const {
  const auto it = pods_.find(ordinal);
  return it == pods_.end() ? data::kNull : it->second;
}

bool Pass::is_going(const Value& pod) const {
  return api::is_deleting(pod) || std::ranges::find(removed_, api::name_of(pod)) != removed_.end();
}

std::string Pass::first_unavailable() const {
  for (std::int64_t ordinal = first(); ordinal < end(); ++ordinal)
    if (at(ordinal).is_null() || is_unavailable(at(ordinal))) return pod_name(set_, ordinal);
  for (const auto& [ordinal, pod] : pods_)
    if ((ordinal < first() || ordinal >= end()) && is_unavailable(pod)) return std::string(api::name_of(pod));
  return {};
}

void Pass::note(std::string reason, std::string message) {
  if (out_.notes.size() < kNotes)
    out_.notes.push_back({control::Note::Kind::Normal, std::move(reason), std::move(message)});
}

void Pass::reason(std::string rule, std::string text) {
  if (out_.reasons.size() < kNotes) out_.reasons.push_back({.rule = std::move(rule), .text = std::move(text)});
}

Decision decide(const Observation& seen, base::Time now) { return Pass(seen, now).run(); }

}  // namespace slipway::workload::statefulset
