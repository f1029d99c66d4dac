#include "rehearse/scenario/player.h"

#include <fmt/format.h>

#include "api/meta.h"
#include "data/json.h"

namespace slipway::rehearse::scenario {

using base::Result;
using client::Request;
using data::Value;

namespace {

constexpr base::Duration kQuietLimit = base::minutes(5);  // until the writes of the end must have stopped
constexpr const char* kBegin = "begin";

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};

}  // namespace

Player::Player(const Scenario& scenario, Stage& stage, Observer& observer, std::string space)
    : scenario_(scenario), stage_(stage), observer_(observer), space_(std::move(space)), recorder_(scenario.app) {
  observer_.follow(space_, [this](const api::Resource& resource, const Value& before, const Value& after) {
    recorder_.changed(resource, before, after);
    look();
  });
  observer_.follow(preview_of(space_), [this](const api::Resource& resource, const Value& before, const Value& after) {
    recorder_.changed_in_preview(resource, after.is_null() ? before : after);
    look();
  });
}

Player::~Player() {
  *alive_ = false;
  observer_.forget(space_);
  observer_.forget(preview_of(space_));
}

// --- the course of the story --------------------------------------------------------------------------------

void Player::start(std::function<void()> done) {
  on_done_ = std::move(done);
  const Value space =
      Value::object({{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", Value::object({{"name", space_}})}});
  std::vector<Request> requests{apply({api::kNamespaces, space})};
  for (const Object& object : scenario_.objects) requests.push_back(apply(object));
  send(std::move(requests), kBegin, [this] { begin(); });
}

void Player::begin() {
  const WaitFor& begin = scenario_.begin;
  wait({&begin.conditions, kBegin, kBegin,
        [this] {
          recorder_.begin();
          watching_always_ = true;
          tell(0);
        }},
       begin.within);
}

void Player::tell(std::size_t event) {
  if (done_) return;
  if (event == scenario_.story.size()) return end();
  perform(event);
}

void Player::perform(std::size_t event) {
  const Event& now = scenario_.story[event];
  const auto next = [this, event] { tell(event + 1); };
  const auto ask = [&](const Conditions& conditions, bool must_stay, base::Duration within) {
    wait({&conditions, now.text, now.where, next, must_stay}, within);
  };
  std::visit(
      Overloaded{[&](const WaitFor& w) { ask(w.conditions, false, w.within); },
                 [&](const Stays& s) { ask(s.conditions, true, s.during); },
                 [&](const Expect& e) {
                   std::string broken;
                   if (hold(e.conditions, broken).value_or(false)) return next();
                   fail(fmt::format("{}: {} does not hold; {}", now.where, broken, situation()));
                 },
                 [&](const Cordon& c) { cordon(c.on, next); }, [&](const Refuse& r) { refuse(r, now.where, next); },
                 [&](const CrashControllers&) {
                   stage_.crash_controllers([this, next, where = now.where, alive = alive_](Result<void> began) {
                     if (!*alive) return;
                     if (!began) return fail(where + ": the controllers did not begin again: " + began.error().message);
                     next();
                   });
                 },
                 [&](const auto&) { send(requests_of(now.action), now.where, next); }},
      now.action);
}

void Player::end() {
  const WaitFor& when = scenario_.end.when;
  wait({&when.conditions, "the end", "end.when", [this] { rest(); }}, when.within);
}

// Nothing may be written any more once all is as it should be.
void Player::rest() {
  resting_ = true;
  recorder_.forget_changes();
  timer_ = stage_.loop().after(kQuietLimit, [this] {
    std::string what;
    for (const auto& [object, times] : recorder_.changes()) what += fmt::format(" {} of {}", times, object);
    fail("the end is not quiet: writes" + what);
  });
  quiet_timer_ = stage_.loop().after(kQuiet, [this] { finish(); });
}

void Player::finish() {
  if (done_) return;
  std::string broken;
  const auto still = hold(scenario_.end.when.conditions, broken);
  if (!still.value_or(false)) return fail("end.when: did not last: " + broken + "; " + situation());
  done_ = true;
  timer_.cancel(), quiet_timer_.cancel();
  outcome_ = recorder_.finish(observer_, space_);
  if (on_done_) on_done_();
}

void Player::fail(std::string what) {
  if (done_) return;
  done_ = true;
  waiting_.reset();
  timer_.cancel(), quiet_timer_.cancel();
  outcome_ = recorder_.finish(observer_, space_);
  outcome_.failure = std::move(what);
  if (on_done_) on_done_();
}

// --- waiting --------------------------------------------------------------------------------------------------

void Player::wait(Waiting waiting, base::Duration within) {
  waiting_ = std::move(waiting);
  timer_ = stage_.loop().after(within, [this] { time_is_up(); });
  look();
}

void Player::time_is_up() {
  if (!waiting_) return;
  const Waiting waiting = std::move(*waiting_);
  waiting_.reset();
  if (waiting.must_stay) return waiting.then();
  std::string missing;
  const auto last = hold(*waiting.conditions, missing);
  fail(fmt::format("{}: {} was waited for in vain{}; {}", waiting.where, missing,
                   last ? "" : " (" + last.error().message + ")", situation()));
}

// Continues in a task of its own: a listener of a cache may not change what it listens to.
void Player::look() {
  if (done_) return;
  if (const auto broken = stage_.violation()) return fail("a safety rule was broken: " + *broken);
  if (resting_) quiet_timer_ = stage_.loop().after(kQuiet, [this] { finish(); });
  std::string broken;
  if (watching_always_ && !hold(scenario_.always, broken).value_or(false))
    return fail(fmt::format("always: {} was broken; {}", broken, situation()));
  if (!waiting_) return;
  const bool holds = hold(*waiting_->conditions, broken).value_or(false);
  if (waiting_->must_stay && !holds)
    return fail(fmt::format("{}: {} did not stay true; {}", waiting_->where, broken, situation()));
  if (waiting_->must_stay || !holds) return;
  auto then = std::move(waiting_->then);
  waiting_.reset();
  timer_.cancel();
  stage_.loop().post([this, then = std::move(then), alive = alive_] {
    if (*alive && !done_) then();
  });
}

Value Player::facts() const {
  Value now = scenario::facts(observer_, space_, scenario_.app, scenario_.versions);
  now.set("started", recorder_.started(scenario_.versions));
  return now;
}

Result<bool> Player::hold(const Conditions& conditions, std::string& first_that_does_not) const {
  const Value now = facts();
  for (const expr::Expression& condition : conditions) {
    const auto holds = condition.holds(now);
    if (holds && *holds) continue;
    first_that_does_not = condition.text();
    return holds;
  }
  return true;
}

std::string Player::situation() const {
  const Value now = facts();
  const Value& status = now["release"]["status"];
  return fmt::format("the release is {} ({}), weights {}, ready {}, running {}", status["phase"].as_string("absent"),
                     status["message"].as_string(), data::to_json(now["weights"]), data::to_json(now["ready"]),
                     data::to_json(now["running"]));
}

}  // namespace slipway::rehearse::scenario
