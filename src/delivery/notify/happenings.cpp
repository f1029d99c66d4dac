#include "delivery/notify/happenings.h"

#include <algorithm>

#include "delivery/state.h"

namespace slipway::delivery::notify {
namespace {

using data::Value;

constexpr std::array<std::string_view, kHappenings> kNames = {
    "Started",        "Step",      "Paused",      "Waiting",  "Commanded",
    "VariantStopped", "Halted",    "RollingBack", "Verified", "VerificationFailed",
    "RolledBack",     "Withdrawn", "Released",    "Stalled",  "Invalid"};

constexpr std::size_t kMostChecks = 10, kMostMetrics = 10;

// A text that an event may carry; cut between two characters.
Value shortened(const std::string& text) {
  if (text.size() <= kMostText) return text;
  std::size_t end = kMostText;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end) + " ...";
}

void put(Value& out, const char* key, const std::string& text) {
  if (!text.empty()) out.set(key, shortened(text));
}

Value version(const Revision& r) {
  Value out = Value::object({{"revision", r.number}});
  put(out, "images", r.images);
  if (!r.config.empty()) out.set("config", to_value(r.config));
  return out;
}

double percent(std::int64_t points) { return static_cast<double>(points) / 100; }

// The two statuses, and what both have in common.
struct Change {
  const State before, after;
  std::vector<Event> out = {};

  // Of the version that it is about.
  Value about(const std::optional<Revision>& candidate) const {
    Value data = Value::object({{"phase", to_text(after.phase)}});
    put(data, "message", after.message);
    if (candidate) data.set("candidate", version(*candidate));
    if (const auto& stable = before.stable ? before.stable : after.stable) data.set("stable", version(*stable));
    return data;
  }
  // Of the release under way.
  Value about_now() const {
    Value data = about(after.candidate);
    if (!after.candidate) return data;
    data.set("share", percent(std::max<std::int64_t>(after.traffic.verified, 0)));
    if (after.user_steps > 0)
      data.set("step", Value::object({{"index", after.user_step + 1}, {"count", after.user_steps}}));
    return data;
  }
  void add(Happening what, Value data) { out.push_back({what, std::move(data)}); }
};

bool same_release(const State& a, const State& b) {
  return a.candidate && b.candidate && a.candidate->number == b.candidate->number &&
         a.candidate->started_at == b.candidate->started_at;
}

void tell_command(Change& c) {
  const CommandRecord& command = c.after.command;
  if (command.id.empty() || command.id == c.before.command.id) return;
  Value data = c.about_now();
  put(data, "verb", command.verb);
  put(data, "by", command.by);
  put(data, "reason", command.reason);
  put(data, "result", command.result);
  c.add(Happening::Commanded, std::move(data));
}

// The last numbers of the analyses under way: name, value, what it is compared with, limit.
Value metrics_of(const State& s) {
  Value out = Value::array();
  for (const AnalysisSummary& run : s.analysis)
    for (const Value& metric : run.metrics.items()) {
      if (out.size() >= kMostMetrics) return out;
      Value one = Value::object({{"name", metric["name"]}});
      for (const char* key : {"value", "stable", "limit", "phase"}) {
        if (metric[key].is_number()) one.set(key, metric[key]);
        if (metric[key].is_string()) one.set(key, shortened(metric[key].str()));
      }
      out.push_back(std::move(one));
    }
  return out;
}

void tell_progress(Change& c) {
  const State &a = c.before, &b = c.after;
  if (b.candidate && !same_release(a, b)) c.add(Happening::Started, c.about_now());
  if (!same_release(a, b) || b.user_step <= a.user_step) return;
  Value data = c.about_now();
  if (Value metrics = metrics_of(b); metrics.size() > 0) data.set("metrics", std::move(metrics));
  c.add(Happening::Step, std::move(data));
}

void tell_waits(Change& c) {
  const State &a = c.before, &b = c.after;
  if (b.phase == Phase::Waiting && b.waiting.reason != WaitReason::None &&
      (a.waiting.reason != b.waiting.reason || a.waiting.window != b.waiting.window)) {
    Value data = c.about_now();
    data.set("waits", to_text(b.waiting.reason));
    put(data, "window", b.waiting.window);
    if (b.waiting.until) data.set("until", stamp(*b.waiting.until));
    c.add(Happening::Waiting, std::move(data));
  }
  if (b.halt && !(a.halt && a.halt->at == b.halt->at)) {
    Value data = c.about_now();
    data.set("cause", to_text(b.halt->cause));
    put(data, "why", b.halt->message);
    put(data, "metric", b.halt->metric);
    if (Value metrics = metrics_of(b); metrics.size() > 0) data.set("metrics", std::move(metrics));
    c.add(Happening::Halted, std::move(data));
  } else if (b.phase == Phase::Paused && a.phase != Phase::Paused && !b.halt) {
    c.add(Happening::Paused, c.about_now());
  }
}

// A version of an A/B test is stopped while the others go on.
void tell_variants(Change& c) {
  for (const VariantState& now : c.after.variants) {
    const auto last = std::ranges::find(c.before.variants, now.name, &VariantState::name);
    if (!now.stopped_at || last == c.before.variants.end() || last->stopped_at) continue;
    Value data = c.about_now();
    put(data, "variant", now.name);
    put(data, "cause", now.cause);
    put(data, "why", now.message);
    c.add(Happening::VariantStopped, std::move(data));
  }
}

// The way back under way, or the last one.
const std::optional<Retreat>& way_back(const State& s) { return s.retreat ? s.retreat : s.last_rollback; }

Value about_way_back(const Change& c, const Retreat& r) {
  Value data = c.about(r.from);
  data.set("cause", to_text(r.cause));
  put(data, "why", r.message);
  put(data, "metric", r.metric);
  data.set("share", percent(r.share));
  if (r.cause == Cause::Aborted) put(data, "by", c.after.command.by);
  return data;
}

// What is still wrong comes first.
Value checks_of(const Verification& v) {
  Value out = Value::array();
  for (const bool wrong : {true, false})
    for (const Check& each : v.checks) {
      const bool good = each.state == CheckState::Passed || each.state == CheckState::Skipped;
      if (good == wrong || out.size() >= kMostChecks) continue;
      Value one = Value::object({{"name", each.name}, {"state", to_text(each.state)}});
      put(one, "message", each.message);
      out.push_back(std::move(one));
    }
  return out;
}

void tell_way_back(Change& c) {
  const auto &now = way_back(c.after), &last = way_back(c.before);
  if (!now) return;
  const bool same = last && last->started_at == now->started_at;
  if (c.after.retreat && !same) {
    Value data = about_way_back(c, *now);
    if (now->failing_at) data.set("failingAt", stamp(*now->failing_at));
    if (Value metrics = metrics_of(c.after); metrics.size() > 0) data.set("metrics", std::move(metrics));
    c.add(Happening::RollingBack, std::move(data));
  }
  const Verification& proof = now->verification;
  if (proof.state == CheckState::Pending || (same && last->verification.state != CheckState::Pending)) return;
  Value data = about_way_back(c, *now);
  data.set("verification", to_text(proof.state));
  data.set("checks", checks_of(proof));
  c.add(proof.state == CheckState::Passed ? Happening::Verified : Happening::VerificationFailed, std::move(data));
}

std::optional<Happening> end_of(std::string_view result) {
  if (result == "Released") return Happening::Released;
  if (result == "RolledBack" || result == "Aborted") return Happening::RolledBack;
  if (result == "Superseded" || result == "Reverted" || result == "Withdrawn") return Happening::Withdrawn;
  return std::nullopt;  // Adopted: it was there before
}

void tell_end(Change& c) {
  const Value &newest = c.after.history.at(0), &known = c.before.history.at(0);
  if (!newest.is_object() || newest == known) return;
  const auto what = end_of(newest["result"].as_string());
  if (!what) return;
  Value data = c.about(Revision{.number = newest["revision"].as_int(),
                                .images = newest["images"].str(),
                                .config = config_hashes(newest["config"])});
  data.set("result", newest["result"]);
  for (const char* key : {"cause", "verification", "startedAt", "finishedAt"})
    if (newest.has(key)) data.set(key, newest[key]);
  put(data, "why", newest["message"].str());
  c.add(*what, std::move(data));
}

const Value& condition(const State& s, std::string_view type) {
  for (const Value& each : s.conditions.items())
    if (each["type"].as_string() == type) return each;
  return data::kNull;
}

void tell_trouble(Change& c) {
  const Value &now = condition(c.after, "Stalled"), &last = condition(c.before, "Stalled");
  if (now["status"].as_string() == "True" &&
      (last["status"].as_string() != "True" || last["message"] != now["message"])) {
    Value data = c.about_now();
    put(data, "reason", now["reason"].str());
    put(data, "why", now["message"].str());
    c.add(Happening::Stalled, std::move(data));
  }
  if (c.after.phase == Phase::Invalid && c.before.phase != Phase::Invalid) c.add(Happening::Invalid, c.about_now());
}

}  // namespace

