// Rules of hooks: when, what, and that names tell them apart.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "api/kinds/rule_problems.h"

namespace slipway::api::rules {
namespace {

using data::Value;

constexpr std::array kTimes = {"BeforeRelease", "BeforeStep", "AfterStep",    "BeforePromotion",
                               "AfterRelease",  "OnRollback", "AfterRollback"};

void check_time(Problems& out, const Value& hook, const std::string& path) {
  const std::string_view at = hook["at"].as_string();
  if (std::ranges::find(kTimes, at) == kTimes.end())
    return out.invalid(path + ".at", hook["at"],
                       "must be BeforeRelease, BeforeStep, AfterStep, BeforePromotion, AfterRelease, OnRollback or "
                       "AfterRollback");
  const bool of_step = at == "BeforeStep" || at == "AfterStep";
  if (of_step && !hook.has("step")) out.required(path + ".step", "before or after which step, counted from 1");
  if (!of_step && hook.has("step")) out.forbidden(path + ".step", "only BeforeStep and AfterStep belong to a step");
  check_count(out, hook, "step", path, 1);
}

void check_name(Problems& out, const Value& hook, const std::string& path, std::set<std::string>& names) {
  const std::string name = hook["name"].str();
  if (name.empty()) return out.required(path + ".name", "what it is called: its run is named after it");
  if (name.size() > 40 || !is_label(name))
    return out.invalid(path + ".name", name,
                       "must be at most 40 lower case letters, digits and -, with a letter or digit at both ends");
  if (!names.insert(name).second) out.invalid(path + ".name", name, "is the name of an earlier hook");
}

}  // namespace

void check_hooks(Problems& out, const Value& hooks) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < hooks.size(); ++i) {
    const Value& hook = hooks.at(i);
    const std::string path = fmt::format("spec.hooks[{}]", i);
    check_name(out, hook, path, names);
    check_time(out, hook, path);
    constexpr std::array kKinds = {"web", "job", "process"};
    const auto kinds = std::ranges::count_if(kKinds, [&](const char* kind) { return hook.has(kind); });
    if (kinds != 1)
      out.required(path, "exactly one of web, job and process");
    else
      check_provider(out, hook, path);
    check_duration(out, hook, "timeout", path);
    check_count(out, hook, "retries", path, 0);
    const std::string_view failed = hook["onFailure"].as_string("Rollback");
    if (failed != "Rollback" && failed != "Ignore")
      out.invalid(path + ".onFailure", hook["onFailure"], "must be Rollback or Ignore");
  }
}

}  // namespace slipway::api::rules
