#include "workload/deployment/decide.h"

#include <algorithm>

#include "api/meta.h"
#include "base/strings.h"
#include "control/patch.h"
#include "control/pod.h"
#include "workload/claim.h"
#include "workload/deployment/pass.h"
#include "workload/deployment/revisions.h"

namespace slipway::workload::deployment {

using control::Decision;
using control::Note;
using data::Value;

Decision decide(const Observation& seen, base::Time now) { return Pass(seen, now).run(); }

Pass::Pass(const Observation& seen, base::Time now)
    : seen_(seen),
      deployment_(seen.deployment),
      now_(now),
      desired_(deployment_["spec"]["replicas"].as_int(1)),
      conditions_(deployment_["status"]["conditions"]),
      collisions_(deployment_["status"]["collisionCount"]) {}

Decision Pass::run() {
  const auto posts = resolve_fenceposts(deployment_["spec"]["strategy"], desired_);
  if (!posts) {
    reason("deployment.strategy.invalid", posts.error().message);
    return std::move(out_);
  }
  posts_ = *posts;
  if (claim_sets()) return std::move(out_);
  split_sets();
  if (api::is_deleting(deployment_)) {
    finish(false);
    return std::move(out_);
  }
  note_pausing();
  if (deployment_["spec"]["paused"].as_bool()) {
    sync_new_set(false);
    scale();
    trim_history();
    finish(false);
  } else if (is_scaling()) {
    sync_new_set(false);
    scale();
    finish(false);
  } else if (deployment_["spec"]["strategy"]["type"].as_string() == "Recreate") {
    recreate();
    finish(true);
  } else {
    roll();
    finish(true);
  }
  return std::move(out_);
}

// True when sets change hands: the rest waits until that is done.
bool Pass::claim_sets() {
  const auto selector = data::LabelSelector::from_value(deployment_["spec"]["selector"]);
  if (!selector || selector->is_empty()) {
    reason("deployment.selector.empty", "A selector that selects everything is not acted on.");
    return true;
  }
  Claim claimed = claim(deployment_, api::kDeployments, *selector, seen_.sets, api::kReplicaSets);
  for (const Value& set : claimed.owned) old_.push_back({.object = set, .size = set["spec"]["replicas"].as_int(1)});
  if (claimed.effects.empty()) return false;
  reason("deployment.claim", "ReplicaSets change hands.");
  out_.effects = std::move(claimed.effects);
  return true;
}

// --- which way to go --------------------------------------------------------------------------------------

bool Pass::has_deadline() const {
  constexpr std::int64_t kOff = 2147483647;
  const Value& seconds = deployment_["spec"]["progressDeadlineSeconds"];
  return !seconds.is_null() && seconds.as_int() != kOff;
}

void Pass::note_pausing() {
  const std::string_view known = find_condition(conditions_, kProgressing)["reason"].as_string();
  if (!has_deadline() || known == "ProgressDeadlineExceeded") return;
  const bool paused = deployment_["spec"]["paused"].as_bool();
  if (paused && known != "DeploymentPaused")
    set_condition(conditions_, {kProgressing, "Unknown", "DeploymentPaused", "Deployment is paused"}, now_);
  if (!paused && known == "DeploymentPaused")
    set_condition(conditions_, {kProgressing, "Unknown", "DeploymentResumed", "Deployment is resumed"}, now_);
}

// Somebody changed spec.replicas: a set that runs was sized for another number.
bool Pass::is_scaling() const {
  auto sized_for_another = [this](const Set& set) {
    const auto sized_for = base::parse_int(api::annotation(set.object, kDesiredReplicas));
    return set.size > 0 && sized_for && *sized_for != desired_;
  };
  return std::ranges::any_of(old_, sized_for_another) || (new_ && sized_for_another(*new_));
}

void Pass::scale() {
  const std::vector<Set*> running = active();
  if (running.size() <= 1) {
    Set* only = !running.empty() ? running[0] : new_ ? &*new_ : !old_.empty() ? &old_.back() : nullptr;
    if (only != nullptr) resize(*only, desired_);
    return;
  }
  const bool saturated = new_ && new_->size == desired_ && new_->available() == desired_ &&
                         api::annotation(new_->object, kDesiredReplicas) == std::to_string(desired_);
  if (saturated) {
    for (Set& set : old_) resize(set, 0);
  } else if (deployment_["spec"]["strategy"]["type"].as_string() != "Recreate") {
    scale_in_proportion();
  }
}

void Pass::scale_in_proportion() {
  const std::vector<Set*> running = active();
  std::vector<Share> shares;
  for (const Set* set : running)
    shares.push_back({set->size, base::parse_int(api::annotation(set->object, kMaxReplicas)).value_or(0),
                      set->object["metadata"]["creationTimestamp"].str()});
  const std::vector<std::int64_t> sizes =
      proportional_sizes(shares, desired_, posts_, deployment_["status"]["replicas"].as_int());
  for (std::size_t i = 0; i < running.size(); ++i) {
    resize(*running[i], sizes[i]);
    running[i]->resized = true;
  }
}

// --- rolling update ---------------------------------------------------------------------------------------

void Pass::roll() {
  sync_new_set(true);
  if (!new_ || grow_new() || shrink_old()) return;
  trim_history();
}

bool Pass::grow_new() {
  if (new_->planned) return true;
  const std::int64_t before = new_->size;
  resize(*new_, new_->size > desired_ ? desired_ : grown_size(new_->size, total(), desired_, posts_));
  return new_->size != before;
}

bool Pass::shrink_old() {
  const std::vector<std::int64_t> sizes = shrunk_sizes(old_loads(), new_load(), desired_, posts_);
  bool changed = false;
  for (std::size_t i = 0; i < old_.size(); ++i) {
    if (sizes[i] == old_[i].size) continue;
    resize(old_[i], sizes[i]);
    changed = true;
  }
  return changed;
}

// --- recreate ---------------------------------------------------------------------------------------------

void Pass::recreate() {
  sync_new_set(false);
  bool shrinks = false;
  for (Set& set : old_) {
    shrinks |= set.size > 0;
    if (set.size > 0) resize(set, 0);
  }
  if (shrinks || old_pods_are_left()) return;
  if (!new_) sync_new_set(true);
  if (!new_) return;
  resize(*new_, desired_);
  if (!new_->planned) trim_history();
}

bool Pass::old_pods_are_left() const {
  for (const Set& set : old_)
    if (set.object["status"]["replicas"].as_int() > 0) return true;
  const std::string_view current = new_ ? api::uid_of(new_->object) : std::string_view();
  return std::ranges::any_of(seen_.pods, [&](const Value& pod) {
    return !control::is_terminal(pod) && api::controller_of(pod)["uid"].as_string() != current;
  });
}

// --- history ----------------------------------------------------------------------------------------------

void Pass::trim_history() {
  const std::int64_t limit = deployment_["spec"]["revisionHistoryLimit"].as_int(10);
  if (new_ && !new_->planned && !is_complete(numbers()) && !deployment_["spec"]["paused"].as_bool()) return;
  std::vector<const Set*> alive;
  for (const Set& set : old_)
    if (!api::is_deleting(set.object)) alive.push_back(&set);
  std::ranges::sort(alive, {}, [](const Set* set) { return std::pair(revision_of(set->object), set->name()); });
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(alive.size()) - limit; ++i) {
    const Value& set = alive[static_cast<std::size_t>(i)]->object;
    const bool in_use = set["status"]["replicas"].as_int() != 0 || set["spec"]["replicas"].as_int(1) != 0;
    if (in_use || alive[static_cast<std::size_t>(i)]->size != 0) continue;
    if (api::generation_of(set) > set["status"]["observedGeneration"].as_int()) continue;
    out_.effects.push_back(control::delete_of(api::kReplicaSets, set));
    reason("deployment.history", "Revision " + std::to_string(revision_of(set)) + " is beyond the history limit.");
  }
}

