#include "workload/daemonset/decide.h"

#include <algorithm>
#include <tuple>

#include "api/meta.h"
#include "control/patch.h"
#include "control/pod.h"
#include "workload/claim.h"
#include "workload/daemonset/pass.h"

namespace slipway::workload::daemonset {

using control::Create;
using control::Decision;
using control::Note;
using data::Value;

namespace {

constexpr std::size_t kNotes = 10;  // people do not read more

auto turn_of(const Value& pod) {
  return std::tuple(control::node_of(pod).empty(), pod["metadata"]["creationTimestamp"].as_string(), api::name_of(pod));
}

}  // namespace

Pass::Pass(const Observation& seen, base::Time now)
    : seen_(seen), set_(seen.set), now_(now), min_ready_(control::min_ready_of(seen.set)) {}

// Nothing at all about a set that is being deleted: its versions may be gone before its pods, and what would be counted
// as new then?
Decision Pass::run() {
  if (api::is_deleting(set_)) return {};
  if (!claim_objects()) return std::move(out_);
  fill_places();
  manage();
  if (wanted_.empty() && removed_.empty()) update();
  emit();
  trim_history();
  report();
  out_.rest = kRestPerObject * static_cast<std::int64_t>(seen_.pods.size() + seen_.nodes.size());
  return std::move(out_);
}

// False: first something has to be adopted or released, or to go.
bool Pass::claim_objects() {
  const auto selector = data::LabelSelector::from_value(set_["spec"]["selector"]);
  if (!selector || selector->is_empty()) return false;
  Claim pods = claim(set_, api::kDaemonSets, *selector, seen_.pods, api::kPods);
  Claim revisions = claim(set_, api::kDaemonSets, *selector, seen_.revisions, api::kControllerRevisions);
  out_.effects = std::move(pods.effects);
  std::ranges::move(revisions.effects, std::back_inserter(out_.effects));
  if (!out_.effects.empty()) return false;
  pods_ = std::move(pods.owned);
  history_ =
      revisions::history_of(set_, api::kDaemonSets, std::move(revisions.owned), seen_.revisions, revisions::kPodLabel);
  return !history_.waits;
}

void Pass::fill_places() {
  for (const Value& node : seen_.nodes)
    places_[std::string(api::name_of(node))] = {.wish = wish_of(set_, node), .exists = true, .pods = {}};
  for (const Value& pod : pods_) {
    if (control::is_terminal(pod) && api::is_deleting(pod)) continue;
    if (const std::string_view node = target_of(pod); !node.empty()) places_[std::string(node)].pods.push_back(pod);
  }
  for (auto& [node, place] : places_)
    std::ranges::sort(place.pods, [](const Value& a, const Value& b) { return turn_of(a) < turn_of(b); });
}

void Pass::manage() {
  for (const auto& [node, place] : places_) manage(node, place);
}

void Pass::manage(const std::string& node, const Place& place) {
  if (!place.exists) {
    // A pod that was never placed is not cleared away with its node.
    for (const Value& pod : place.pods)
      if (control::node_of(pod).empty()) remove(pod);
  } else if (place.wish.run && place.pods.empty()) {
    want(node);
  } else if (place.wish.keep) {
    tend(node, place);
  } else {
    for (const Value& pod : place.pods) remove(pod);
  }
}

void Pass::tend(const std::string& node, const Place& place) {
  std::vector<Value> running;
  bool replaced = false;
  for (const Value& pod : place.pods) {
    if (api::is_deleting(pod)) continue;
    if (control::is_terminal(pod))
      replaced = replace_ended(node, place, pod) || replaced;
    else
      running.push_back(pod);
  }
  if (!allows_surge()) return thin_out(running);
  if (running.size() > 1) return settle_pair(running);
  if (running.empty() && place.wish.run && !replaced) want(node);
}

// An ended pod makes room at once, and the next one remembers how often that has happened. True when no other pod is to
// be made for the node: the next one is under way, or has to wait.
bool Pass::replace_ended(const std::string& node, const Place& place, const Value& pod) {
  const std::string which = std::string(api::space_of(pod)) + "/" + std::string(api::name_of(pod));
  const bool failed = control::phase_of(pod) == "Failed";
  if (failed) {
    if (const auto until = held_until(pod); until && *until > now_) {
      wake(*until);
      return true;
    }
    note(Note::Kind::Warning, "FailedDaemonPod",
         "Daemon pod " + which + " failed on node " + node + ": it is replaced");
  } else {
    note(Note::Kind::Normal, "SucceededDaemonPod",
         "Daemon pod " + which + " ended on node " + node + ": it is replaced");
  }
  remove(pod);
  const auto occupies = [](const Value& other) { return !control::is_terminal(other); };
  if (!place.wish.run || std::ranges::any_of(place.pods, occupies)) return false;
  const bool again = failed && is_updated(pod);
  const auto since = api::time_at(pod["metadata"]["creationTimestamp"]).value_or(now_);
  const std::int64_t before = now_ - since > 2 * kLongestBackoff ? 0 : attempt_of(pod);
  want(node, again ? before + 1 : 0);
  return true;
}

std::optional<base::Time> Pass::held_until(const Value& pod) const {
  const std::int64_t attempt = attempt_of(pod);
  const auto since = api::time_at(pod["metadata"]["creationTimestamp"]);
  if (attempt == 0 || !since) return std::nullopt;
  base::Duration wait = kFirstBackoff;
  for (std::int64_t i = 1; i < attempt && wait < kLongestBackoff; ++i) wait *= 2;
  return *since + std::min(wait, kLongestBackoff);
}

void Pass::thin_out(const std::vector<Value>& running) {
  for (std::size_t i = 1; i < running.size(); ++i) remove(running[i]);
}

// Two pods may stand on a node while the old one is ready and the new one not yet available.
void Pass::settle_pair(const std::vector<Value>& running) {
  const Value *fresh = nullptr, *old = nullptr;
  for (const Value& pod : running) {
    const Value*& first = is_updated(pod) ? fresh : old;
    if (first == nullptr)
      first = &pod;
    else
      remove(pod);
  }
  if (fresh == nullptr || old == nullptr) return;
  if (!control::is_ready(*old) || is_available(*fresh)) remove(*old);
}

void Pass::want(const std::string& node, std::int64_t attempt) { wanted_.emplace_back(node, attempt); }

void Pass::remove(const Value& pod) {
  if (!api::is_deleting(pod)) removed_.push_back(pod);
}

void Pass::emit() {
  std::ranges::copy(history_.effects, std::back_inserter(out_.effects));
  if (removed_.size() > kBatch) removed_.resize(kBatch);
  if (wanted_.size() > kBatch) wanted_.resize(kBatch);
  for (const Value& pod : removed_) {
    out_.effects.push_back(control::delete_of(api::kPods, pod));
    note(Note::Kind::Normal, "SuccessfulDelete", "Deleted pod: " + std::string(api::name_of(pod)));
  }
  const auto names = replicaset::next_pod_names(set_, seen_.pods, wanted_.size(), seen_.is_taken);
  for (std::size_t i = 0; i < wanted_.size(); ++i) {
    out_.effects.push_back(Create{api::kPods, new_pod(set_, names[i], wanted_[i].first, hash(), wanted_[i].second)});
    note(Note::Kind::Normal, "SuccessfulCreate", "Created pod: " + names[i].name);
  }
  if (!wanted_.empty() || !removed_.empty())
    out_.reasons.push_back(
        {.rule = "daemonset.pods",
         .text = std::to_string(wanted_.size()) + " pods are made, " + std::to_string(removed_.size()) + " go"});
}

bool Pass::is_available(const Value& pod) const { return control::is_available(pod, min_ready_, now_); }

std::string_view Pass::hash() const { return api::label(history_.present, revisions::kPodLabel); }

// A version that was written down twice counts as one.
bool Pass::is_updated(const Value& pod) const {
  const std::string_view own = api::label(pod, revisions::kPodLabel);
  if (own == hash()) return true;
  return std::ranges::any_of(history_.known, [&](const Value& revision) {
    return api::label(revision, revisions::kPodLabel) == own && revision["data"] == history_.present["data"];
  });
}

void Pass::wake(base::Time at) { out_.wake_at = std::min(out_.wake_at.value_or(at), at); }

void Pass::note(Note::Kind kind, std::string reason, std::string message) {
  if (out_.notes.size() < kNotes) out_.notes.push_back({kind, std::move(reason), std::move(message)});
}

Decision decide(const Observation& seen, base::Time now) { return Pass(seen, now).run(); }

}  // namespace slipway::workload::daemonset
