#include "control/runner.h"

#include <algorithm>

#include "api/meta.h"
#include "control/mutants.h"
#include "control/runner_impl.h"

namespace slipway::control {

using data::Value;
using State = Slot::State;

namespace {

// Wake-ups are times on the wall clock, which may jump: no timer runs longer than this without looking again, and when
// the clock has jumped back, the decision itself says what that means.
constexpr base::Duration kLongestTimer = base::minutes(1);
// A wake-up that is due already: decided again, but never without letting time pass.
constexpr base::Duration kShortestTimer = base::milliseconds(1);

std::string owner_text(const Slot& slot) {
  return std::string(slot.of.controller->name()) + "/" + slot.name.space + "/" + slot.name.name;
}

}  // namespace

// The world as the decision about one object sees it.
class Runner::Impl::View final : public World {
 public:
  View(const Impl& impl, const Slot& slot) : impl_(impl), slot_(slot) {}
  const client::Cache& cache(const api::Resource& resource) const override { return impl_.cache(resource); }
  const Fact* fact(std::string_view id) const override { return impl_.fact(id); }
  bool is_pending(std::string_view id) const override { return impl_.is_pending(id); }
  const Failure* failure() const override { return slot_.failure ? &*slot_.failure : nullptr; }

 private:
  const Impl& impl_;
  const Slot& slot_;
};

Runner::Impl::Impl(client::ApiClient& api, runtime::Loop& loop, runtime::Random& random, Leadership& leadership,
                   RunnerOptions options)
    : api_(api),
      loop_(loop),
      random_(random),
      leadership_(leadership),
      options_(std::move(options)),
      backoff_{options_.backoff_base, options_.backoff_cap},
      facts_(loop),
      events_(api, loop),
      objects_(api),
      lists_(api),
      timers_(loop) {
  facts_.add_port("object", objects_);
  facts_.add_port("list", lists_);
  facts_.add_port("timer", timers_);
}

// --- caches and queue -------------------------------------------------------------------------------------

client::Cache* Runner::Impl::find_cache(const api::Resource& resource) const {
  for (const auto& cache : caches_)
    if (cache->resource().plural == resource.plural && cache->resource().group == resource.group) return cache.get();
  return nullptr;
}

client::Cache& Runner::Impl::make_cache(const api::Resource& resource, bool optional) {
  if (client::Cache* known = find_cache(resource)) {
    if (!optional) known->require();
    return *known;
  }
  client::CacheOptions options = options_.caches;
  options.optional = optional;
  if (options_.keep != nullptr) options.keep = options_.keep(resource);
  caches_.push_back(std::make_unique<client::Cache>(api_, loop_, random_, resource, std::move(options)));
  caches_.back()->add_listener([this, of = &caches_.back()->resource()](const Value& before, const Value& after) {
    for (RunnerObserver* observer : observers_) observer->changed(*of, before, after);
  });
  caches_.back()->add_progress_listener([this] {
    progressed_ = true;
    schedule();
  });
  return *caches_.back();
}

const client::Cache& Runner::Impl::cache(const api::Resource& resource) const {
  const client::Cache* cache = find_cache(resource);
  if (cache == nullptr)
    base::bug("a controller reads " + resource.qualified() + ", which it does not watch", __FILE__, __LINE__);
  return *cache;
}

void Runner::Impl::add(std::unique_ptr<Controller> controller) {
  const std::size_t known = caches_.size();
  loaded_.push_back(std::make_unique<Loaded>());
  Loaded& of = *loaded_.back();
  of.controller = std::move(controller);
  make_cache(of.controller->resource(), of.controller->optional())
      .add_listener([this, &of](const Value& before, const Value& after) {
        const Value& object = after.is_null() ? before : after;
        if (!of.controller->decides_about(object)) return;
        enqueue(of, {std::string(api::space_of(object)), std::string(api::name_of(object))});
      });
  for (const Watch& each : of.controller->watches()) watch(of, each);
  if (!started_) return;
  for (std::size_t i = known; i < caches_.size(); ++i) caches_[i]->start();
  if (led_) enqueue_all();
}

void Runner::Impl::watch(Loaded& of, const Watch& watch) {
  make_cache(watch.resource, watch.optional)
      .add_listener([this, &of, affected = watch.affected](const Value& before, const Value& after) {
        for (const Value* object : {&before, &after}) {
          if (object->is_null()) continue;
          for (const ObjectName& name : affected(*this, *object)) enqueue(of, name);
        }
      });
}

void Runner::Impl::start() {
  SLIPWAY_CHECK(!started_);
  started_ = true;
  leadership_.on_change([this, alive = alive_] {
    if (*alive) leadership_changed();
  });
  leadership_changed();
  for (const auto& cache : caches_) cache->start();
}

bool Runner::Impl::synced() const {
  return std::ranges::all_of(caches_, [](const auto& cache) { return cache->synced(); });
}

bool Runner::Impl::current() const {
  return std::ranges::all_of(caches_, [](const auto& cache) { return cache->current(); });
}

bool Runner::Impl::idle() const {
  return stats_.in_flight == 0 && waiting_.empty() &&
         std::ranges::all_of(loaded_, [](const auto& of) { return of->queue.empty(); });
}

Runner::Stats Runner::Impl::stats() const {
  Stats stats = stats_;
  stats.waiting = waiting_.size();
  for (const auto& of : loaded_) stats.queued += of->queue.size();
  return stats;
}

void Runner::Impl::nudge(std::string_view controller, const ObjectName& name) {
  for (const auto& of : loaded_)
    if (of->controller->name() == controller) enqueue(*of, name);
}

SlotPtr Runner::Impl::slot(Loaded& of, const ObjectName& name) {
  SlotPtr& slot = of.slots[name];
  if (!slot) slot = std::make_shared<Slot>(of, name);
  return slot;
}

void Runner::Impl::enqueue(Loaded& of, const ObjectName& name) {
  if (led_) enqueue(slot(of, name));
}

void Runner::Impl::enqueue(const SlotPtr& slot) {
  if (!led_) return;
  if (slot->state == State::Running) slot->dirty = true;
  if (slot->state != State::Idle) return;
  if (loop_.mono() < slot->not_before) return pause(slot);
  slot->state = State::Queued;
  slot->of.queue.push_back(slot);
  schedule();
}

void Runner::Impl::enqueue_all() {
  for (const auto& of : loaded_)
    for (const auto& [name, object] : cache(of->controller->resource()).all())
      if (of->controller->decides_about(object)) enqueue(*of, name);
}

void Runner::Impl::schedule() {
  if (pump_posted_) return;
  pump_posted_ = true;
  loop_.post([this, alive = alive_] {
    if (*alive) pump();
  });
}

// One decision per turn of the loop, the controllers in turn.
void Runner::Impl::pump() {
  pump_posted_ = false;
  if (!leads() || !current()) return;
  if (std::exchange(progressed_, false)) release_waiting();
  if (stats_.in_flight >= static_cast<std::size_t>(options_.max_in_flight)) return;
  Loaded* of = next_ready();
  if (of == nullptr) return;
  const SlotPtr slot = of->queue.front();
  of->queue.pop_front();
  if (writes_seen(*slot)) {
    slot->state = State::Idle;
    decide(slot);
  } else {
    slot->state = State::Waiting;
    waiting_.push_back(slot);
  }
  schedule();
}

Loaded* Runner::Impl::next_ready() {
  for (std::size_t i = 0; i < loaded_.size(); ++i) {
    Loaded& of = *loaded_[turn_++ % loaded_.size()];
    if (is_ready(of)) return &of;
  }
  return nullptr;
}

bool Runner::Impl::is_ready(Loaded& of) {
  if (of.queue.empty()) return false;
  if (!of.controller->competes()) return true;
  if (of.busy || !of.writes.seen()) return false;
  if (loop_.mono() >= of.not_before) return true;
  if (!of.pause)
    of.pause = loop_.after(of.not_before - loop_.mono(), [this, alive = alive_, &of] {
      if (!*alive) return;
      of.pause.cancel();
      schedule();
    });
  return false;
}

// Something changed before the next decision is due: decide when it is.
void Runner::Impl::pause(const SlotPtr& slot) {
  if (slot->pause) return;
  slot->pause = loop_.after(slot->not_before - loop_.mono(), [this, alive = alive_, weak = std::weak_ptr(slot)] {
    const SlotPtr slot = weak.lock();
    if (!*alive || !slot) return;
    slot->pause.cancel();
    enqueue(slot);
  });
}

void Runner::Impl::keep_interval(Slot& slot, const std::optional<Decision>& decision) {
  const base::Duration rest = decision ? decision->rest : base::Duration{};
  const base::MonoTime next = loop_.mono() + std::max(slot.of.controller->min_interval(), rest);
  if (!slot.of.controller->competes())
    slot.not_before = next;
  else if (decision && !decision->effects.empty())
    slot.of.not_before = next;
}

OwnWrites& Runner::Impl::writes_of(Slot& slot) { return slot.of.controller->competes() ? slot.of.writes : slot.writes; }

bool Runner::Impl::writes_seen(Slot& slot) { return writes_of(slot).seen(); }

void Runner::Impl::release_waiting() {
  std::erase_if(waiting_, [](const SlotPtr& slot) {
    if (!slot->writes.seen()) return false;
    slot->state = State::Queued;
    slot->of.queue.push_back(slot);
    return true;
  });
}

// --- leadership -------------------------------------------------------------------------------------------

void Runner::Impl::leadership_changed() {
  const bool leads_now = leads();
  if (leads_now == led_ && leadership_.term() == term_) return;
  start_over();
  if (leads_now != led_)
    for (RunnerObserver* observer : observers_) observer->led(leads_now);
  led_ = leads_now;
  term_ = leadership_.term();
  if (!led_) return;
  for (const auto& cache : caches_) cache->refresh();
  enqueue_all();
}

// Forgets everything that belonged to the old term, except what we wrote: the caches may still be behind it.
void Runner::Impl::start_over() {
  facts_.clear();
  waiting_.clear();
  for (const auto& of : loaded_) {
    of->queue.clear();
    std::vector<SlotPtr> slots;
    for (const auto& [name, slot] : of->slots) slots.push_back(slot);
    for (const SlotPtr& slot : slots) {
      if (slot->run) abandon(slot);
      slot->state = State::Idle;
      slot->wake.cancel();
      slot->retry.cancel();
      slot->pause.cancel();
      slot->wake_at.reset();
      slot->failure.reset();
      slot->not_before = {};
      drop_if_blank(slot);
    }
  }
}

// --- decision ---------------------------------------------------------------------------------------------

void Runner::Impl::decide(const SlotPtr& slot) {
  const base::Time now = loop_.now();
  const Controller& controller = *slot->of.controller;
  slot->retry.cancel();
  slot->pause.cancel();
  std::optional<Decision> decision = controller.reconcile(View(*this, *slot), slot->name, now);
  keep_interval(*slot, decision);
  ++stats_.decisions;
  set_wake(slot, decision ? decision->wake_at : std::nullopt);
  if (!decision) return gone(slot);
  for (RunnerObserver* observer : observers_) observer->decided(controller, slot->name, now, *decision);
  if (held_back(slot, *decision)) return;
  if (const std::optional<Violation> broken = violation(slot, *decision)) return refuse(slot, *decision, *broken);
  begin(slot, std::move(*decision));
}

void Runner::Impl::set_wake(const SlotPtr& slot, std::optional<base::Time> at) {
  slot->wake_at = at;
  if (at) {
    slot->wake_by = loop_.mono() + std::max(*at - loop_.now(), base::Duration{});
    arm_wake(slot);
  } else {
    slot->wake.cancel();
  }
}

void Runner::Impl::arm_wake(const SlotPtr& slot) {
  const base::Duration left = std::min(*slot->wake_at - loop_.now(), slot->wake_by - loop_.mono());
  const base::Duration wait = std::clamp(left, kShortestTimer, kLongestTimer);
  slot->wake = loop_.after(wait, [this, alive = alive_, weak = std::weak_ptr(slot)] {
    const SlotPtr slot = weak.lock();
    if (!*alive || !slot || !slot->wake_at) return;
    if (loop_.now() < *slot->wake_at && loop_.mono() < slot->wake_by) return arm_wake(slot);
    slot->wake_at.reset();
    enqueue(slot);
  });
}

// The same effects that have just failed wait for the end of the back-off; anything else may go ahead.
bool Runner::Impl::held_back(const SlotPtr& slot, const Decision& decision) {
  if (!slot->failure || loop_.mono() >= slot->hold_until || decision.effects != slot->failed_effects) return false;
  slot->retry = loop_.after(slot->hold_until - loop_.mono(), [this, alive = alive_, weak = std::weak_ptr(slot)] {
    if (const SlotPtr slot = weak.lock(); *alive && slot) enqueue(slot);
  });
  return true;
}

std::optional<Violation> Runner::Impl::violation(const SlotPtr& slot, const Decision& decision) const {
  if (decision.effects.empty() || mutant(Mutant::SkipInvariants)) return std::nullopt;
  const View view(*this, *slot);
  for (const auto& invariant : invariants_)
    if (auto broken = invariant->check(view, *slot->of.controller, slot->name, decision, loop_.now())) return broken;
  return std::nullopt;
}

void Runner::Impl::refuse(const SlotPtr& slot, const Decision& decision, const Violation& violation) {
  ++stats_.refusals;
  const Controller& controller = *slot->of.controller;
  for (RunnerObserver* observer : observers_) observer->refused(controller, slot->name, violation);
  base::Error error{base::Code::Internal, "refused by invariant " + violation.invariant + ": " + violation.message};
  if (const Value& object = find(controller.resource(), slot->name); !object.is_null())
    tell(controller, object, {Note::Kind::Warning, "InvariantViolation", error.message});
  for (RunnerObserver* observer : observers_) observer->finished(controller, slot->name, loop_.now(), decision, &error);
  remember_failure(slot, decision, std::move(error), 0);
}

void Runner::Impl::tell(const Controller& controller, const Value& about, const Note& note) {
  events_.record(controller.name(), about, note);
  for (RunnerObserver* observer : observers_) observer->told(controller, note);
}

void Runner::Impl::gone(const SlotPtr& slot) {
  slot->failure.reset();
  if (find(slot->of.controller->resource(), slot->name).is_null()) {
    facts_.forget_owner(owner_text(*slot));
    slot->not_before = {};
  }
  drop_if_blank(slot);
}

void Runner::Impl::drop_if_blank(const SlotPtr& slot) {
  if (slot->state != State::Idle || slot->wake_at || slot->failure || !slot->writes.seen()) return;
  if (loop_.mono() < slot->not_before) return;
  slot->wake.cancel();
  slot->of.slots.erase(slot->name);
}

void Runner::Impl::perform_locally(const SlotPtr& slot, const Effect& effect) {
  auto again = [this, alive = alive_, of = &slot->of, name = slot->name] {
    if (*alive) enqueue(*of, name);
  };
  if (const auto* ask = std::get_if<Ask>(&effect)) {
    facts_.ask(ask->id, ask->port, ask->question, ask->timeout, owner_text(*slot), again);
  } else if (const auto* tell = std::get_if<Tell>(&effect)) {
    facts_.ask(tell->id, tell->port, tell->order, tell->timeout, owner_text(*slot), again);
  } else if (const auto* drop = std::get_if<Forget>(&effect)) {
    facts_.forget(drop->id);
  }
}

// --- the public face --------------------------------------------------------------------------------------

Runner::Runner(client::ApiClient& api, runtime::Loop& loop, runtime::Random& random, Leadership& leadership,
               RunnerOptions options)
    : impl_(std::make_unique<Impl>(api, loop, random, leadership, std::move(options))) {}
Runner::~Runner() = default;
void Runner::add_port(std::string name, Port& port) { impl_->facts().add_port(std::move(name), port); }
void Runner::add_invariant(std::unique_ptr<Invariant> invariant) {
  impl_->invariants().push_back(std::move(invariant));
}
void Runner::add_observer(RunnerObserver& observer) { impl_->observers().push_back(&observer); }
void Runner::add(std::unique_ptr<Controller> controller) { impl_->add(std::move(controller)); }
void Runner::start() { impl_->start(); }
bool Runner::synced() const { return impl_->synced(); }
bool Runner::idle() const { return impl_->idle(); }
const World& Runner::world() const { return *impl_; }
Runner::Stats Runner::stats() const { return impl_->stats(); }
void Runner::nudge(std::string_view controller, const ObjectName& name) { impl_->nudge(controller, name); }

}  // namespace slipway::control