// --- effects ----------------------------------------------------------------------------------------------

void Pass::resize(Set& set, std::int64_t size) {
  // A number that stays is still written once when the set was sized for another total.
  const auto sized_for = base::parse_int(api::annotation(set.object, kDesiredReplicas));
  if (set.size == size && (!sized_for || *sized_for == desired_ || set.size == 0)) return;
  if (set.size != size && !set.planned) {
    const std::string_view way = size > set.size ? "up" : "down";
    std::string text = "Scaled " + std::string(way) + " replica set " + set.name() + " from " +
                       std::to_string(set.size) + " to " + std::to_string(size);
    reason("deployment.scale-" + std::string(way), text);
    say(Note::Kind::Normal, "ScalingReplicaSet", std::move(text));
  }
  set.size = size;
  set.resized = true;
}

Value Pass::size_annotations() const {
  return Value::object(
      {{kDesiredReplicas, std::to_string(desired_)}, {kMaxReplicas, std::to_string(desired_ + posts_.surge)}});
}

// One write per set, whatever changes about it.
void Pass::emit_set(const Set& set) {
  if (set.planned) {
    Value object = set.object;
    object.set({"spec", "replicas"}, set.size);
    for (const data::Member& member : size_annotations().members())
      object.set({"metadata", "annotations", member.key.view()}, member.value);
    out_.effects.push_back(control::Create{api::kReplicaSets, std::move(object)});
    return;
  }
  Value body = set.change.is_null() ? Value::object() : set.change;
  if (set.size != set.observed_size()) body.set({"spec", "replicas"}, set.size);
  if (set.resized)
    for (const data::Member& member : size_annotations().members())
      if (set.object["metadata"]["annotations"][member.key.view()] != member.value)
        body.set({"metadata", "annotations", member.key.view()}, member.value);
  if (body.is_empty()) return;
  out_.effects.push_back(control::patch_of(api::kReplicaSets, set.object, std::move(body)));
}

void Pass::say(Note::Kind kind, std::string reason, std::string message) {
  out_.notes.push_back({kind, std::move(reason), std::move(message)});
}

void Pass::reason(std::string rule, std::string text) {
  out_.reasons.push_back(
      {.rule = std::move(rule),
       .text = std::move(text),
       .inputs = Value::object({{"desired", desired_}, {"surge", posts_.surge}, {"unavailable", posts_.unavailable}})});
}

// --- numbers ----------------------------------------------------------------------------------------------

std::int64_t Set::observed_size() const { return object["spec"]["replicas"].as_int(1); }
Load Set::load() const {
  const std::int64_t counted = std::min(size, object["status"]["availableReplicas"].as_int());
  const bool is_known = api::generation_of(object) <= object["status"]["observedGeneration"].as_int();
  return {.size = size, .available = is_known ? counted : 0, .unhealthy = size - counted};
}
std::int64_t Set::available() const { return load().available; }
std::string Set::name() const { return object["metadata"]["name"].str(); }

std::vector<Set*> Pass::active() {
  std::vector<Set*> running;
  for (Set& set : old_)
    if (set.size > 0) running.push_back(&set);
  if (new_ && new_->size > 0) running.push_back(&*new_);
  return running;
}

std::vector<Load> Pass::old_loads() const {
  std::vector<Load> loads;
  for (const Set& set : old_) loads.push_back(set.load());
  return loads;
}

Load Pass::new_load() const { return new_ ? new_->load() : Load{}; }
std::int64_t Pass::total() const { return total_size(old_loads()) + new_load().size; }

}  // namespace slipway::workload::deployment
