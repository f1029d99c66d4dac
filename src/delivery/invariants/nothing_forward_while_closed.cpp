#include <fmt/format.h>

#include <algorithm>

#include "api/kinds/release_rules.h"
#include "api/meta.h"
#include "api/resource.h"
#include "delivery/decide/gate.h"
#include "delivery/invariants/invariants.h"
#include "delivery/scaling.h"
#include "delivery/state.h"

namespace slipway::delivery::invariants {
namespace {

using control::Violation;

// Most Releases have neither: they are not observed once more for this.
bool may_be_closed(const control::World& world, const control::ObjectName& name) {
  const data::Value& policy = world.find(api::kReleasePolicies, {"", std::string(api::kPolicyName)});
  return world.find(api::kReleases, name)["spec"]["windows"].size() > 0 || policy["spec"]["windows"].size() > 0 ||
         policy["spec"]["stop"].is_object();
}

// What the candidate has been given, whether or not it is there now: a lost pod or a foreign write may be made good.
plan::Share given(const Scene& scene, const State& before) {
  const TrafficState& t = before.traffic;
  return std::max({plan::share_before(scene.plan, static_cast<std::size_t>(before.position.index)),
                   plan::Share{t.wanted}, plan::Share{t.verified}, plan::Share{t.reached}});
}

struct Pods {
  std::int64_t candidate = 0, stable = 0;
  // Has the candidate a larger part than in `other`?
  bool above(const Pods& other) const {
    return candidate * (other.candidate + other.stable) > other.candidate * (candidate + stable);
  }
};

// A crash kept the status from saying so.
bool was_given_away(const Scene& s, const State& before, const Revision& candidate) {
  const auto index = static_cast<std::size_t>(before.position.index);
  const Version* version = s.o.find(candidate.hash);
  return index < s.plan.steps.size() && std::holds_alternative<plan::Promote>(s.plan.steps[index].action) && version &&
         version->owner != Owner::Release;
}

// Does the step that this write belongs to let somebody in by name, or send copies, beyond what the step before did?
bool widens(const Scene& s, const State& before, const State& after) {
  if (after.traffic.rules == before.traffic.rules || after.position.back_to >= 0) return false;
  const auto index = static_cast<std::size_t>(before.position.index);
  const plan::Traffic was = plan::traffic_before(s.plan, index).value_or(plan::Traffic{plan::kNone});
  for (std::size_t i = index; i < s.plan.steps.size(); ++i)
    if (const auto* step = std::get_if<plan::Traffic>(&s.plan.steps[i].action))
      if (plan::rules_of(*step) == after.traffic.rules)
        return step->mirror > was.mirror || (!step->audiences.empty() && step->audiences != was.audiences);
  return false;
}

std::string more_traffic(const Scene& s, const State& before, const State& then, const RouterObjects& after) {
  const RouteView will = view_of(s, after), was = view_of(s, s.o.objects());
  const Version* stable = before.stable ? s.o.find(before.stable->hash) : nullptr;
  const bool last_resort = !stable || stable->ready == 0;
  if (will.shape != RouteView::Shape::Split || last_resort) return "";
  if (widens(s, before, then)) return fmt::format("the candidate would get {}", then.traffic.rules);
  if (will.candidate <= std::max(given(s, before), was.candidate)) return "";
  return fmt::format("the candidate would get {}", plan::to_text(will.candidate));
}

std::string more_pods(const Scene& s, const State& before, const control::Decision& decision) {
  const Version* candidate = s.o.find(before.candidate->hash);
  const Version* stable = before.stable ? s.o.find(before.stable->hash) : nullptr;
  if (!candidate || !stable) return "";
  const Pods now{candidate->spec, stable->spec};
  Pods then = now;
  for (const control::Effect& effect : decision.effects) {
    then.candidate = written_replicas(*candidate, effect).value_or(then.candidate);
    then.stable = written_replicas(*stable, effect).value_or(then.stable);
  }
  const auto index = static_cast<std::size_t>(before.position.index);
  const std::int64_t again =
      ratio_of_step(plan::scale_before(s.plan, index).value_or(plan::Scale{plan::kNone}), s.o.replicas()).candidate;
  if (!then.above(now) || then.candidate <= again) return "";
  return fmt::format("{} of {} pods would be the candidate's, and {} of {} are", then.candidate,
                     then.candidate + then.stable, now.candidate, now.candidate + now.stable);
}

// Where pods are replaced in place: a lower partition, or a pod of another version that is taken for the candidate.
std::string more_in_place(const Scene& s, const State& before, const control::Decision& decision) {
  const Version* candidate = s.o.find(before.candidate->hash);
  if (!candidate) return "";
  const auto index = static_cast<std::size_t>(before.position.index);
  const std::int64_t n = s.o.replicas();
  const std::int64_t given = replaced_pods(plan::scale_before(s.plan, index).value_or(plan::Scale{plan::kNone}), n);
  std::int64_t then = candidate->pods;
  for (const control::Effect& effect : decision.effects) {
    if (const auto* apply = std::get_if<control::Apply>(&effect)) {
      const data::Value& partition = apply->object["spec"]["updateStrategy"]["rollingUpdate"]["partition"];
      if (partition.is_int() && partition.as_int() < n - std::max(given, candidate->pods))
        return fmt::format("{} of {} pods would be the candidate's", n - partition.as_int(), n);
    }
    if (const auto* gone = std::get_if<control::Delete>(&effect); gone && s.o.kind == plan::WorkloadKind::DaemonSet)
      then += std::ranges::any_of(
          s.o.placed, [&](const PlacedPod& p) { return p.name == gone->name && p.hash != candidate->hash; });
  }
  return then > std::max(given, candidate->pods) ? fmt::format("{} of {} pods would be the candidate's", then, n) : "";
}

// The run of a hook that this decision starts.
std::string hook_begun(const control::Decision& decision) {
  for (const control::Effect& effect : decision.effects)
    if (const auto* create = std::get_if<control::Create>(&effect);
        create && create->resource == api::kAnalysisRuns && create->object["spec"]["kind"].as_string() == "Hook")
      return std::string(api::name_of(create->object));
  return "";
}

class NothingForwardWhileClosed final : public control::Invariant {
 public:
  std::string_view name() const override { return "nothing-forward-while-closed"; }

