#include <fmt/format.h>

#include "delivery/decide/stable_size.h"
#include "delivery/invariants/invariants.h"
#include "delivery/scaling.h"
#include "delivery/state.h"

namespace slipway::delivery::invariants {
namespace {

using control::Violation;

Budget budget_of_scene(const Scene& s) {
  const data::Value& own = s.o.workload["spec"]["strategy"]["rollingUpdate"];
  return budget_of(own["maxSurge"], own["maxUnavailable"], s.o.replicas());
}

// The candidate's share that a route gives; the user's plain route counts as all to whoever has pods.
plan::Share share_of(const RouteView& view) {
  return view.shape == RouteView::Shape::Split ? view.candidate : plan::kNone;
}

class CapacityBeforeTraffic final : public control::Invariant {
 public:
  std::string_view name() const override { return "capacity-before-traffic"; }

  std::optional<Violation> check(const control::World& world, const control::Controller& controller,
                                 const control::ObjectName& name, const control::Decision& decision,
                                 base::Time now) const override {
    const auto scene = scene_of(world, controller, name, now);
    if (!scene || !scene->plan.routing) return std::nullopt;
    for (const control::Effect& effect : decision.effects)
      if (const auto route = written_route(*scene, effect))
        if (auto wrong = check_route(*scene, *route, now); !wrong.empty())
          return Violation{"capacity-before-traffic", wrong};
    return std::nullopt;
  }

 private:
  static std::string check_route(const Scene& s, const RouterObjects& after, base::Time now) {
    const State state = read_state(s.o.release["status"]);
    const RouteView was = view_of(s, s.o.objects()), will = view_of(s, after);
    if (will.shape != RouteView::Shape::Split) return "";
    const Version* stable = state.stable ? s.o.find(state.stable->hash) : nullptr;
    const Version* candidate = state.candidate ? s.o.find(state.candidate->hash) : nullptr;
    std::int64_t stable_pods = stable ? stable->available : 0, candidate_pods = candidate ? candidate->available : 0;
    for (const VariantState& v : state.variants)
      if (const Version* version = s.o.find(v.hash); version && version != candidate)
        candidate_pods += version->available;
    if (!state.variants.empty())
      if (std::string wrong = check_variants(s, state, was, will, stable_pods); !wrong.empty()) return wrong;
    if (state.variants.empty() && will.audience > was.audience && candidate_pods == 0 && stable_pods > 0)
      return "an audience would go to a candidate without pods";
    if (!state.variants.empty() && will.candidate > share_of(was)) return "";
    if (will.candidate > share_of(was)) return check_forward(s, will.candidate, stable_pods, candidate_pods);
    if (std::string wrong = check_growing(s, state, was, will, stable_pods, candidate_pods, now); !wrong.empty())
      return wrong;
    return check_back(s, state, will.candidate, stable_pods, candidate_pods);
  }

  static std::string check_variants(const Scene& s, const State& state, const RouteView& was, const RouteView& will,
                                    std::int64_t stable_pods) {
    const auto at = [](const std::vector<plan::Share>& shares, std::size_t i) {
      return i < shares.size() ? shares[i] : plan::kNone;
    };
    for (std::size_t i = 0; i < state.variants.size(); ++i) {
      const Version* version = s.o.find(state.variants[i].hash);
      const std::int64_t pods = version ? version->available : 0;
      const plan::Share share = at(will.versions, i);
      const bool more = share > at(was.versions, i) || at(will.audience_versions, i) > at(was.audience_versions, i);
      if (!more || stable_pods == 0) continue;
      if (pods == 0) return fmt::format("variant {} would get users without pods", state.variants[i].name);
      if (pods < pods_for(share, s.o.replicas()))
        return fmt::format("{} would go to {} pods of variant {}, {} are needed", plan::to_text(share), pods,
                           state.variants[i].name, pods_for(share, s.o.replicas()));
    }
    return "";
  }

  static std::string check_forward(const Scene& s, plan::Share share, std::int64_t stable_pods,
                                   std::int64_t candidate_pods) {
    if (stable_pods == 0 && candidate_pods > 0) return "";  // the last resort: a few pods are better than none
    if (candidate_pods == 0 && stable_pods > 0)
      return fmt::format("{} would go to a candidate without pods", plan::to_text(share));
    if (candidate_pods < pods_for(share, s.o.replicas()))
      return fmt::format("{} would go to {} candidate pods, {} are needed", plan::to_text(share), candidate_pods,
                         pods_for(share, s.o.replicas()));
    return "";
  }

  // A stable version that has given pods away gets back what it can carry, until patience ends.
  static std::string check_growing(const Scene& s, const State& state, const RouteView& was, const RouteView& will,
                                   std::int64_t stable_pods, std::int64_t candidate_pods, base::Time now) {
    const Version* stable = state.stable ? s.o.find(state.stable->hash) : nullptr;
    const std::int64_t n = s.o.replicas();
    const std::int64_t rest = plan::kWhole.points - will.candidate.points;
    if (!s.plan.dynamic_stable || !state.retreat || !stable || stable->owner != Owner::Release) return "";
    if (will.candidate >= share_of(was) || candidate_pods == 0) return "";
    if (now >= state.retreat->started_at + patience_on_the_way_back(s.plan, stable)) return "";
    if (can_carry(stable_pods, plan::kWhole, n, budget_of(s.plan, s.o.workload)) ||
        rest * n <= stable_pods * plan::kWhole.points)
      return "";
    return fmt::format("{} would go back to {} stable pods", plan::to_text(plan::Share{rest}), stable_pods);
  }

  // On the way back a rejected version is worse than a short one: only a stable version without any pod is refused.
  static std::string check_back(const Scene& s, const State& state, plan::Share left, std::int64_t stable_pods,
                                std::int64_t candidate_pods) {
    const plan::Share rest{plan::kWhole.points - left.points};
    if (stable_pods == 0 && candidate_pods > 0) return "traffic would go back to a stable version without pods";
    if (candidate_pods == 0) return "";
    if (!state.retreat && !can_carry(stable_pods, rest, s.o.replicas(), budget_of_scene(s)))
      return fmt::format("{} would go to {} stable pods", plan::to_text(rest), stable_pods);
    return "";
  }
};

}  // namespace

std::unique_ptr<control::Invariant> capacity_before_traffic() { return std::make_unique<CapacityBeforeTraffic>(); }

}  // namespace slipway::delivery::invariants
