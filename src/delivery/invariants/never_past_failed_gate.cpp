#include <fmt/format.h>

#include <algorithm>
#include <ranges>

#include "api/meta.h"
#include "delivery/invariants/invariants.h"
#include "delivery/state.h"

namespace slipway::delivery::invariants {
namespace {

using control::Violation;

class NeverPastFailedGate final : public control::Invariant {
 public:
  std::string_view name() const override { return "never-past-failed-gate"; }

  std::optional<Violation> check(const control::World& world, const control::Controller& controller,
                                 const control::ObjectName& name, const control::Decision& decision,
                                 base::Time now) const override {
    const auto scene = scene_of(world, controller, name, now);
    if (!scene) return std::nullopt;
    const State before = read_state(scene->o.release["status"]);
    const std::string failed = failed_run(*scene, before);
    if (failed.empty() || before.position.handed_over || before.position.full || before.halt)
      return std::nullopt;  // a halt is ended by a person only
    // A person has asked at this moment to skip what is left of it.
    const State then = decision.status.is_null() ? before : read_state(decision.status);
    if (then.position.full) return std::nullopt;
    if (then.command.verb == "promote-to" && then.command.id != before.command.id) return std::nullopt;
    // Or has chosen another variant of a test.
    if (then.candidate && then.candidate->hash != before.candidate->hash) return std::nullopt;
    if (!moves_on(*scene, before, decision)) return std::nullopt;
    return Violation{"never-past-failed-gate",
                     fmt::format("analysis {} has failed, and the release would go on", failed)};
  }

 private:
  static bool gives_more(const RouteView& before, const RouteView& after) {
    return after.candidate > before.candidate || after.audience > before.audience;
  }

  // Of a test: the variant is stopped, and its users are back; the others may go on.
  static bool is_over_for(const State& s, std::string_view variant) {
    return std::ranges::any_of(s.variants, [&](const VariantState& v) { return v.name == variant && v.stopped_at; });
  }

  // Somebody has chosen another variant: what this one has come to decides nothing any more (seed 810097).
  static bool has_lost(const plan::ReleasePlan& plan, const State& s, std::string_view variant) {
    const auto lost = [&](const VariantState& v) { return v.name == variant && v.hash != s.candidate->hash; };
    if (!std::ranges::any_of(s.variants, lost)) return false;
    const auto to_come = plan.steps | std::views::drop(std::max<std::int64_t>(s.position.index, 0));
    return std::ranges::none_of(
        to_come, [](const plan::Step& step) { return std::holds_alternative<plan::Approve>(step.action); });
  }

  static bool is_ignored(const plan::ReleasePlan& plan, const data::Value& run) {
    const std::string_view name = run["spec"]["metrics"].at(0)["name"].as_string();
    return run["spec"]["kind"].as_string() == "Hook" && std::ranges::any_of(plan.steps, [&](const plan::Step& step) {
             const auto* hook = std::get_if<plan::Hook>(&step.action);
             return hook && hook->name == name && hook->ignore;
           });
  }

  static std::string failed_run(const Scene& scene, const State& s) {
    const Observation& o = scene.o;
    if (!s.candidate || s.retreat) return "";
    const std::string prefix =
        fmt::format("{}-{}-{}-", api::name_of(o.release), s.candidate->number, s.position.attempt);
    for (const data::Value& run : o.runs)
      if (api::name_of(run).starts_with(prefix) && run["spec"]["kind"].as_string() != "Verification" &&
          run["status"]["phase"].as_string() == "Failed" && !is_over_for(s, run["spec"]["variant"].as_string()) &&
          !has_lost(scene.plan, s, run["spec"]["variant"].as_string()) && !is_ignored(scene.plan, run))
        return std::string(api::name_of(run));
    return "";
  }

  static bool moves_on(const Scene& scene, const State& before, const control::Decision& decision) {
    if (!decision.status.is_null()) {
      const State after = read_state(decision.status);
      if (after.candidate && !after.retreat && after.position.index > before.position.index) return true;
    }
    for (const control::Effect& effect : decision.effects)
      if (const auto route = written_route(scene, effect))
        if (gives_more(view_of(scene, scene.o.objects()), view_of(scene, *route))) return true;
    return false;
  }
};

}  // namespace

std::unique_ptr<control::Invariant> never_past_failed_gate() { return std::make_unique<NeverPastFailedGate>(); }

}  // namespace slipway::delivery::invariants
