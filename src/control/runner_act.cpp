// How the runner carries a decision out: effects in order, status last, and what follows from each answer.
#include <algorithm>

#include "api/meta.h"
#include "control/mutants.h"
#include "control/runner_impl.h"

namespace slipway::control {

using data::Value;
using State = Slot::State;

namespace {

// Waiting for a fresher picture after a failure takes at most this long; only the *same* effects wait for the whole
// back-off.
constexpr base::Duration kLongestSettle = base::seconds(1);

// The request may or may not have taken effect.
bool is_unknown(base::Code code) {
  return code == base::Code::Timeout || code == base::Code::Unavailable || code == base::Code::Internal ||
         code == base::Code::Canceled;
}

bool is_bound_or_gone(const Value& pod) { return pod.is_null() || !pod["spec"]["nodeName"].is_empty(); }

std::string_view failure_reason(const Decision& decision, std::size_t effect) {
  if (effect >= decision.effects.size()) return "FailedStatus";
  static constexpr std::string_view kReasons[] = {"FailedCreate", "FailedApply", "FailedUpdate", "FailedDelete",
                                                  "FailedAsk",    "FailedTell",  "FailedForget"};
  return kReasons[decision.effects[effect].index()];
}

}  // namespace

void Runner::Impl::begin(const SlotPtr& slot, Decision decision) {
  Run run;
  run.observed = find(slot->of.controller->resource(), slot->name);
  run.writes_status =
      !decision.status.is_null() && !run.observed.is_null() && decision.status != run.observed["status"];
  if (run.writes_status && status_waits(slot, decision)) run.writes_status = false;
  if (decision.effects.empty() && !run.writes_status) return finish_quietly(slot, decision);
  run.decision = std::move(decision);
  run.serial = ++serials_;
  run.term = leadership_.term();
  run.version = api::version_of(run.observed);
  slot->run = std::move(run);
  slot->state = State::Running;
  slot->of.busy = true;
  ++stats_.in_flight;
  step(slot);
}

// News for people only: told together with what comes in the same moment. True: decide again when it is due.
bool Runner::Impl::status_waits(const SlotPtr& slot, const Decision& decision) {
  const base::MonoTime due = slot->status_written + decision.status_may_wait;
  if (slot->status_written == base::MonoTime{} || loop_.mono() >= due) return false;
  const base::Time at = loop_.now() + (due - loop_.mono());
  if (!slot->wake_at || at < *slot->wake_at) set_wake(slot, at);
  return true;
}

bool Runner::Impl::may_write(const Run& run) const {
  if (mutant(Mutant::SkipTermFence)) return true;
  return leadership_.leads() && leadership_.term() == run.term;
}

bool Runner::Impl::is_status_step(const Run& run, std::size_t step) const {
  return step == (mutant(Mutant::StatusBeforeEffects) ? 0 : run.decision.effects.size());
}

std::size_t Runner::Impl::effect_of_step(const Run&, std::size_t step) const {
  return mutant(Mutant::StatusBeforeEffects) ? step - 1 : step;
}

void Runner::Impl::step(const SlotPtr& slot) {
  while (true) {
    Run& run = *slot->run;
    if (!may_write(run)) return abandon(slot);
    if (run.next > run.decision.effects.size()) return finish(slot);
    const std::size_t now = run.next++;
    if (is_status_step(run, now)) {
      if (!run.writes_status) continue;
      return send_status(slot);
    }
    const std::size_t index = effect_of_step(run, now);
    const Effect& effect = run.decision.effects[index];
    for (RunnerObserver* observer : observers_) observer->acting(*slot->of.controller, slot->name, effect);
    ++stats_.effects;
    if (target_of(effect)) return send_effect(slot, index);
    perform_locally(slot, effect);
  }
}

void Runner::Impl::send_effect(const SlotPtr& slot, std::size_t index) {
  const Run& run = *slot->run;
  api_.call(request_of(run.decision.effects[index], slot->of.controller->name()),
            [this, alive = alive_, slot, index, serial = run.serial](client::Answer answer) {
              if (*alive && slot->run && slot->run->serial == serial) effect_answered(slot, index, answer);
            });
}

void Runner::Impl::send_status(const SlotPtr& slot) {
  const Run& run = *slot->run;
  ++stats_.status_writes;
  slot->status_written = loop_.mono();
  api_.call(status_request(slot->of.controller->resource(), run.observed, run.version, run.decision.status,
                           slot->of.controller->name()),
            [this, alive = alive_, slot, serial = run.serial](client::Answer answer) {
              if (*alive && slot->run && slot->run->serial == serial) status_answered(slot, answer);
            });
}

void Runner::Impl::effect_answered(const SlotPtr& slot, std::size_t index, const client::Answer& answer) {
  Run& run = *slot->run;
  const Effect& effect = run.decision.effects[index];
  for (RunnerObserver* observer : observers_) observer->acted(*slot->of.controller, slot->name, effect, answer);
  const Target target = *target_of(effect);
  const bool removal = std::holds_alternative<Delete>(effect);
  // What is to be deleted and is not there any more is as it should be.
  const bool done = answer || (removal && answer.error().code == base::Code::NotFound);
  if (done) {
    remember_write(*slot, target, &effect, answer ? *answer : Value());
  } else if (!mutant(Mutant::IgnoreFailureOfEffect)) {
    return failed(slot, refusal_of(effect, answer.error()), index, target);
  }
  step(slot);
}

void Runner::Impl::status_answered(const SlotPtr& slot, const client::Answer& answer) {
  const Target target{slot->of.controller->resource(), slot->name, std::string(api::uid_of(slot->run->observed))};
  const std::size_t index = slot->run->decision.effects.size();
  if (!answer) return failed(slot, answer.error(), index, target);
  remember_write(*slot, target, nullptr, *answer);
  step(slot);
}

// What the caches must show before the next decision. A removal is over when the object is gone; an object that is
// still being deleted is a write like any other. A binding answers with a bare Status. `effect` null: the status was
// written.
void Runner::Impl::remember_write(Slot& slot, const Target& target, const Effect* effect, const Value& answer) {
  Run& run = *slot.run;
  const bool removal = effect != nullptr && std::holds_alternative<Delete>(*effect);
  const bool itself = target.resource == slot.of.controller->resource() && target.name == slot.name;
  if (!removal && itself && !api::version_of(answer).empty()) run.version = api::version_of(answer);
  const client::Cache* cache = find_cache(target.resource);
  if (cache == nullptr) return;
  const auto* create = effect != nullptr ? std::get_if<Create>(effect) : nullptr;
  if (removal && !api::is_deleting(answer)) {
    writes_of(slot).removed(*cache, target.name, target.uid);
  } else if (create != nullptr && create->subresource == "binding") {
    writes_of(slot).awaits(*cache, target.name, is_bound_or_gone);
  } else {
    writes_of(slot).wrote(*cache, answer);
  }
}

void Runner::Impl::failed(const SlotPtr& slot, base::Error error, std::size_t effect, std::optional<Target> unknown) {
  if (!may_write(*slot->run)) return abandon(slot);
  if (is_unknown(error.code) && unknown && find_cache(unknown->resource) != nullptr)
    return look_up(slot, std::move(*unknown), std::move(error), effect);
  finish_failed(slot, std::move(error), effect);
}

// Finds out what became of a request without an answer, so that the next decision does not rest on a picture from
// before it.
void Runner::Impl::look_up(const SlotPtr& slot, Target target, base::Error error, std::size_t effect) {
  auto looked = [this, alive = alive_, slot, target, error, effect, serial = slot->run->serial](client::Answer answer) {
    if (!*alive || !slot->run || slot->run->serial != serial) return;
    if (answer) {
      writes_of(*slot).wrote(*find_cache(target.resource), *answer);
    } else if (answer.error().code == base::Code::NotFound) {
      if (!target.uid.empty()) writes_of(*slot).removed(*find_cache(target.resource), target.name, target.uid);
    } else if (may_write(*slot->run) && base::retry_of(answer.error().code) != base::Retry::Never) {
      // Weak: the slot owns the timer.
      slot->retry = loop_.after(backoff_.after(answer.error(), ++slot->run->lookups, random_),
                                [this, alive, weak = std::weak_ptr(slot), target, error, effect] {
                                  const SlotPtr slot = weak.lock();
                                  if (*alive && slot && slot->run) look_up(slot, target, error, effect);
                                });
      return;
    }
    finish_failed(slot, error, effect);
  };
  api_.call(get_request(target), std::move(looked));
}

void Runner::Impl::finish_failed(const SlotPtr& slot, base::Error error, std::size_t effect) {
  const Run run = end_run(slot);
  const Controller& controller = *slot->of.controller;
  for (RunnerObserver* observer : observers_)
    observer->finished(controller, slot->name, loop_.now(), run.decision, &error);
  tell_failure(*slot, run.decision, error, effect);
  remember_failure(slot, run.decision, std::move(error), effect);
}

// A conflict or a name that is taken only says that our picture was old: no news for anybody.
void Runner::Impl::tell_failure(const Slot& slot, const Decision& decision, const base::Error& error,
                                std::size_t effect) {
  if (base::retry_of(error.code) == base::Retry::Refresh || !leads()) return;
  const Controller& controller = *slot.of.controller;
  const Value& object = find(controller.resource(), slot.name);
  if (object.is_null()) return;
  std::string what = effect < decision.effects.size() ? describe(decision.effects[effect]) : "write status";
  tell(controller, object,
       {Note::Kind::Warning, std::string(failure_reason(decision, effect)), what + ": " + error.message});
}

void Runner::Impl::remember_failure(const SlotPtr& slot, const Decision& decision, base::Error error,
                                    std::size_t effect) {
  ++stats_.failures;
  const int attempts = (slot->failure ? slot->failure->attempts : 0) + 1;
  const base::Duration hold = backoff_.after(error, attempts, random_);
  const base::Duration settle = std::min({hold, kLongestSettle, backoff_.after(attempts, random_)});
  slot->failure = Failure{std::move(error), loop_.now(), attempts, effect};
  slot->failed_effects = decision.effects;
  slot->hold_until = loop_.mono() + hold;
  slot->not_before = loop_.mono() + settle;
  slot->pause.cancel();
  pause(slot);
}

void Runner::Impl::finish(const SlotPtr& slot) {
  const bool dirty = slot->dirty;
  const Run run = end_run(slot);
  const Controller& controller = *slot->of.controller;
  for (RunnerObserver* observer : observers_)
    observer->finished(controller, slot->name, loop_.now(), run.decision, nullptr);
  for (const Note& note : run.decision.notes) {
    const Value& about = note.about.is_null() ? run.observed : note.about;
    if (!about.is_null()) tell(controller, about, note);
  }
  // A status that only tells of a failure does not end the failure.
  const bool only_told = slot->failure && run.decision.effects.empty() && !slot->failed_effects.empty();
  if (!only_told) slot->failure.reset();
  if (dirty || only_told) return enqueue(slot);
  drop_if_blank(slot);
}

void Runner::Impl::finish_quietly(const SlotPtr& slot, const Decision& decision) {
  slot->failure.reset();
  for (RunnerObserver* observer : observers_)
    observer->finished(*slot->of.controller, slot->name, loop_.now(), decision, nullptr);
  drop_if_blank(slot);
}

Run Runner::Impl::end_run(const SlotPtr& slot) {
  Run run = std::move(*slot->run);
  slot->run.reset();
  slot->state = State::Idle;
  slot->dirty = false;
  slot->of.busy = false;
  --stats_.in_flight;
  schedule();
  return run;
}

// Leadership went while the decision was being carried out: what is not sent stays unsent, what was answered is not
// believed.
void Runner::Impl::abandon(const SlotPtr& slot) {
  end_run(slot);
  slot->retry.cancel();
}

}  // namespace slipway::control
