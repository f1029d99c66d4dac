#include "control/lease_leadership.h"

#include <algorithm>
#include <utility>

#include "api/meta.h"

namespace slipway::control {

using client::Answer;
using client::Request;
using client::Verb;
using data::Value;

LeaseLeadership::LeaseLeadership(client::ApiClient& api, runtime::Loop& loop, runtime::Random& random,
                                 LeaseOptions options)
    : api_(api), loop_(loop), random_(random), options_(std::move(options)) {
  SLIPWAY_CHECK(!options_.identity.empty());
  SLIPWAY_CHECK(options_.renew_deadline < options_.lease_duration);
}

void LeaseLeadership::start(std::move_only_function<void()> tried) {
  tried_ = std::move(tried);
  attempt();
}

bool LeaseLeadership::leads() const { return held_ && loop_.mono() < fence_; }

// One try: read the lease, then renew it, take it, or wait.
void LeaseLeadership::attempt() {
  if (stopped_) return;
  const std::uint64_t number = ++attempts_;
  patience_ = loop_.after(options_.renew_deadline, [this, number] {
    if (attempts_ == number) try_again();
  });
  Request get{.verb = Verb::Get, .resource = api::kLeases, .space = options_.space, .name = options_.name};
  api_.call(std::move(get), [this, alive = alive_, number](Answer answer) {
    if (*alive && attempts_ == number && !stopped_) seen(std::move(answer));
  });
}

void LeaseLeadership::seen(Answer answer) {
  if (!answer && answer.error().code != base::Code::NotFound) return try_again();
  if (!answer) return take(Value());
  const Value& lease = *answer;
  const std::string_view holder = lease["spec"]["holderIdentity"].as_string();
  if (holder == options_.identity && leads()) return renew(lease);
  if (holder.empty() || holder == options_.identity || has_run_out(lease)) return take(lease);
  if (held_) lost();
  try_again();
}

// Somebody else's lease has run out when it has not changed for its whole duration, by our own clock.
bool LeaseLeadership::has_run_out(const Value& lease) {
  if (seen_version_ != api::version_of(lease)) {
    seen_version_ = api::version_of(lease);
    seen_since_ = loop_.mono();
  }
  const base::Duration duration =
      base::seconds(lease["spec"]["leaseDurationSeconds"].as_int(options_.lease_duration / base::seconds(1)));
  return loop_.mono() - seen_since_ >= duration;
}

Value LeaseLeadership::held_by_us(Value lease, std::int64_t transitions, bool acquired) const {
  const std::string now = base::format_micro_time(loop_.now());
  lease.set({"spec", "holderIdentity"}, options_.identity);
  lease.set({"spec", "leaseDurationSeconds"}, static_cast<std::int64_t>(options_.lease_duration / base::seconds(1)));
  lease.set({"spec", "renewTime"}, now);
  lease.set({"spec", "leaseTransitions"}, transitions);
  if (acquired) lease.set({"spec", "acquireTime"}, now);
  for (const auto& [key, value] : options_.annotations) lease.set({"metadata", "annotations", key}, value);
  return lease;
}

void LeaseLeadership::take(const Value& lease) {
  if (held_) lost();
  const auto known = static_cast<std::int64_t>(term_);
  if (lease.is_null()) {
    Value fresh = Value::object({{"apiVersion", "coordination.k8s.io/v1"}, {"kind", "Lease"}});
    fresh.set("metadata", Value::object({{"name", options_.name}, {"namespace", options_.space}}));
    write(Verb::Create, held_by_us(std::move(fresh), known, true), static_cast<std::uint64_t>(known + 1));
    return;
  }
  const std::int64_t transitions = std::max(lease["spec"]["leaseTransitions"].as_int() + 1, known);
  write(Verb::Update, held_by_us(lease, transitions, true), static_cast<std::uint64_t>(transitions + 1));
}

void LeaseLeadership::renew(const Value& lease) {
  write(Verb::Update, held_by_us(lease, lease["spec"]["leaseTransitions"].as_int(), false), term_);
}

void LeaseLeadership::write(Verb verb, Value lease, std::uint64_t term) {
  Request request{.verb = verb, .resource = api::kLeases, .space = options_.space};
  if (verb == Verb::Update) request.name = options_.name;
  request.body = std::move(lease);
  request.field_manager = "leader-election";
  api_.call(std::move(request), [this, alive = alive_, number = attempts_, term, sent = loop_.mono()](Answer answer) {
    if (*alive && attempts_ == number && !stopped_) written(std::move(answer), term, sent);
  });
}

void LeaseLeadership::written(Answer answer, std::uint64_t term, base::MonoTime sent) {
  const bool in_time = loop_.mono() < sent + options_.renew_deadline;
  if (answer && in_time && (term != term_ || held_)) {
    const bool gained = !held_;
    ours_ = *answer;
    held_ = true;
    term_ = term;
    fence_ = sent + options_.renew_deadline;
    set_fence();
    if (gained && changed_) changed_();
  }
  try_again();
}

void LeaseLeadership::set_fence() {
  fence_timer_ = loop_.after(fence_ - loop_.mono(), [this] {
    if (held_ && loop_.mono() >= fence_) lost();
  });
}

void LeaseLeadership::lost() {
  held_ = false;
  fence_timer_.cancel();
  if (changed_) changed_();
}

// Holders try at even times; the others with jitter, so that they do not all try at once.
void LeaseLeadership::try_again() {
  base::Duration wait = options_.retry_period;
  if (!held_) wait += base::from_seconds(base::to_seconds(wait) * 0.2 * random_.unit());
  ++attempts_;
  patience_.cancel();
  retry_timer_ = loop_.after(wait, [this] { attempt(); });
  if (auto tried = std::exchange(tried_, {})) tried();
}

void LeaseLeadership::release(std::move_only_function<void()> done) {
  stopped_ = true;
  retry_timer_.cancel();
  patience_.cancel();
  if (!leads()) {
    if (held_) lost();
    loop_.post(std::move(done));
    return;
  }
  lost();
  Value lease = ours_;
  lease.set({"spec", "holderIdentity"}, "");
  Request request{.verb = Verb::Update, .resource = api::kLeases, .space = options_.space, .name = options_.name};
  request.body = std::move(lease);
  request.field_manager = "leader-election";
  api_.call(std::move(request), [done = std::move(done)](Answer) mutable { done(); });
}

}  // namespace slipway::control
