// What checkers know of the hooks of a Release, by docs/hooks.md.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "rehearse/checker.h"

namespace slipway::rehearse {

inline bool is_hook_run(const data::Value& run) { return run["spec"]["kind"].as_string() == "Hook"; }
inline std::string hook_of_run(const data::Value& run) { return run["spec"]["metrics"].at(0)["name"].str(); }
inline bool is_over(const data::Value& run) { return run["status"].has("completedAt"); }
// A run that its release has ended has said nothing.
inline bool has_passed(const data::Value& run) {
  return run["status"]["phase"].as_string() == "Successful" && !run["spec"]["terminate"].as_bool();
}

inline bool is_of_rollback(const data::Value& hook) {
  return hook["at"].as_string() == "OnRollback" || hook["at"].as_string() == "AfterRollback";
}
inline bool is_ignored(const data::Value& hook) {
  return hook["onFailure"].as_string() == "Ignore" || hook["at"].as_string() == "AfterRelease";
}
inline data::Value hook_named(const data::Value& release, std::string_view name) {
  for (const data::Value& hook : release["spec"]["hooks"].items())
    if (hook["name"].as_string() == name) return hook;
  return {};
}

// The runs of this Release and revision: "web-2-1-hook-migrate" is of revision 2.
inline bool is_run_of(const data::Value& run, std::string_view release, std::int64_t revision) {
  return api::name_of(run).starts_with(std::string(release) + "-" + std::to_string(revision) + "-");
}

}  // namespace slipway::rehearse
