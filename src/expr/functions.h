// The functions of the language, and the arithmetic they share with the operators.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "data/value.h"
#include "expr/ast.h"

namespace slipway::expr {

// A failure without its place, which the evaluator adds.
using Outcome = std::expected<data::Value, std::string>;

struct Function {
  std::string_view name;
  int least, most;                                          // number of arguments
  Outcome (*call)(std::span<const data::Value> arguments);  // null for those with a closure
  bool takes_closure = false;                               // all, any, none, one, filter, map, count
};

const Function* find_function(std::string_view name);

// Operators on two values, all but `&&`, `||` and `??`.
Outcome apply_binary(Op op, const data::Value& left, const data::Value& right);

// "a number", "a list" ...: for messages.
std::string_view type_name(const data::Value& v);

}  // namespace slipway::expr