  std::optional<Violation> check(const control::World& world, const control::Controller& controller,
                                 const control::ObjectName& name, const control::Decision& decision,
                                 base::Time now) const override {
    if (controller.name() != "release" || !may_be_closed(world, name)) return std::nullopt;
    const auto scene = scene_of(world, controller, name, now);
    const std::string wrong = scene ? forward_while_closed(*scene, decision, now) : "";
    return wrong.empty() ? std::nullopt : std::optional(Violation{"nothing-forward-while-closed", wrong});
  }
};

}  // namespace

std::string forward_while_closed(const Scene& s, const control::Decision& decision, base::Time now) {
  State before = read_state(s.o.release["status"]);
  const State after = decision.status.is_null() ? before : read_state(decision.status);
  before.override_windows = after.override_windows;  // a person's word counts from the decision that hears it
  if (hindrance(s.o, s.plan, before, now).waiting.reason == WaitReason::None) return "";
  const auto& candidate = after.candidate ? after.candidate : before.candidate;
  if (!candidate || before.retreat || after.retreat || served_before(before, candidate->hash)) return "";
  if (!before.candidate) return fmt::format("the release of revision {} would begin", candidate->number);
  const bool promoting =
      before.phase == Phase::Promoting || before.position.handed_over || was_given_away(s, before, *candidate);
  if (const std::string name = hook_begun(decision); !name.empty() && !promoting)
    return fmt::format("hook run {} would begin", name);
  if (after.position.handed_over && !promoting) return "the candidate would be promoted";
  if (s.plan.capacity == plan::Capacity::InPlace) return promoting ? "" : more_in_place(s, before, decision);
  if (s.plan.capacity == plan::Capacity::Shared) return promoting ? "" : more_pods(s, before, decision);
  for (const control::Effect& effect : decision.effects)
    if (const auto route = written_route(s, effect))
      if (std::string wrong = more_traffic(s, before, after, *route); !wrong.empty()) return wrong;
  return "";
}

std::unique_ptr<control::Invariant> nothing_forward_while_closed() {
  return std::make_unique<NothingForwardWhileClosed>();
}

}  // namespace slipway::delivery::invariants
