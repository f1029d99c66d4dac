// The syntax tree of an expression.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "data/value.h"

namespace slipway::expr {

struct Node;
using NodePtr = std::shared_ptr<const Node>;

enum class Op : std::uint8_t {
  Or,
  And,
  Coalesce,
  Equal,
  Unequal,
  Less,
  LessEqual,
  Greater,
  GreaterEqual,
  In,
  NotIn,
  Contains,
  StartsWith,
  EndsWith,
  Matches,
  Add,
  Subtract,
  Multiply,
  Divide,
  Modulo,
  Power,
  Not,
  Negate,
  Plus,
};

struct Literal {
  data::Value value;
};
struct Name {
  std::string name;
};
struct Element {};  // `#` in a closure
struct Unary {
  Op op;
  NodePtr operand;
};
struct Binary {
  Op op;
  NodePtr left, right;
};
struct Conditional {
  NodePtr condition, yes, no;
};
struct Index {
  NodePtr of, index;
  bool optional;
};  // a.b, a["b"], a[0]; optional: a?.b is nil when a is
struct Call {
  std::string function;
  std::vector<NodePtr> arguments;
};
struct List {
  std::vector<NodePtr> items;
};
struct Map {
  std::vector<std::pair<std::string, NodePtr>> members;
};

struct Node {
  int column;  // 1-based, in bytes: where errors of this node are reported
  std::variant<Literal, Name, Element, Unary, Binary, Conditional, Index, Call, List, Map> as;
};

}  // namespace slipway::expr
