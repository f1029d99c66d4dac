#include "counters.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace load {
namespace {

// Writes {"a":1,"b":{...}} without knowing more of JSON than that.
class Json {
 public:
  Json& open(const std::string& key = {}) { return raw(key, "{", true); }
  Json& close() {
    text_ += '}';
    fresh_ = false;
    return *this;
  }
  Json& number(const std::string& key, auto value) { return raw(key, std::to_string(value), false); }
  Json& decimal(const std::string& key, double value) {
    char buffer[64];
    std::snprintf(buffer, sizeof buffer, "%.3f", value);
    return raw(key, buffer, false);
  }
  Json& string(const std::string& key, const std::string& value) { return raw(key, quote(value), false); }
  Json& raw(const std::string& key, const std::string& value, bool fresh) {
    if (!fresh_) text_ += ',';
    if (!key.empty()) text_ += quote(key) + ":";
    text_ += value;
    fresh_ = fresh;
    return *this;
  }
  std::string take() { return std::move(text_); }

  static std::string quote(const std::string& value) {
    std::string out = "\"";
    for (unsigned char c : value) {
      char escaped[8];
      if (c == '"' || c == '\\' || c < 0x20 || c > 0x7e) {
        std::snprintf(escaped, sizeof escaped, "\\u%04x", c);
        out += escaped;
      } else {
        out += static_cast<char>(c);
      }
    }
    return out + "\"";
  }

 private:
  std::string text_;
  bool fresh_ = true;
};

void write_status(Json& json, const std::map<int, std::uint64_t>& status) {
  json.open("status");
  for (const auto& [code, n] : status) json.number(std::to_string(code), n);
  json.close();
}

void write_latency(Json& json, const Histogram& h) {
  json.open("latency_ms").decimal("p50", h.quantile_ms(0.5)).decimal("p95", h.quantile_ms(0.95));
  json.decimal("p99", h.quantile_ms(0.99)).decimal("max", h.max_ms()).decimal("mean", h.mean_ms()).close();
}

void write_version(Json& json, const Segment& s, const std::string& name, const VersionCount& v) {
  auto shown = std::count_if(s.user_versions.begin(), s.user_versions.end(),
                             [&](const auto& user) { return user.second.contains(name); });
  json.open(name).number("requests", v.requests).number("ok", v.ok).number("failed", v.failed);
  json.number("get", v.get).number("post", v.post);
  json.number("with_user", v.with_user).number("without_user", v.without_user).number("users", shown);
  json.number("first_seen_ns", v.first_seen).number("last_seen_ns", v.last_seen);
  json.number("first_bad_ns", v.first_bad).number("last_bad_ns", v.last_bad);
  write_status(json, v.status);
  write_latency(json, v.latency);
  json.close();
}

void write_users(Json& json, const Segment& s) {
  auto mixed = std::count_if(s.user_versions.begin(), s.user_versions.end(),
                             [](const auto& user) { return user.second.size() > 1; });
  json.open("users").number("seen", s.user_versions.size()).number("mixed", mixed).number("returns", s.returns).close();
}

std::string to_json(const Segment& s, std::int64_t now) {
  Json json;
  json.open().string("name", s.name).number("started_ns", s.started).number("now_ns", now);
  json.number("sent", s.sent).number("answered", s.answered).number("in_flight", s.in_flight());
  json.number("get", s.get).number("post", s.post);
  json.number("ok", s.ok).number("failed", s.bad_status + s.broken);
  json.number("first_bad_ns", s.first_bad).number("last_bad_ns", s.last_bad);
  write_status(json, s.status);
  json.open("errors");
  for (std::size_t i = 0; i < s.faults.size(); ++i) json.number(kFaultNames[i], s.faults[i]);
  json.close().string("first_error", s.first_error);
  json.open("versions");
  for (const auto& [name, v] : s.versions) write_version(json, s, name, v);
  json.close();
  write_users(json, s);
  write_latency(json, s.latency);
  return json.close().take();
}

void stamp(std::int64_t& first, std::int64_t& last, std::int64_t at) {
  if (first == 0 || at < first) first = at;
  last = std::max(last, at);
}

void remember_user(Segment& s, const Outcome& o) {
  auto& seen = s.user_versions[o.user];
  std::string& last = s.last_version[o.user];
  if (last != o.version && seen.contains(o.version)) ++s.returns;
  seen.insert(o.version);
  last = o.version;
}

}  // namespace

void Histogram::add(std::uint64_t us) {
  int bucket = us < 2 ? static_cast<int>(us) : static_cast<int>(std::log2(static_cast<double>(us)) * 10) - 8;
  ++buckets_[static_cast<std::size_t>(std::clamp(bucket, 0, kBuckets - 1))];
  ++count_;
  sum_ += us;
  max_ = std::max(max_, us);
}

