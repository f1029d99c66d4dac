#include "delivery/plan/compile_hooks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

#include "delivery/plan/step_writer.h"

namespace slipway::delivery::plan {
namespace {

using data::Value;
using When = Hook::When;

constexpr std::array<std::pair<std::string_view, When>, 7> kTimes = {{{"BeforeRelease", When::BeforeRelease},
                                                                      {"BeforeStep", When::BeforeStep},
                                                                      {"AfterStep", When::AfterStep},
                                                                      {"BeforePromotion", When::BeforePromotion},
                                                                      {"AfterRelease", When::AfterRelease},
                                                                      {"OnRollback", When::OnRollback},
                                                                      {"AfterRollback", When::AfterRollback}}};

Hook hook_of(const Value& v) {
  Hook out{.name = v["name"].str()};
  for (const auto& [text, when] : kTimes)
    if (v["at"].as_string() == text) out.when = when;
  for (const char* kind : {"web", "job", "process"})
    if (v[kind].is_object()) out.provider = Value::object({{kind, v[kind]}});
  out.timeout = duration_or(v["timeout"], out.timeout);
  out.retries = v["retries"].as_int();
  // What is over cannot be taken back.
  out.ignore = v["onFailure"].as_string() == "Ignore" || out.when == When::AfterRelease;
  return out;
}

bool is_of_rollback(const Hook& hook) { return hook.when == When::OnRollback || hook.when == When::AfterRollback; }

using Place = std::vector<Step>::iterator;

// Where the hook goes; nullopt: there is no such step.
std::optional<Place> place_of(ReleasePlan& plan, const Hook& hook, int user_step) {
  auto& steps = plan.steps;
  const auto is_his = [&](const Step& step) {
    return step.user_step == user_step && !std::holds_alternative<Hook>(step.action);
  };
  const auto is_promote = [](const Step& step) { return std::holds_alternative<Promote>(step.action); };
  switch (hook.when) {
    case When::BeforeRelease:
      return std::ranges::find_if(steps, [](const Step& step) { return !std::holds_alternative<Hook>(step.action); });
    case When::BeforePromotion:
      return std::ranges::find_if(steps, is_promote);
    case When::AfterRelease:
      return steps.end();
    case When::BeforeStep: {
      const auto found = std::ranges::find_if(steps, is_his);
      return found == steps.end() ? std::nullopt : std::optional(found);
    }
    case When::AfterStep: {
      auto last = std::find_if(steps.rbegin(), steps.rend(), is_his).base();
      if (last == steps.begin()) return std::nullopt;
      while (last != steps.end() && std::holds_alternative<Hook>(last->action) && last->user_step == user_step) ++last;
      return last;
    }
    case When::OnRollback:
    case When::AfterRollback:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

std::vector<Hook> rollback_hooks_of(const Value& spec) {
  std::vector<Hook> out;
  for (const Value& v : spec["hooks"].items())
    if (Hook hook = hook_of(v); is_of_rollback(hook)) out.push_back(std::move(hook));
  return out;
}

void add_hooks(const Value& spec, ReleasePlan& plan, std::vector<base::Cause>& problems) {
  for (std::size_t i = 0; i < spec["hooks"].size(); ++i) {
    const Value& v = spec["hooks"].at(i);
    const Hook hook = hook_of(v);
    if (is_of_rollback(hook)) continue;
    const bool of_step = hook.when == When::BeforeStep || hook.when == When::AfterStep;
    const int user_step = of_step ? static_cast<int>(v["step"].as_int()) - 1 : -1;
    const std::string field = fmt::format("spec.hooks[{}]", i);
    const auto place = place_of(plan, hook, user_step);
    if (!place)
      problems.push_back(
          {"FieldValueInvalid",
           fmt::format("Invalid value: {}: there are {} steps, counted from 1", v["step"].as_int(), plan.user_steps),
           field + ".step"});
    else
      plan.steps.insert(*place, Step{hook, user_step, field});
  }
}

}  // namespace slipway::delivery::plan
