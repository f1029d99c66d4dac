#include "delivery/notify/decide.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/meta.h"
#include "data/selector.h"
#include "delivery/names.h"
#include "delivery/notify/cloud_event.h"
#include "delivery/notify/happenings.h"
#include "delivery/notify/state.h"
#include "delivery/state.h"

namespace slipway::delivery::notify {
namespace {

using base::Duration;
using base::Time;
using control::Ask;
using control::Decision;
using control::Fact;
using control::Forget;
using control::Note;
using data::Value;

constexpr Duration kDefaultPatience = base::hours(24);
constexpr Duration kDefaultAnswer = base::seconds(10);
constexpr Duration kAround = base::seconds(10);    // for reading the Secret, beside the answer's own time
constexpr std::int64_t kLongestRetryAfter = 3600;  // seconds

Duration duration_of(const Value& v, Duration fallback) {
  return v.as_string().empty() ? fallback : base::parse_duration(v.as_string()).value_or(fallback);
}

std::string question_id(const Value& notification, std::string_view release_uid, std::int64_t event) {
  return fmt::format("notify/{}/{}/{}", api::uid_of(notification), release_uid, event);
}

Time time_of(const Value& event) { return base::parse_time(event["time"].as_string()).value_or(Time{}); }

Duration patience_of(const Value& notification) {
  return duration_of(notification["spec"]["giveUpAfter"], kDefaultPatience);
}

// What a Notification asks for and how far it has come, for looking at many Releases.
class Reader {
 public:
  Reader(const Value& notification, const State& s) : s_(s), wanted_(wanted_types(notification)) {
    for (const Position& p : s.positions) by_uid_[p.uid] = &p;
  }
  // The events of a Release that are still to be dealt with, oldest first.
  std::vector<Value> open_events(const Value& release) const {
    const auto events = release["status"]["events"].items();
    std::vector<Value> out;
    if (events.empty() || is_done(release, events.back())) return out;
    for (const Value& event : events)
      if (!is_done(release, event) && wanted_.contains(event["type"].as_string())) out.push_back(event);
    return out;
  }

 private:
  bool is_done(const Value& release, const Value& event) const {
    const auto position = by_uid_.find(api::uid_of(release));
    if (position != by_uid_.end()) return event["number"].as_int() <= position->second->event;
    return s_.dropped && time_of(event) <= *s_.dropped;
  }

  const State& s_;
  const std::set<std::string, std::less<>> wanted_;
  std::map<std::string_view, const Position*> by_uid_;
};

// --- what an answer means -----------------------------------------------------------------------------------

struct Outcome {
  bool delivered = false;
  bool refused = false;  // this event will never be taken
  std::string reason = {};
  Duration wait{};  // that the receiver asks for
};

Outcome outcome_of(const Fact& fact) {
  if (!fact.answer) return {.reason = fact.answer.error().message};
  const std::int64_t status = (*fact.answer)["status"].as_int();
  if (status >= 200 && status < 300) return {.delivered = true};
  const std::string where = (*fact.answer)["server"].str("the receiver");
  return {
      .refused = status == 400 || status == 413 || status == 415 || status == 422,
      .reason = fmt::format("{} answers {}", where, status),
      .wait = base::seconds(std::clamp<std::int64_t>((*fact.answer)["retryAfter"].as_int(), 0, kLongestRetryAfter))};
}

// --- one decision -------------------------------------------------------------------------------------------

// The event of a Release that may be sent next.
struct Head {
  Value release, event;
  std::string id;
};

struct Turn {
  const Observation& o;
  const Time now;
  State s;
  const State& seen;  // as it was observed
  const Reader& reader;
  Decision out = {};
  std::vector<Head> heads = {};
  std::size_t in_flight = 0;
  std::int64_t open = 0;  // events that are still to be dealt with
  bool delivered = false, failed = false;

