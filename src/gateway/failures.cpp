#include "gateway/failures.h"

#include <algorithm>

#include "base/strings.h"

namespace slipway::gateway {
namespace {

using data::Value;

constexpr std::size_t kParts = 8, kLongestPart = 40, kShortestName = 8;

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A number, an address of mail, or a long name of hexadecimal digits, with dashes as a UUID has them, and at least one
// digit in it.
bool names_one_thing(std::string_view part) {
  if (part.size() > kLongestPart || part.contains('@') || part.contains("%40")) return true;
  if (part.empty()) return false;
  if (std::ranges::all_of(part, is_digit)) return true;
  return part.size() >= kShortestName && std::ranges::any_of(part, is_digit) &&
         std::ranges::all_of(part, [](char c) { return is_hex(c) || c == '-'; });
}

bool is_same(const FailureKind& a, const FailureKind& b) {
  return a.method == b.method && a.path == b.path && a.status == b.status;
}

void most_frequent_first(std::vector<FailureKind>& kinds) {
  std::ranges::stable_sort(kinds, [](const FailureKind& a, const FailureKind& b) { return a.count > b.count; });
}

}  // namespace

std::string path_pattern(std::string_view path) {
  path = path.substr(0, path.find_first_of("?#"));
  std::string out;
  std::size_t parts = 0;
  for (const std::string_view part : base::split(path, '/')) {
    if (part.empty()) continue;
    if (parts++ == kParts) return out + "/...";
    out += '/';
    out += names_one_thing(part) ? std::string_view("*") : part;
  }
  return out.empty() ? "/" : out;
}

// One that has a place, else one that is free, else the one of all the others.
std::size_t Failures::place_of(const One& failure, const std::string& pattern) {
  if (kinds_.empty()) kinds_.emplace_back();
  std::size_t free = 0;
  for (std::size_t i = 1; i < kinds_.size(); ++i) {
    const Kind& k = kinds_[i];
    if (k.kept == 0)
      free = i;
    else if (k.status == failure.status && k.method == failure.method && k.path == pattern)
      return i;
  }
  if (free == 0 && kinds_.size() <= kKinds) {
    free = kinds_.size();
    kinds_.emplace_back();
  }
  if (free != 0) kinds_[free] = {.method = std::string(failure.method), .path = pattern, .status = failure.status};
  return free;
}

void Failures::add(const One& failure) {
  if (kept_.size() == kKept) {
    --kinds_[kept_.front().kind].kept;
    kept_.pop_front();
  }
  const std::size_t kind = place_of(failure, path_pattern(failure.path));
  ++kinds_[kind].kept;
  kept_.push_back({.kind = kind, .at = failure.at, .ended = failure.ended, .on = std::string(failure.on)});
}

std::vector<FailureKind> Failures::kinds(base::Duration window, base::MonoTime now) const {
  std::vector<FailureKind> all(kinds_.size());
  for (const Kept& one : kept_) {
    if (one.ended <= now - window) continue;
    FailureKind& k = all[one.kind];
    if (k.count++ == 0 || one.at < k.first) k.first = one.at, k.first_on = one.on;
  }
  for (std::size_t i = 0; i < all.size(); ++i)
    all[i].method = kinds_[i].method, all[i].path = kinds_[i].path, all[i].status = kinds_[i].status;
  std::erase_if(all, [](const FailureKind& k) { return k.count == 0; });
  most_frequent_first(all);
  return all;
}

Value to_value(const std::vector<FailureKind>& kinds) {
  Value out = Value::array();
  for (const FailureKind& k : kinds) {
    Value one = Value::object();
    if (!k.method.empty()) one = Value::object({{"method", k.method}, {"path", k.path}, {"status", k.status}});
    one.set("count", static_cast<std::int64_t>(k.count));
    one.set("firstAt", base::format_micro_time(k.first));
    if (!k.first_on.empty()) one.set("firstOn", k.first_on);
    out.push_back(std::move(one));
  }
  return out;
}

base::Result<std::vector<FailureKind>> failure_kinds_of(const Value& value) {
  std::vector<FailureKind> out;
  for (const Value& one : value.items()) {
    const auto first = base::parse_time(one["firstAt"].as_string());
    const std::int64_t count = one["count"].as_int(-1);
    if (!first || count < 0) return base::fail(base::Code::Invalid, "not kinds of failures");
    out.push_back({.method = one["method"].str(),
                   .path = one["path"].str(),
                   .status = static_cast<int>(one["status"].as_int()),
                   .count = static_cast<std::uint64_t>(count),
                   .first = *first,
                   .first_on = one["firstOn"].str()});
  }
  return out;
}

void add(std::vector<FailureKind>& to, const std::vector<FailureKind>& more) {
  for (const FailureKind& k : more) {
    const auto same = std::ranges::find_if(to, [&](const FailureKind& o) { return is_same(o, k); });
    if (same == to.end()) {
      to.push_back(k);
      continue;
    }
    same->count += k.count;
    if (k.first < same->first) same->first = k.first, same->first_on = k.first_on;
  }
  most_frequent_first(to);
}

}  // namespace slipway::gateway