std::string_view to_text(Happening happening) { return kNames[static_cast<std::size_t>(happening)]; }

std::string type_of(std::string_view happening) {
  std::string out = "dev.slipway.release.";
  for (std::size_t i = 0; i < happening.size(); ++i) {
    const bool capital = happening[i] >= 'A' && happening[i] <= 'Z';
    if (capital && i > 0) out += '-';
    out += capital ? static_cast<char>(happening[i] - 'A' + 'a') : happening[i];
  }
  return out;
}

const std::set<std::string, std::less<>>& important() {
  static const std::set<std::string, std::less<>> all = {
      "Started",    "Paused",   "Halted",  "VariantStopped", "RollingBack", "VerificationFailed",
      "RolledBack", "Released", "Stalled", "Invalid"};
  return all;
}

std::vector<Event> happenings(const Value& before, const Value& after) {
  Change c{.before = read_state(before), .after = read_state(after)};
  tell_command(c);
  tell_progress(c);
  tell_waits(c);
  tell_variants(c);
  tell_way_back(c);
  tell_end(c);
  tell_trouble(c);
  return std::move(c.out);
}

void keep_events(const Value& before, Value& status, const std::set<std::string, std::less<>>& wanted, base::Time now) {
  if (wanted.empty() || status.is_null() || status == before) return;
  Value kept = status["events"].is_array() ? status["events"] : Value::array();
  std::int64_t number = kept.size() > 0 ? kept.at(kept.size() - 1)["number"].as_int() : 0;
  bool added = false;
  for (Event& event : happenings(before, status)) {
    if (!wanted.contains(to_text(event.what))) continue;
    kept.push_back(Value::object(
        {{"number", ++number}, {"type", to_text(event.what)}, {"time", stamp(now)}, {"data", std::move(event.data)}}));
    added = true;
  }
  if (!added) return;
  while (kept.size() > kEventsKept) kept.erase_at(0);
  status.set("events", std::move(kept));
}

}  // namespace slipway::delivery::notify