  const Value& spec() const { return o.notification["spec"]; }
};

Value brief(const Head& head, Time now) {
  return Value::object({{"release", api::name_of(head.release)},
                        {"event", head.event["number"]},
                        {"type", head.event["type"]},
                        {"at", stamp(now)}});
}

// Numbers that are missing before the first event that is left have been pushed out unseen.
void advance(Turn& t, const Head& head) {
  const std::int64_t number = head.event["number"].as_int();
  const std::int64_t first = head.release["status"]["events"].at(0)["number"].as_int();
  auto at = std::ranges::find(t.s.positions, api::uid_of(head.release), &Position::uid);
  if (at == t.s.positions.end()) {
    t.s.positions.push_back(
        {.release = std::string(api::name_of(head.release)), .uid = std::string(api::uid_of(head.release))});
    at = t.s.positions.end() - 1;
  } else if (first > at->event + 1) {
    t.s.missed += first - at->event - 1;
  }
  at->event = number;
  at->at = time_of(head.event);
}

void deliver(Turn& t, const Head& head) {
  advance(t, head);
  ++t.s.delivered;
  t.s.last_delivery = brief(head, t.now);
  t.delivered = true;
  t.out.reasons.push_back(
      {"notify.delivered", fmt::format("event {} of Release {}: {}", head.event["number"].as_int(),
                                       api::name_of(head.release), head.event["type"].as_string())});
}

void give_up(Turn& t, const Head& head, const std::string& why) {
  advance(t, head);
  ++t.s.given_up;
  t.s.last_given_up = brief(head, t.now).with("reason", why);
  const std::string text = fmt::format("event {} of Release {} ({}) is given up: {}", head.event["number"].as_int(),
                                       api::name_of(head.release), head.event["type"].as_string(), why);
  t.out.reasons.push_back({"notify.given-up", text});
  t.out.notes.push_back({Note::Kind::Warning, "GivenUp", text});
}

// Those that fail while a wait lasts were under way together with the first.
void fail(Turn& t, const Head& head, const Outcome& outcome) {
  t.failed = true;
  Failing& f = t.s.failing ? *t.s.failing : t.s.failing.emplace();
  if (outcome.refused) {
    f.refusals = f.refused == head.id ? f.refusals + 1 : 1;
    f.refused = head.id;
  }
  if (f.next && t.now < *f.next) return;
  ++f.attempts;
  if (!f.since) {
    f.since = t.now;
    t.out.notes.push_back({Note::Kind::Warning, "DeliveryFails", outcome.reason});
  }
  f.reason = outcome.reason;
  const Duration wait = std::min(kLongestWait, kFirstWait * (1 << std::min<std::int64_t>(f.attempts - 1, 20)));
  f.next = t.now + std::max(wait, outcome.wait);
  t.out.reasons.push_back({"notify.failed", fmt::format("attempt {}: {}", f.attempts, outcome.reason)});
}

bool is_too_old(const Turn& t, const Value& event) { return t.now >= time_of(event) + patience_of(t.o.notification); }

std::string too_old_text(const Turn& t) {
  return fmt::format("not delivered within {}{}", base::format_duration(patience_of(t.o.notification)),
                     t.s.failing ? ": " + t.s.failing->reason : "");
}

// True: that event is done with.
bool deal_with_answer(Turn& t, const Head& head, const Fact& fact) {
  const Outcome outcome = outcome_of(fact);
  if (outcome.delivered) return deliver(t, head), true;
  t.out.effects.push_back(Forget{head.id});
  fail(t, head, outcome);
  if (outcome.refused && t.s.failing->refusals >= kRefusals) return give_up(t, head, outcome.reason), true;
  if (is_too_old(t, head.event)) return give_up(t, head, too_old_text(t)), true;
  t.heads.push_back(head);
  return false;
}

bool deal_with(Turn& t, const Head& head) {
  if (const auto fact = t.o.answers.find(head.id); fact != t.o.answers.end())
    return deal_with_answer(t, head, fact->second);
  if (t.o.pending.contains(head.id)) return ++t.in_flight, false;
  if (t.s.failing && is_too_old(t, head.event)) return give_up(t, head, too_old_text(t)), true;
  t.heads.push_back(head);
  return false;
}

// The next event of a Release waits until it is written down that the one before it is done with: so no more than one
// of each Release is repeated after a crash, and none overtakes another.
void deal_with(Turn& t, const Value& release) {
  const auto events = t.reader.open_events(release);
  if (events.empty()) return;
  const Head head{release, events.front(),
                  question_id(t.o.notification, api::uid_of(release), events.front()["number"].as_int())};
  t.open += static_cast<std::int64_t>(events.size()) - (deal_with(t, head) ? 1 : 0);
}

// The answer to what the status says already.
void forget_settled(Turn& t) {
  for (const Position& p : t.seen.positions)
    if (const std::string id = question_id(t.o.notification, p.uid, p.event); t.o.answers.contains(id))
      t.out.effects.push_back(Forget{id});
}

// Releases that are gone: what they had not told goes with them.
void forget_gone(Turn& t) {
  std::erase_if(t.s.positions, [&](const Position& p) {
    const auto at =
        std::ranges::lower_bound(t.o.releases, p.release, {}, [](const Value& r) { return api::name_of(r); });
    return at == t.o.releases.end() || api::uid_of(*at) != p.uid;
  });
}

// What happened before somebody asked is not told.
void begin(Turn& t) {
  t.s.since = t.now;
  for (const Value& release : t.o.releases)
    if (const Value& events = release["status"]["events"]; events.size() > 0) {
      const Value& last = events.at(events.size() - 1);
      t.s.positions.push_back({std::string(api::name_of(release)), std::string(api::uid_of(release)),
                               last["number"].as_int(), time_of(last)});
    }
}

// The positions of Releases that have been quiet for longest are dropped, where nothing older waits.
void trim_positions(Turn& t) {
  if (t.s.positions.size() <= kPositionsKept || t.in_flight > 0) return;
  std::ranges::sort(t.s.positions, {}, &Position::at);
  auto first = t.s.positions.begin();
  for (const auto end = first + static_cast<std::ptrdiff_t>(t.s.positions.size() - kPositionsKept); first != end;
       ++first) {
    const Time up_to = first->at.value_or(Time{});
    if (std::ranges::any_of(t.heads, [&](const Head& head) { return time_of(head.event) <= up_to; })) break;
    t.s.dropped = std::max(t.s.dropped.value_or(Time{}), up_to);
  }
  t.s.positions.erase(t.s.positions.begin(), first);
}

// --- sending ------------------------------------------------------------------------------------------------

Value question_of(const Turn& t, const Head& head) {
  const Value& hook = t.spec()["webhook"];
  Value out = Value::object({{"event", cloud_event(head.release, head.event)}});
  for (const char* key : {"url", "urlKey", "headers", "signingKey", "timeout"})
    if (!hook[key].is_empty()) out.set(key, hook[key]);
  if (!hook["secret"].as_string().empty())
    out.set("secret", Value::object({{"namespace", api::space_of(t.o.notification)}, {"name", hook["secret"]}}));
  return out;
}

std::size_t may_send(const Turn& t) {
  if (t.spec()["paused"].as_bool()) return 0;
  if (!t.s.failing) return kInFlight - std::min(kInFlight, t.in_flight);
  return t.in_flight == 0 && t.now >= t.s.failing->next.value_or(t.now) ? 1 : 0;
}

void wake_at(Decision& out, Time at) {
  if (!out.wake_at || at < *out.wake_at) out.wake_at = at;
}

void send(Turn& t) {
  std::ranges::sort(t.heads, {}, [](const Head& head) { return std::pair(time_of(head.event), head.id); });
  const std::size_t count = std::min(may_send(t), t.heads.size());
  for (std::size_t i = 0; i < count; ++i) {
    const Duration answer = duration_of(t.spec()["webhook"]["timeout"], kDefaultAnswer);
    t.out.effects.push_back(Ask{.id = t.heads[i].id,
                                .port = std::string(kNotifyPort),
                                .question = question_of(t, t.heads[i]),
                                .timeout = answer + kAround});
  }
  t.s.waiting = t.open - static_cast<std::int64_t>(count + t.in_flight);
  if (!t.s.failing || t.heads.empty()) return;
  if (t.s.failing->next && t.now < *t.s.failing->next && !t.spec()["paused"].as_bool())
    wake_at(t.out, *t.s.failing->next);
  wake_at(t.out, std::max(t.now + base::seconds(1), time_of(t.heads.front().event) + patience_of(t.o.notification)));
}

// Only an event that is taken shows that the receiver is well.
void end_failing(Turn& t) {
  if (!t.delivered || !t.s.failing) return;
  if (t.failed) {  // some are taken: it is not the receiver as a whole
    t.s.failing->attempts = 1;
    t.s.failing->next = std::min(t.s.failing->next.value_or(t.now), t.now + kFirstWait);
    return;
  }
  t.out.notes.push_back({Note::Kind::Normal, "Delivers", "events are delivered again"});
  t.s.failing.reset();
}

void set_conditions(Turn& t) {
  Value status = Value::object();
  if (!t.s.conditions.is_null()) status.set("conditions", t.s.conditions);
  const bool failing = t.s.failing.has_value();
  api::set_condition(status, "Ready", failing ? "False" : "True", failing ? "DeliveryFails" : "Delivering",
                     failing ? t.s.failing->reason : "", t.now);
  t.s.conditions = status["conditions"];
}

// A clock that jumped back must not make us wait for a future that was.
void tame_clock(State& s, Time now) {
  if (s.failing && s.failing->next && *s.failing->next > now + base::seconds(kLongestRetryAfter)) s.failing->next = now;
}

}  // namespace

bool means(const Value& notification, const Value& release) {
  const Value& chosen = notification["spec"]["releases"];
  if (!chosen.is_object()) return true;
  for (const Value& name : chosen["names"].items())
    if (name.as_string() == api::name_of(release)) return true;
  if (!chosen["selector"].is_object()) return false;
  const auto selector = data::LabelSelector::from_value(chosen["selector"]);
  return selector && selector->matches(api::labels_of(release));
}

std::set<std::string, std::less<>> wanted_types(const Value& notification) {
  const Value& events = notification["spec"]["events"];
  if (events.size() == 0) return important();
  std::set<std::string, std::less<>> out;
  for (const Value& event : events.items()) out.insert(event.str());
  return out;
}

std::vector<std::string> questions_of(const Value& notification, const std::vector<Value>& releases) {
  const State s = read_state(notification["status"]);
  const Reader reader(notification, s);
  std::vector<std::string> out;
  for (const Position& p : s.positions) out.push_back(question_id(notification, p.uid, p.event));
  for (const Value& release : releases)
    if (means(notification, release))
      for (const Value& event : reader.open_events(release))
        out.push_back(question_id(notification, api::uid_of(release), event["number"].as_int()));
  return out;
}

Decision decide(const Observation& o, Time now) {
  State seen = read_state(o.notification["status"]);
  tame_clock(seen, now);
  const Reader reader(o.notification, seen);
  Turn t{.o = o, .now = now, .s = seen, .seen = seen, .reader = reader};
  t.s.observed_generation = api::generation_of(o.notification);
  forget_settled(t);
  forget_gone(t);
  if (!t.s.since) {
    begin(t);
  } else {
    for (const Value& release : o.releases)
      if (means(o.notification, release)) deal_with(t, release);
    end_failing(t);
    send(t);
  }
  trim_positions(t);
  std::ranges::sort(t.s.positions, {}, &Position::release);
  set_conditions(t);
  t.out.status = write_state(t.s);
  return std::move(t.out);
}

}  // namespace slipway::delivery::notify
