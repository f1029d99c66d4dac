#include "expr/functions.h"

#include <re2/re2.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/strings.h"
#include "data/json.h"

namespace slipway::expr {
namespace {

using data::Value;
using Arguments = std::span<const Value>;

std::unexpected<std::string> wrong_type(std::string_view wanted, const Value& v) {
  return std::unexpected("expected " + std::string(wanted) + ", found " + std::string(type_name(v)));
}

Outcome len(Arguments a) {
  if (a[0].is_string()) return Value(static_cast<std::int64_t>(a[0].as_string().size()));
  if (a[0].is_array() || a[0].is_object()) return Value(static_cast<std::int64_t>(a[0].size()));
  return wrong_type("a list, a map or a text", a[0]);
}

// The numbers among the arguments: themselves, or those of a single list.
std::expected<std::vector<Value>, std::string> numbers(Arguments a) {
  const bool list = a.size() == 1 && a[0].is_array();
  std::vector<Value> out(list ? a[0].items().begin() : a.begin(), list ? a[0].items().end() : a.end());
  for (const Value& v : out)
    if (!v.is_number()) return wrong_type("numbers", v);
  return out;
}

// NaN when any is NaN: no limit is passed by luck of the order.
Outcome extreme(Arguments a, Op op) {
  const auto all = numbers(a);
  if (!all) return std::unexpected(all.error());
  if (all->empty()) return std::unexpected("there is no number");
  Value best = all->front();
  for (const Value& v : *all) {
    if (std::isnan(v.as_double())) return v;
    if (apply_binary(op, v, best)->as_bool()) best = v;
  }
  return best;
}
Outcome min(Arguments a) { return extreme(a, Op::Less); }
Outcome max(Arguments a) { return extreme(a, Op::Greater); }

Outcome sum(Arguments a) {
  const auto all = numbers(a);
  if (!all) return std::unexpected(all.error());
  Value total = 0;
  for (const Value& v : *all) total = *apply_binary(Op::Add, total, v);
  return total;
}

Outcome abs(Arguments a) {
  if (!a[0].is_number()) return wrong_type("a number", a[0]);
  if (a[0].is_int() && a[0].as_int() != INT64_MIN) return Value(std::abs(a[0].as_int()));
  return Value(std::abs(a[0].as_double()));
}

template <double (*F)(double)>
Outcome rounded(Arguments a) {
  if (!a[0].is_number()) return wrong_type("a number", a[0]);
  return a[0].is_int() ? a[0] : Value(F(a[0].as_double()));
}
double floor_of(double d) { return std::floor(d); }
double ceil_of(double d) { return std::ceil(d); }
double round_of(double d) { return std::round(d); }

Outcome is_nan(Arguments a) {
  if (!a[0].is_number()) return wrong_type("a number", a[0]);
  return Value(std::isnan(a[0].as_double()));
}
Outcome is_inf(Arguments a) {
  if (!a[0].is_number()) return wrong_type("a number", a[0]);
  return Value(std::isinf(a[0].as_double()));
}
Outcome is_nil(Arguments a) { return Value(a[0].is_null()); }
Outcome fallback(Arguments a) { return a[0].is_null() ? a[1] : a[0]; }

Outcome as_float(Arguments a) {
  if (a[0].is_number()) return Value(a[0].as_double());
  const auto number = a[0].is_string() ? base::parse_double(base::trim(a[0].as_string())) : std::nullopt;
  if (!number) return std::unexpected(data::to_json(a[0]) + " is not a number");
  return Value(*number);
}

Outcome as_int(Arguments a) {
  if (a[0].is_int()) return a[0];
  if (a[0].is_string())
    if (const auto whole = base::parse_int(base::trim(a[0].as_string()))) return Value(*whole);
  const Outcome number = as_float(a);
  if (!number) return number;
  const double whole = std::trunc(number->as_double());
  constexpr double kLimit = 9223372036854775808.0;
  if (!(whole >= -kLimit && whole < kLimit)) return std::unexpected("the number has no whole value");
  return Value(static_cast<std::int64_t>(whole));
}

Outcome as_string(Arguments a) { return a[0].is_string() ? a[0] : Value(data::to_json(a[0])); }

constexpr Function kFunctions[] = {
    {"len", 1, 1, len},
    {"min", 1, 64, min},
    {"max", 1, 64, max},
    {"sum", 1, 64, sum},
    {"abs", 1, 1, abs},
    {"floor", 1, 1, rounded<floor_of>},
    {"ceil", 1, 1, rounded<ceil_of>},
    {"round", 1, 1, rounded<round_of>},
    {"isNaN", 1, 1, is_nan},
    {"isInf", 1, 1, is_inf},
    {"isNil", 1, 1, is_nil},
    {"default", 2, 2, fallback},
    {"asInt", 1, 1, as_int},
    {"asFloat", 1, 1, as_float},
    {"int", 1, 1, as_int},
    {"float", 1, 1, as_float},
    {"string", 1, 1, as_string},
    {"all", 2, 2, nullptr, true},
    {"any", 2, 2, nullptr, true},
    {"none", 2, 2, nullptr, true},
    {"one", 2, 2, nullptr, true},
    {"filter", 2, 2, nullptr, true},
    {"map", 2, 2, nullptr, true},
    {"count", 2, 2, nullptr, true},
};

// --- operators -------------------------------------------------------------------------------------------------------

bool is_nan_value(const Value& v) { return v.is_number() && std::isnan(v.as_double()); }

// Exact where an integer meets a double that cannot hold it.
std::partial_ordering compare_numbers(const Value& a, const Value& b) {
  if (a.is_int() && b.is_int()) return a.as_int() <=> b.as_int();
  const long double x = a.is_int() ? static_cast<long double>(a.as_int()) : static_cast<long double>(a.as_double());
  const long double y = b.is_int() ? static_cast<long double>(b.as_int()) : static_cast<long double>(b.as_double());
  return x <=> y;
}

bool equal(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) return compare_numbers(a, b) == 0;
  if (a.is_array() && b.is_array()) return std::ranges::equal(a.items(), b.items(), equal);
  if (a.is_object() && b.is_object())
    return std::ranges::equal(a.members(), b.members(), [](const data::Member& x, const data::Member& y) {
      return x.key == y.key.view() && equal(x.value, y.value);
    });
  return a == b;
}

Outcome order(Op op, const Value& a, const Value& b) {
  std::partial_ordering result = std::partial_ordering::unordered;
  if (a.is_number() && b.is_number())
    result = compare_numbers(a, b);
  else if (a.is_string() && b.is_string())
    result = a.as_string() <=> b.as_string();
  else
    return std::unexpected("cannot compare " + std::string(type_name(a)) + " with " + std::string(type_name(b)));
  switch (op) {
    case Op::Less:
      return Value(result < 0);
    case Op::LessEqual:
      return Value(result <= 0);
    case Op::Greater:
      return Value(result > 0);
    default:
      return Value(result >= 0);
  }
}

Outcome is_in(const Value& needle, const Value& haystack) {
  if (haystack.is_array())
    return Value(std::ranges::any_of(haystack.items(), [&](const Value& v) { return equal(v, needle); }));
  if (haystack.is_object() && needle.is_string()) return Value(haystack.has(needle.as_string()));
  if (haystack.is_null()) return Value(false);
  return std::unexpected("'in' needs a list or a map, found " + std::string(type_name(haystack)));
}

Outcome matches(std::string_view text, std::string_view pattern) {
  const re2::RE2 expression(pattern, re2::RE2::Quiet);
  if (!expression.ok()) return std::unexpected("no expression (RE2): " + expression.error());
  return Value(re2::RE2::PartialMatch(text, expression));
}

Outcome text_operator(Op op, const Value& a, const Value& b) {
  if (!a.is_string()) return wrong_type("a text", a);
  if (!b.is_string()) return wrong_type("a text", b);
  const std::string_view text = a.as_string(), part = b.as_string();
  if (op == Op::Contains) return Value(text.find(part) != text.npos);
  if (op == Op::Matches) return matches(text, part);
  return Value(op == Op::StartsWith ? text.starts_with(part) : text.ends_with(part));
}

Outcome integer_arithmetic(Op op, std::int64_t x, std::int64_t y) {
  std::int64_t out = 0;
  switch (op) {
    case Op::Add:
      return __builtin_add_overflow(x, y, &out) ? Value(static_cast<double>(x) + static_cast<double>(y)) : Value(out);
    case Op::Subtract:
      return __builtin_sub_overflow(x, y, &out) ? Value(static_cast<double>(x) - static_cast<double>(y)) : Value(out);
    case Op::Multiply:
      return __builtin_mul_overflow(x, y, &out) ? Value(static_cast<double>(x) * static_cast<double>(y)) : Value(out);
    case Op::Modulo:
      if (y == 0) return std::unexpected("modulo of zero");
      return Value(y == -1 ? std::int64_t(0) : x % y);
    default:
      return std::unexpected("not an operator of whole numbers");
  }
}

Outcome arithmetic(Op op, const Value& a, const Value& b) {
  if (op == Op::Add && a.is_string() && b.is_string()) return Value(a.str() + b.str());
  if (!a.is_number()) return wrong_type("a number", a);
  if (!b.is_number()) return wrong_type("a number", b);
  const double x = a.as_double(), y = b.as_double();
  if (op == Op::Divide) return Value(x / y);
  if (op == Op::Power) return Value(std::pow(x, y));
  if (a.is_int() && b.is_int()) return integer_arithmetic(op, a.as_int(), b.as_int());
  switch (op) {
    case Op::Add:
      return Value(x + y);
    case Op::Subtract:
      return Value(x - y);
    case Op::Multiply:
      return Value(x * y);
    default:
      return std::unexpected("'%' needs whole numbers");
  }
}

}  // namespace