double Histogram::quantile_ms(double q) const {
  std::uint64_t need = static_cast<std::uint64_t>(std::ceil(q * static_cast<double>(count_))), seen = 0;
  for (int i = 0; i < kBuckets && need > 0; ++i) {
    seen += buckets_[static_cast<std::size_t>(i)];
    if (seen >= need) return std::min(max_ms(), i < 2 ? 0.001 * (i + 1) : std::exp2((i + 9) / 10.0) / 1000);
  }
  return 0;
}

void Counters::mark(std::string name, std::int64_t now) {
  segments_.push_back({.name = std::move(name), .started = now});
}

void Counters::reset(std::int64_t now) {
  first_ = segments_.size();
  mark("start", now);
}

std::size_t Counters::sent(bool post) {
  Segment& s = segments_.back();
  ++s.sent;
  ++(post ? s.post : s.get);
  return segments_.size() - 1;
}

void Counters::answered(std::size_t segment, const Outcome& o) {
  Segment& s = segments_[segment];
  VersionCount& v = s.versions[o.version];
  bool bad = o.status >= 400;
  ++s.answered;
  ++(bad ? s.bad_status : s.ok);
  ++s.status[o.status];
  ++v.requests;
  ++(bad ? v.failed : v.ok);
  ++(o.post ? v.post : v.get);
  ++(o.user >= 0 ? v.with_user : v.without_user);
  ++v.status[o.status];
  stamp(v.first_seen, v.last_seen, o.at);
  if (bad) {
    stamp(v.first_bad, v.last_bad, o.at);
    stamp(s.first_bad, s.last_bad, o.at);
  }
  v.latency.add(o.latency_us);
  s.latency.add(o.latency_us);
  if (o.user >= 0) remember_user(s, o);
}

void Counters::broken(std::size_t segment, Fault fault, const std::string& detail, std::int64_t now) {
  Segment& s = segments_[segment];
  ++s.broken;
  ++s.faults[static_cast<std::size_t>(fault)];
  stamp(s.first_bad, s.last_bad, now);
  if (s.first_error.empty()) s.first_error = std::to_string(now) + " " + detail;
}

const Segment* Counters::find(std::string_view name) const {
  if (name.empty()) return &segments_.back();
  for (std::size_t i = segments_.size(); i-- > first_;) {
    if (segments_[i].name == name) return &segments_[i];
  }
  return nullptr;
}

std::string Counters::snapshot(std::string_view name, std::int64_t now) const {
  const Segment* s = find(name);
  return s ? to_json(*s, now) : "{\"error\":\"no such mark\"}";
}

std::string Counters::totals(std::int64_t now) const {
  Segment sum{.name = "total", .started = segments_[first_].started};
  for (std::size_t i = first_; i < segments_.size(); ++i) {
    const Segment& s = segments_[i];
    sum.sent += s.sent, sum.answered += s.answered, sum.ok += s.ok, sum.get += s.get, sum.post += s.post;
    sum.bad_status += s.bad_status, sum.broken += s.broken;
    for (std::size_t f = 0; f < s.faults.size(); ++f) sum.faults[f] += s.faults[f];
    if (sum.first_error.empty()) sum.first_error = s.first_error;
    for (const auto& [code, n] : s.status) sum.status[code] += n;
    if (s.first_bad != 0)
      stamp(sum.first_bad, sum.last_bad, s.first_bad), stamp(sum.first_bad, sum.last_bad, s.last_bad);
    for (const auto& [user, versions] : s.user_versions)
      sum.user_versions[user].insert(versions.begin(), versions.end());
    sum.returns += s.returns;
    sum.latency.merge(s.latency);
    for (const auto& [name, v] : s.versions) sum.versions[name].merge(v);
  }
  return to_json(sum, now);
}

std::string Counters::users(std::string_view name, const std::string& version) const {
  const Segment* s = find(name);
  if (!s) return "{\"error\":\"no such mark\"}";
  std::string list;
  for (const auto& [user, versions] : s->user_versions) {
    if (versions.contains(version)) list += (list.empty() ? "" : ",") + std::to_string(user);
  }
  Json json;
  return json.open()
      .string("name", s->name)
      .string("version", version)
      .raw("users", "[" + list + "]", false)
      .close()
      .take();
}

void Histogram::merge(const Histogram& other) {
  for (std::size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_, sum_ += other.sum_, max_ = std::max(max_, other.max_);
}

void VersionCount::merge(const VersionCount& other) {
  requests += other.requests, ok += other.ok, failed += other.failed, get += other.get, post += other.post;
  with_user += other.with_user, without_user += other.without_user;
  for (const auto& [code, n] : other.status) status[code] += n;
  if (other.first_seen != 0)
    stamp(first_seen, last_seen, other.first_seen), stamp(first_seen, last_seen, other.last_seen);
  if (other.first_bad != 0) stamp(first_bad, last_bad, other.first_bad), stamp(first_bad, last_bad, other.last_bad);
  latency.merge(other.latency);
}

}  // namespace load
