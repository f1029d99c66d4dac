#include "delivery/decide/hooks.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "control/mutants.h"
#include "delivery/decide/halt.h"

namespace slipway::delivery {
namespace {

using control::Mutant;
using control::mutant;
using data::Value;

constexpr const char* kRetryInterval = "5s";

// One metric that passes the first time that it does, and fails when it has failed once more than may be retried.
Value metric_of(const plan::Hook& hook) {
  Value out = Value::object({{"name", hook.name},
                             {"interval", kRetryInterval},
                             {"consecutiveSuccessLimit", 1},
                             {"failureLimit", hook.retries},
                             {"consecutiveErrorLimit", hook.retries},
                             {"inconclusiveLimit", 0},
                             {"onNoData", "Fail"},
                             {"timeout", base::format_duration(hook.timeout)},
                             {"provider", hook.provider}});
  const bool gives_value = hook.provider.has("process") || !hook.provider["web"]["jsonPath"].as_string().empty();
  if (gives_value) out.set("successCondition", "result == true");
  return out;
}

void ensure_hook(Turn& turn, const plan::Hook& hook) {
  const std::string name = hook_run_name(turn, hook);
  if (!turn.o.run(name).is_null()) return;
  Value spec = subjects_of(turn, turn.s.retreat.has_value());
  spec.erase("stable");  // it is done once, not for both versions
  spec.set("kind", "Hook");
  spec.set("metrics", Value::array({metric_of(hook)}));
  create_run(turn, name, std::move(spec), "hook.start", "hook " + hook.name);
}

bool is_over(const Value& run) { return run["status"].has("completedAt"); }

std::string failure_text(const plan::Hook& hook, const Value& run) {
  return fmt::format("hook {} failed: {}", hook.name, run["status"]["message"].str(run["status"]["phase"].str()));
}

// A release that is replaced or taken away is not said to have failed.
bool has_rollback_hooks(const Turn& turn) {
  const Cause cause = turn.s.retreat->cause;
  if (mutant(Mutant::ForgetRollbackHooks)) return false;
  return cause != Cause::Superseded && cause != Cause::Deleted;
}

}  // namespace

std::string hook_run_name(const Turn& turn, const plan::Hook& hook) {
  if (mutant(Mutant::RepeatHook))
    return fmt::format("{}-hook-{}-{}", run_prefix(turn), hook.name, turn.now.time_since_epoch() / base::seconds(1));
  return fmt::format("{}-hook-{}", run_prefix(turn), hook.name);
}

Reach run_hook(Turn& turn, const plan::Hook& hook) {
  ensure_hook(turn, hook);
  const Value& run = turn.o.run(hook_run_name(turn, hook));
  if (!is_over(run) && !mutant(Mutant::WaitForNoHook)) {
    turn.wait(fmt::format("hook {} is under way", hook.name));
    return Reach::Waiting;
  }
  if (verdict_of(run) == Verdict::Passed) return Reach::Done;
  const std::string why = failure_text(hook, run);
  if (!hook.ignore && !mutant(Mutant::WaitForNoHook) && !mutant(Mutant::PassFailedHook)) {
    turn_back(turn, Cause::HookFailed, why, evidence_of(run));
    return Reach::Waiting;
  }
  turn.log("hook.ignored", why);
  turn.note(control::Note::Kind::Warning, "HookFailed", why);
  return Reach::Done;
}

void start_rollback_hooks(Turn& turn, plan::Hook::When when) {
  if (!has_rollback_hooks(turn)) return;
  for (const plan::Hook& hook : turn.plan.rollback_hooks)
    if (hook.when == when) ensure_hook(turn, hook);
}

bool holds_up_way_back(const Turn& turn) {
  if (!mutant(Mutant::WaitForRollbackHooks) || !has_rollback_hooks(turn)) return false;
  return std::ranges::any_of(turn.plan.rollback_hooks, [&](const plan::Hook& hook) {
    return hook.when == plan::Hook::When::OnRollback && !is_over(turn.o.run(hook_run_name(turn, hook)));
  });
}

void check_rollback_hooks(Turn& turn, Retreat& retreat) {
  if (!has_rollback_hooks(turn)) return;
  for (const plan::Hook& hook : turn.plan.rollback_hooks) {
    const Value& run = turn.o.run(hook_run_name(turn, hook));
    Check& check = retreat.verification.check(kHookCheck + hook.name);
    const bool good = is_over(run) && verdict_of(run) == Verdict::Passed;
    check.state = !is_over(run) ? CheckState::Pending
                  : good        ? CheckState::Passed
                  : hook.ignore ? CheckState::Skipped
                                : CheckState::Failed;
    check.message = !is_over(run) ? "under way" : good ? "has ended well" : failure_text(hook, run);
  }
}

}  // namespace slipway::delivery
