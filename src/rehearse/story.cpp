#include "rehearse/story.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace slipway::rehearse {

using app::Manner;

std::string_view to_text(Deed deed) {
  static constexpr std::array<std::string_view, 15> kTexts = {"newer version",
                                                              "scaled",
                                                              "reverted",
                                                              "paused",
                                                              "pods deleted",
                                                              "candidate's set deleted",
                                                              "node cordoned",
                                                              "aborted",
                                                              "promoted",
                                                              "promoted in full",
                                                              "undone",
                                                              "release deleted",
                                                              "taken a step back",
                                                              "cohort edited",
                                                              "variant chosen"};
  return kTexts[static_cast<std::size_t>(deed)];
}

std::string Story::text() const {
  static constexpr std::array<std::string_view, 3> kManners = {"plain", "rolling", "canary"};
  if (choices.in_place()) return text_in_place();
  std::string out = fmt::format("{} of {}",
                                choices.blue_green   ? "blue-green"
                                : choices.gray       ? "gray"
                                : choices.ab_test    ? "A/B test"
                                : choices.switched() ? "switch"
                                                     : kManners[static_cast<std::size_t>(choices.manner)],
                                choices.replicas);
  if (choices.min_ready_seconds > 0) out += fmt::format(", ready for {}s", choices.min_ready_seconds);
  if (choices.approval) out += ", approval";
  if (choices.background) out += ", watched";
  if (choices.opt_in) out += ", opt-in";
  if (choices.dynamic_stable) out += ", stable shrinks";
  return out + acts_text() + hooks_text();
}

std::string Story::text_in_place() const {
  const char* how = choices.manner == Manner::Plain     ? "plain"
                    : choices.manner == Manner::Rolling ? "rolling"
                                                        : "batches";
  std::string out = fmt::format("{}-{} of {}", how, delivery::plan::to_text(choices.workload), choices.replicas);
  if (choices.min_ready_seconds > 0) out += fmt::format(", ready for {}s", choices.min_ready_seconds);
  if (choices.approval) out += ", approval";
  return out + acts_text() + hooks_text();
}

std::string Story::hooks_text() const {
  std::string out;
  for (const app::HookChoice& hook : choices.hooks) out += (out.empty() ? "; hooks: " : ", ") + hook.text();
  return out + (choices.failures_halt ? "; failures halt" : "");
}

bool Story::is_stopped_by_hook() const { return std::ranges::any_of(choices.hooks, &app::HookChoice::stops); }

std::string Story::acts_text() const {
  std::string out = ", " + second.name;
  for (const Act& act : acts) {
    out += fmt::format(", {}", to_text(act.deed));
    if (act.deed == Deed::NewerVersion) out += " " + act.version.name;
    if (act.deed == Deed::Scale) out += fmt::format(" to {}", act.number);
  }
  return out;
}

bool Story::has(Deed deed) const {
  return std::ranges::any_of(acts, [&](const Act& a) { return a.deed == deed; });
}

std::int64_t Story::most_replicas() const {
  std::int64_t most = choices.replicas;
  for (const Act& act : acts)
    if (act.deed == Deed::Scale) most = std::max(most, act.number);
  return most;
}

namespace {

Deed draw_deed(runtime::Random& random, Manner manner) {
  constexpr auto kForAll = static_cast<std::uint64_t>(Deed::Cordon) + 1;
  constexpr auto kOfReleases = static_cast<std::uint64_t>(Deed::DeleteRelease) + 1;
  if (manner == Manner::Plain) return static_cast<Deed>(random.below(kForAll));
  return random.below(8) == 0 ? Deed::Undo : static_cast<Deed>(random.below(kOfReleases));
}

Act draw_act(runtime::Random& random, Manner manner, std::size_t number) {
  Act act{.after = base::milliseconds(random.below(60'000)), .deed = draw_deed(random, manner)};
  act.lasts = base::milliseconds(1'000 + random.below(90'000));
  act.number = 1 + static_cast<std::int64_t>(random.below(act.deed == Deed::Scale ? 8 : 3));
  if (act.deed == Deed::NewerVersion) act.version = app::drawn_version(random, fmt::format("v{}", 3 + number));
  return act;
}

}  // namespace

namespace {

void draw_hooks(runtime::Random& random, app::Choices& c) {
  if (c.manner == Manner::Plain) return;
  c.hooks = app::drawn_hooks(random, app::steps_of(c));
  c.failures_halt = random.below(3) == 0;
}

}  // namespace

Story draw_story(runtime::Random& random, const StoryKind& kind) {
  const Router router = kind.router;
  Story story;
  app::Choices& c = story.choices;
  const std::uint64_t manner = random.below(8);
  c.manner = manner == 0 ? Manner::Plain : manner <= 2 ? Manner::Rolling : Manner::Canary;
  c.replicas = 1 + static_cast<std::int64_t>(random.below(6));
  c.min_ready_seconds = random.below(3) == 0 ? 3 : 0;
  c.approval = c.manner == Manner::Canary && random.below(4) == 0;
  c.background = c.manner == Manner::Canary && random.below(4) == 0;
  c.router = router;
  c.blue_green = kind.blue_green && c.manner == Manner::Canary;
  c.background = c.background && !c.switched();
  c.opt_in = kind.opt_in && c.manner == Manner::Canary && !kind.blue_green && matches_headers(router);
  c.gray = kind.gray && c.manner == Manner::Canary && matches_headers(router) && router != Router::Ingress &&
           random.below(4) != 0;
  if (kind.ab_test && c.manner == Manner::Canary && matches_headers(router) && router != Router::Ingress) {
    c.ab_test = true;
    c.gray = c.opt_in = c.blue_green = c.approval = false;
    c.background = true;  // nothing else measures
  }
  c.dynamic_stable =
      kind.dynamic_stable && c.manner == Manner::Canary && !c.switched() && !c.gray && !c.ab_test && !c.blue_green;
  c.workload = kind.workload;
  if (c.in_place()) c.background = false;
  story.first = app::good_version("v1");
  story.second = app::drawn_version(random, "v2");
  const std::uint64_t acts = random.below(4);
  for (std::size_t i = 0; i < acts; ++i) {
    story.acts.push_back(draw_act(random, c.manner, i));
    if (kind.gray && c.manner == Manner::Canary && random.below(3) == 0)
      story.acts.back().deed = c.gray && random.below(4) == 0 ? Deed::EditCohort : Deed::Back;
    if (c.ab_test && random.below(3) == 0) story.acts.back().deed = Deed::ChooseVariant;
    if (c.in_place() && c.manner == Manner::Canary && random.below(5) == 0) story.acts.back().deed = Deed::Back;
    if (story.acts.back().deed == Deed::DeleteRelease) break;
  }
  if (kind.hooks) draw_hooks(random, c);
  return story;
}

}  // namespace slipway::rehearse
