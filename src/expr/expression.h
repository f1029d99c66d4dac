// Conditions of an analysis: `result[0] < 0.05 && len(result) > 0`.
//
// A small expression language in the manner of expr-lang (https://expr-lang.org), which Argo Rollouts uses, so that its
// conditions carry over:
//
//   literals     1  2.5  1e3  0x1f  1_000  'text'  "text"  `raw`  true false nil  [1, 2]  {a: 1, "b c": 2}
//   names        result, args, stable ...: the members of the variables that `evaluate` is given
//   parts        result[0]  result[-1]  result.field  result["field"]  result?.field
//   operators    ?:  or ||  and &&  == != < <= > >= in, not in, contains, startsWith, endsWith, matches (RE2)
//                + -  * / %  ** ^  ?? !  not -
//   functions     len all any none one filter map count sum min max abs floor ceil round
//                isNaN isInf isNil default asInt asFloat int float string
//   closures     all(result, {# > 0.9})  filter(result, .code == 200): `#` is the element, `.x` is `#.x`
//
// Evaluation is pure and bounded: no time, no I/O, at most `kMaxSteps` steps. Whole numbers stay int64 and become
// doubles when they would overflow; `/` always gives a double. Numbers compare by value, values of different types are
// unequal, and a comparison with NaN is never true, `!=` included: a gate must not open on a number that is none. `&&`,
// `||`, `!` and `?:` take bools only, `==` anything. An absent member is nil; an index out of range, an unknown name or
// a wrong type is an error.
//
// An Expression is immutable and may be used from several threads at once.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "base/error.h"
#include "data/value.h"

namespace slipway::expr {

constexpr std::size_t kMaxLength = 8192;  // bytes of the text
constexpr int kMaxNesting = 64;           // brackets, calls and unary operators inside each other
constexpr int kMaxNodes = 1000;           // literals, names, operators and calls
constexpr int kMaxSteps = 100'000;        // nodes visited by one evaluation

struct Node;

class Expression {
 public:
  // BadRequest with the column of the first problem: "column 8: expected )".
  static base::Result<Expression> parse(std::string_view text);

  // Invalid with the column of what failed: "column 1: index 0 is out of range of a list of 0".
  base::Result<data::Value> evaluate(const data::Value& variables) const;
  // The same for a condition: anything but a bool is Invalid.
  base::Result<bool> holds(const data::Value& variables) const;

  const std::string& text() const { return text_; }
  // The names that the expression reads from its variables.
  const std::set<std::string>& names() const { return names_; }

 private:
  Expression(std::string text, std::shared_ptr<const Node> root, std::set<std::string> names);

  std::string text_;
  std::shared_ptr<const Node> root_;
  std::set<std::string> names_;
};

}  // namespace slipway::expr
