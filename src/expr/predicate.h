// What an expression asks of a few texts, as a tree of comparisons that can be looked at instead of being evaluated:
// whoever has to say the same in another language (a router's matches) needs to see it.
//
//   region in ["DE", "AT"] && level >= 3 && !(header["x-internal"] == "1")
//
// The same syntax as expression.h, of which only this is allowed: && || ! and or not, parentheses, and comparisons of
// an attribute with literals by ==, !=, in, not in, contains, startsWith, endsWith, matches, and of whole numbers from
// 0 to 999999999 by < <= > >=. An attribute is a name, or a member of one: `cookie["beta"]`, `cookie.beta`. One that is
// absent equals nothing: `!=` and `not in` hold for it, and nothing else does.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace slipway::expr {

constexpr std::int64_t kLargestNumber = 999'999'999;

struct Comparison {
  enum class How : std::uint8_t { OneOf, Contains, StartsWith, EndsWith, Matches, Between };
  std::string name, member;  // `region`: {"region", ""}; `header["x-a"]`: {"header", "x-a"}
  How how = How::OneOf;
  std::vector<std::string> values;   // one but for OneOf; none for Between
  std::int64_t least = 0, most = 0;  // Between, both included
  int column = 1;
  // Of an attribute that has this value. `Matches` finds its expression (RE2) anywhere in it.
  bool holds_for(std::string_view value) const;
};

struct Predicate {
  enum class Kind : std::uint8_t { All, Any, Not, Compare };
  Kind kind = Kind::All;
  std::vector<Predicate> parts = {};  // All, Any: any number; Not: one
  Comparison comparison = {};
  bool holds(const std::function<bool(const Comparison&)>& true_now) const;
  void visit(const std::function<void(const Comparison&)>& each) const;
};

// BadRequest with the column of the first problem.
base::Result<Predicate> parse_predicate(std::string_view text);

// A whole number in the form that comparisons of numbers read: digits without a leading zero, at most nine.
std::optional<std::int64_t> plain_number(std::string_view text);

}  // namespace slipway::expr