std::string_view type_name(const Value& v) {
  switch (v.kind()) {
    case Value::Kind::Null:
      return "nil";
    case Value::Kind::Bool:
      return "a bool";
    case Value::Kind::Int:
    case Value::Kind::Double:
      return "a number";
    case Value::Kind::String:
      return "a text";
    case Value::Kind::Array:
      return "a list";
    case Value::Kind::Object:
      return "a map";
  }
  return "nothing";
}

const Function* find_function(std::string_view name) {
  const auto it = std::ranges::find(kFunctions, name, &Function::name);
  return it == std::end(kFunctions) ? nullptr : it;
}

Outcome apply_binary(Op op, const Value& left, const Value& right) {
  switch (op) {
    case Op::Equal:
      return Value(equal(left, right));
    case Op::Unequal:
      return Value(!is_nan_value(left) && !is_nan_value(right) && !equal(left, right));
    case Op::Less:
    case Op::LessEqual:
    case Op::Greater:
    case Op::GreaterEqual:
      return order(op, left, right);
    case Op::In:
      return is_in(left, right);
    case Op::NotIn: {
      const Outcome found = is_in(left, right);
      return found ? Outcome(!found->as_bool()) : found;
    }
    case Op::Contains:
    case Op::StartsWith:
    case Op::EndsWith:
    case Op::Matches:
      return text_operator(op, left, right);
    default:
      return arithmetic(op, left, right);
  }
}

}  // namespace slipway::expr
