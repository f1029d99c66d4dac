#include "expr/expression.h"

#include <algorithm>

#include "expr/ast.h"
#include "expr/functions.h"
#include "expr/lexer.h"
#include "expr/parser.h"

namespace slipway::expr {
namespace {

using base::Code;
using data::Value;
using Answer = base::Result<Value>;

// Walks the tree once for one set of variables.
class Evaluator {
 public:
  explicit Evaluator(const Value& variables) : variables_(variables) {}

  Answer operator()(const Node& node) {
    if (++steps_ > kMaxSteps) return fail(node, "the evaluation takes too long");
    return std::visit([&](const auto& content) { return visit(node, content); }, node.as);
  }

 private:
  static std::unexpected<base::Error> fail(const Node& at, const std::string& problem) {
    return fail_at(Code::Invalid, at.column, problem);
  }
  static Answer placed(const Node& at, Outcome outcome) {
    if (!outcome) return fail(at, outcome.error());
    return std::move(*outcome);
  }
  static Answer expect_bool(const Node& at, Answer answer) {
    if (answer && !answer->is_bool()) return fail(at, "expected a bool, found " + std::string(type_name(*answer)));
    return answer;
  }

  Answer visit(const Node&, const Literal& literal) { return literal.value; }
  Answer visit(const Node& node, const Name& name) {
    if (!variables_.has(name.name)) return fail(node, "unknown name " + name.name);
    return variables_[name.name];
  }
  Answer visit(const Node&, const Element&) { return element_; }

  Answer visit(const Node& node, const Unary& unary) {
    Answer operand = (*this)(*unary.operand);
    if (!operand) return operand;
    if (unary.op == Op::Not) {
      operand = expect_bool(*unary.operand, std::move(operand));
      return operand ? Answer(!operand->as_bool()) : operand;
    }
    if (!operand->is_number()) return fail(node, "expected a number, found " + std::string(type_name(*operand)));
    if (unary.op == Op::Plus) return operand;
    return operand->is_int() ? placed(node, apply_binary(Op::Subtract, 0, *operand)) : Answer(-operand->as_double());
  }

  Answer visit(const Node& node, const Binary& binary) {
    Answer left = (*this)(*binary.left);
    if (!left) return left;
    switch (binary.op) {
      case Op::Coalesce:
        return left->is_null() ? (*this)(*binary.right) : left;
      case Op::And:
      case Op::Or:
        left = expect_bool(*binary.left, std::move(left));
        if (!left || left->as_bool() == (binary.op == Op::Or)) return left;
        return expect_bool(*binary.right, (*this)(*binary.right));
      default:
        break;
    }
    Answer right = (*this)(*binary.right);
    if (!right) return right;
    return placed(node, apply_binary(binary.op, *left, *right));
  }

  Answer visit(const Node&, const Conditional& conditional) {
    const Answer condition = expect_bool(*conditional.condition, (*this)(*conditional.condition));
    if (!condition) return condition;
    return (*this)(condition->as_bool() ? *conditional.yes : *conditional.no);
  }

  Answer visit(const Node& node, const Index& part) {
    const Answer of = (*this)(*part.of);
    if (!of || (part.optional && of->is_null())) return of;
    const Answer index = (*this)(*part.index);
    if (!index) return index;
    if (of->is_object() && index->is_string()) return (*of)[index->as_string()];
    if (of->is_array() && index->is_int()) return item(node, *of, index->as_int());
    return fail(node, std::string(type_name(*of)) + " has no part " +
                          (index->is_string() ? "'" + index->str() + "'" : "of that kind"));
  }

  static Answer item(const Node& node, const Value& list, std::int64_t index) {
    const auto size = static_cast<std::int64_t>(list.size());
    const std::int64_t at = index < 0 ? index + size : index;
    if (at < 0 || at >= size)
      return fail(node, "index " + std::to_string(index) + " is out of range of a list of " + std::to_string(size));
    return list.at(static_cast<std::size_t>(at));
  }

  Answer visit(const Node& node, const Call& call) {
    const Function& function = *find_function(call.function);
    if (function.takes_closure) return over_list(node, call);
    std::vector<Value> arguments;
    for (const NodePtr& argument : call.arguments) {
      Answer value = (*this)(*argument);
      if (!value) return value;
      arguments.push_back(std::move(*value));
    }
    return placed(node, function.call(arguments));
  }

  // all, any, none, one, count, filter, map.
  Answer over_list(const Node& node, const Call& call) {
    const Answer list = (*this)(*call.arguments[0]);
    if (!list) return list;
    if (!list->is_array()) return fail(node, call.function + " needs a list, found " + std::string(type_name(*list)));
    const bool maps = call.function == "map";
    std::vector<Value> kept;
    for (const Value& item : list->items()) {
      const Value outer = std::exchange(element_, item);
      Answer found = (*this)(*call.arguments[1]);
      element_ = outer;
      if (!maps) found = expect_bool(*call.arguments[1], std::move(found));
      if (!found) return found;
      if (maps)
        kept.push_back(std::move(*found));
      else if (found->as_bool())
        kept.push_back(item);
    }
    return summary(call.function, std::move(kept), list->size());
  }

  static Value summary(std::string_view function, std::vector<Value> kept, std::size_t size) {
    if (function == "all") return kept.size() == size;
    if (function == "any") return !kept.empty();
    if (function == "none") return kept.empty();
    if (function == "one") return kept.size() == 1;
    if (function == "count") return static_cast<std::int64_t>(kept.size());
    return Value::array_of(std::move(kept));
  }

  Answer visit(const Node&, const List& list) {
    std::vector<Value> items;
    for (const NodePtr& item : list.items) {
      Answer value = (*this)(*item);
      if (!value) return value;
      items.push_back(std::move(*value));
    }
    return Value::array_of(std::move(items));
  }

  Answer visit(const Node&, const Map& map) {
    Value out = Value::object();
    for (const auto& [key, node] : map.members) {
      Answer value = (*this)(*node);
      if (!value) return value;
      out.set(key, std::move(*value));
    }
    return out;
  }

  const Value& variables_;
  Value element_;
  int steps_ = 0;
};

}  // namespace

Expression::Expression(std::string text, std::shared_ptr<const Node> root, std::set<std::string> names)
    : text_(std::move(text)), root_(std::move(root)), names_(std::move(names)) {}

base::Result<Expression> Expression::parse(std::string_view text) {
  auto parsed = parse_expression(text);
  if (!parsed) return std::unexpected(std::move(parsed.error()));
  return Expression(std::string(text), std::move(parsed->root), std::move(parsed->names));
}

base::Result<Value> Expression::evaluate(const Value& variables) const { return Evaluator(variables)(*root_); }

base::Result<bool> Expression::holds(const Value& variables) const {
  const auto value = evaluate(variables);
  if (!value) return std::unexpected(value.error());
  if (!value->is_bool())
    return fail_at(Code::Invalid, 1, "a condition must give a bool, not " + std::string(type_name(*value)));
  return value->as_bool();
}

}  // namespace slipway::expr
