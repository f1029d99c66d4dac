#include "rehearse/app_hooks.h"

#include <fmt/format.h>

#include <array>
#include <iterator>
#include <string_view>

#include "rehearse/app.h"
#include "rehearse/behaviour.h"
#include "rehearse/modelled_hooks.h"

namespace slipway::rehearse::app {

using data::Value;

namespace {

using Manner = HookChoice::Manner;

constexpr std::array<std::string_view, 5> kManners = {"well", "badly", "flaky", "late", "never"};
std::string_view to_text(Manner manner) { return kManners[static_cast<std::size_t>(manner)]; }

// What a pod may take; longer than any way back may (checkers/hooks_on_the_way_back.cpp).
constexpr const char* kTimeout = "75s";

Value job(const HookChoice& hook) {
  Value how = Value::object();
  const auto say = [&](std::string_view key, std::string_view value) {
    how.set(std::string(kAnnotationPrefix).append(key), value);
  };
  say("start", "200ms");
  if (hook.manner == Manner::Never)
    say("never-ready", "true");
  else
    say("end-after", hook.manner == Manner::Late ? "10m" : "1s");
  if (hook.manner == Manner::Badly) say("exit-code", "3");
  const Value container = Value::object({{"name", hook.name}, {"image", "shop/hook:1"}});
  return Value::object(
      {{"template", Value::object({{"metadata", Value::object({{"annotations", how}})},
                                   {"spec", Value::object({{"containers", Value::array({container})}})}})}});
}

Value provider(const HookChoice& hook, Value out) {
  const std::string call = fmt::format("{}/{}/{{{{hash}}}}", to_text(hook.manner), hook.name);
  const std::string url = std::string(kHookServer) + call;
  switch (hook.by) {
    case HookChoice::By::Web:
      out.set("web", Value::object({{"url", url}, {"method", "POST"}}));
      break;
    case HookChoice::By::WebDocument:
      out.set("web", Value::object({{"url", url}, {"jsonPath", "$.done"}}));
      break;
    case HookChoice::By::Job:
      out.set("job", job(hook));
      out.set("timeout", kTimeout);
      break;
    case HookChoice::By::Process:
      out.set("process", Value::object({{"name", kHookProgram}, {"args", Value::object({{"call", call}})}}));
      break;
  }
  return out;
}

HookChoice drawn_hook(runtime::Random& random, std::int64_t steps) {
  constexpr std::array<const char*, 7> kTimes = {"BeforeRelease", "BeforeStep", "AfterStep",    "BeforePromotion",
                                                 "AfterRelease",  "OnRollback", "AfterRollback"};
  constexpr std::array kHow = {Manner::Badly, Manner::Late, Manner::Never, Manner::Flaky, Manner::Flaky};
  HookChoice hook{.at = kTimes[random.below(kTimes.size())]};
  if (hook.at.ends_with("Step") && steps == 0) hook.at = "BeforePromotion";
  if (hook.at.ends_with("Step"))
    hook.step = 1 + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(steps)));
  hook.by = static_cast<HookChoice::By>(random.below(4));
  const std::uint64_t manner = random.below(hook.of_rollback() ? 7 : 14);  // those harm least
  hook.manner = manner < kHow.size() ? kHow[manner] : Manner::Well;
  hook.retries = static_cast<std::int64_t>(random.below(3));
  hook.ignore = random.below(3) == 0;
  return hook;
}

}  // namespace

bool HookChoice::ends_well() const {
  return manner == Manner::Well || (manner == Manner::Flaky && (retries > 0 || by == By::Job));
}

bool HookChoice::stops() const {
  return decides() && (manner == Manner::Badly || manner == Manner::Late || manner == Manner::Never);
}

std::string HookChoice::text() const {
  return fmt::format("{}{} {}{}", at, step > 0 ? fmt::format(" {}", step) : "", to_text(manner),
                     ignore ? " ignored" : "");
}

std::vector<HookChoice> drawn_hooks(runtime::Random& random, std::int64_t steps) {
  std::vector<HookChoice> out;
  const std::uint64_t count = 1 + random.below(4);
  for (std::uint64_t i = 1; i <= count; ++i) {
    out.push_back(drawn_hook(random, steps));
    out.back().name = fmt::format("h{}", i);
  }
  return out;
}

std::int64_t steps_of(const Choices& c) {
  if (c.in_place()) return c.manner == app::Manner::Canary ? 2 : 0;
  if (c.manner != app::Manner::Canary || c.blue_green || c.ab_test) return 0;
  return c.switched() ? 2 : c.gray ? 3 : 7;
}

Value spec_of(const std::vector<HookChoice>& hooks) {
  Value out = Value::array();
  for (const HookChoice& hook : hooks) {
    Value v = Value::object({{"name", hook.name}, {"at", hook.at}, {"retries", hook.retries}});
    if (hook.step > 0) v.set("step", hook.step);
    if (hook.ignore) v.set("onFailure", "Ignore");
    out.push_back(provider(hook, std::move(v)));
  }
  return out;
}

}  // namespace slipway::rehearse::app
