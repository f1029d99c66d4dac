#include "delivery/plan/request_classes.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/strings.h"

namespace slipway::delivery::plan {
namespace {

using expr::Comparison;
using How = Comparison::How;

// A list of values goes into one expression as long as a router takes it (Gateway API: 4096 bytes).
constexpr std::size_t kLongestExpression = 2000;

bool same(const Comparison& a, const Comparison& b) {
  return a.how == b.how && a.values == b.values && a.least == b.least && a.most == b.most;
}

Condition exactly(const Source& s, std::string value) { return {s.of, s.name, false, std::move(value)}; }
Condition expression(const Source& s, std::string value) { return {s.of, s.name, true, std::move(value)}; }

// One condition, or as many as the length of an expression demands.
std::vector<Condition> any_of(const Source& s, const std::vector<std::string>& values) {
  if (values.size() == 1) return {exactly(s, values.front())};
  std::vector<Condition> out;
  std::string now;
  const auto flush = [&] {
    if (!now.empty()) out.push_back(expression(s, now));
    now.clear();
  };
  for (const std::string& value : values) {
    const std::string text = escape_expression(value);
    if (now.size() + text.size() > kLongestExpression) flush();
    now += (now.empty() ? "" : "|") + text;
  }
  flush();
  return out;
}

std::string pattern_of(const Comparison& c) {
  const std::string text = c.how == How::Matches ? "(" + c.values.front() + ")" : escape_expression(c.values.front());
  return (c.how == How::StartsWith ? "" : ".*") + text + (c.how == How::EndsWith ? "" : ".*");
}

std::vector<Comparison> holding(const std::vector<Comparison>& all, std::string_view value) {
  std::vector<Comparison> out;
  for (const Comparison& c : all)
    if (c.holds_for(value)) out.push_back(c);
  return out;
}

// A text that says which comparisons hold.
std::string signature(const std::vector<Comparison>& all, const std::vector<Comparison>& holds) {
  std::string out;
  for (const Comparison& c : all)
    out += std::ranges::any_of(holds, [&](const Comparison& h) { return same(h, c); }) ? '1' : '0';
  return out;
}

// Values of one signature, in the order in which they are first named.
template <class Value>
struct Group {
  std::vector<Comparison> holds;
  std::vector<Value> values;
};

std::vector<RequestClass> text_classes(const Source& s, const std::vector<Comparison>& all, std::string& problem) {
  std::vector<RequestClass> out;
  std::optional<Comparison> pattern;
  for (const Comparison& c : all) {
    if (c.how == How::OneOf) continue;
    if (pattern && !same(*pattern, c)) {
      problem = fmt::format("{} is compared by two patterns, which no router could tell apart: write them as one",
                            to_text(s));
      return {};
    }
    pattern = c;
  }
  if (pattern) out.push_back({{*pattern}, true, {expression(s, pattern_of(*pattern))}});
  std::map<std::string, Group<std::string>> groups;
  std::set<std::string> seen;
  for (const Comparison& c : all)
    for (const std::string& value : c.how == How::OneOf ? c.values : std::vector<std::string>{})
      if (seen.insert(value).second) {
        std::vector<Comparison> holds = holding(all, value);
        Group<std::string>& group = groups[signature(all, holds)];
        group.holds = std::move(holds);
        group.values.push_back(value);
      }
  for (auto& [_, group] : groups) out.push_back({std::move(group.holds), true, any_of(s, group.values)});
  return out;
}

std::vector<RequestClass> number_classes(const Source& s, const std::vector<Comparison>& all, std::string& problem) {
  std::set<std::int64_t> bounds;
  for (const Comparison& c : all) {
    if (c.how == How::Between && c.least <= c.most) bounds.insert({c.least, c.most + 1});
    for (const std::string& value : c.values) {
      const auto number = expr::plain_number(value);
      if (c.how != How::OneOf || !number) {
        problem = fmt::format("{} is compared as a number and with the text {}", to_text(s), value);
        return {};
      }
      bounds.insert({*number, *number + 1});
    }
  }
  std::map<std::string, Group<std::pair<std::int64_t, std::int64_t>>> groups;
  for (auto it = bounds.begin(); it != bounds.end() && std::next(it) != bounds.end(); ++it) {
    std::vector<Comparison> holds = holding(all, std::to_string(*it));
    if (holds.empty()) continue;
    auto& group = groups[signature(all, holds)];
    group.holds = std::move(holds);
    group.values.emplace_back(*it, *std::next(it) - 1);
  }
  std::vector<RequestClass> out;
  for (auto& [_, group] : groups) {
    std::string text;
    for (const auto& [least, most] : group.values) text += (text.empty() ? "" : "|") + number_expression(least, most);
    out.push_back({std::move(group.holds), true, {expression(s, std::move(text))}});
  }
  return out;
}

// Numbers of one length, digit by digit.
void add_numbers(std::vector<std::string>& out, const std::string& prefix, std::string_view least,
                 std::string_view most) {
  if (least.empty()) return out.push_back(prefix);
  const std::string zeros(least.size() - 1, '0'), nines(least.size() - 1, '9');
  const auto any_rest = least.size() == 1   ? std::string()
                        : least.size() == 2 ? std::string("[0-9]")
                                            : fmt::format("[0-9]{{{}}}", least.size() - 1);
  char low = least.front(), high = most.front();
  if (low == high) return add_numbers(out, prefix + low, least.substr(1), most.substr(1));
  if (least.substr(1) != zeros) add_numbers(out, prefix + low++, least.substr(1), nines);
  const bool rest = most.substr(1) != nines;
  if (rest) --high;
  if (low == high) out.push_back(prefix + low + any_rest);
  if (low < high) out.push_back(fmt::format("{}[{}-{}]{}", prefix, low, high, any_rest));
  if (rest) add_numbers(out, prefix + most.front(), zeros, most.substr(1));
}

}  // namespace

bool RequestClass::holds(const Comparison& c) const {
  return std::ranges::any_of(true_here, [&](const Comparison& h) { return same(h, c); });
}

std::vector<RequestClass> classes_of(const Source& source, const Questions& questions, std::string& problem) {
  std::vector<Comparison> all;
  for (const Comparison& c : questions.comparisons)
    if (std::ranges::none_of(all, [&](const Comparison& known) { return same(known, c); })) all.push_back(c);
  const bool numbers = std::ranges::any_of(all, [](const Comparison& c) { return c.how == How::Between; });
  std::vector<RequestClass> out = {{}};
  if (questions.presence) out.push_back({{}, true, {expression(source, ".+")}});
  for (RequestClass& one : numbers ? number_classes(source, all, problem) : text_classes(source, all, problem))
    out.push_back(std::move(one));
  return out;
}

bool also_fits(const RequestClass& value, const RequestClass& other) {
  if (other.conditions.empty()) return true;
  if (!value.present) return false;
  if (other.true_here.empty()) return true;  // any value
  // A pattern fits the values that are named as well.
  return other.true_here.size() == 1 && other.true_here.front().how != How::OneOf &&
         other.true_here.front().how != How::Between && value.holds(other.true_here.front());
}

std::string number_expression(std::int64_t least, std::int64_t most) {
  std::vector<std::string> out;
  for (std::int64_t from = least; from <= most;) {
    const std::string low = std::to_string(from);
    const std::string last(low.size(), '9');
    const std::string high = last.size() < std::to_string(most).size() ? last : std::to_string(most);
    add_numbers(out, "", low, high);
    from = std::stoll(high) + 1;
  }
  return base::join(out, "|");
}

}  // namespace slipway::delivery::plan
