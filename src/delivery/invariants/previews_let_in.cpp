#include <fmt/format.h>

#include <algorithm>

#include "api/meta.h"
#include "api/resource.h"
#include "delivery/invariants/invariants.h"

namespace slipway::delivery::invariants {
namespace {

using control::Violation;

// The namespace in which this effect makes something, or makes more of it; empty: in none, or in this one.
std::string space_grown_by(const control::Effect& effect, std::string_view own) {
  if (const auto* create = std::get_if<control::Create>(&effect)) {
    const std::string_view space = api::space_of(create->object);
    return space == own || space.empty() ? "" : std::string(space);
  }
  const auto* patch = std::get_if<control::Patch>(&effect);
  const bool grows = patch && patch->space != own && patch->body["spec"]["replicas"].as_int() > 0;
  return grows ? patch->space : "";
}

class PreviewsLetIn final : public control::Invariant {
 public:
  std::string_view name() const override { return "previews-let-in"; }

  std::optional<Violation> check(const control::World& world, const control::Controller& controller,
                                 const control::ObjectName& name, const control::Decision& decision,
                                 base::Time now) const override {
    if (controller.name() != "release") return std::nullopt;
    std::optional<Observation> seen;
    for (const control::Effect& effect : decision.effects) {
      const std::string space = space_grown_by(effect, name.space);
      if (space.empty()) continue;
      if (!seen) seen = observe(world, world.find(api::kReleases, name), now);
      const auto there = seen->previews.find(space);
      const std::string why = there == seen->previews.end() ? "it has no preview there" : there->second.refusal;
      if (!why.empty()) return Violation{"previews-let-in", fmt::format("something would be made there: {}", why)};
    }
    return std::nullopt;
  }
};

}  // namespace

std::unique_ptr<control::Invariant> previews_let_in() { return std::make_unique<PreviewsLetIn>(); }

}  // namespace slipway::delivery::invariants
