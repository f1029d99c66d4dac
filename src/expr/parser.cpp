#include "expr/parser.h"

#include <algorithm>
#include <optional>

#include "expr/expression.h"
#include "expr/functions.h"
#include "expr/lexer.h"

namespace slipway::expr {
namespace {

using base::Code;
using NodeResult = base::Result<NodePtr>;

struct BinaryRule {
  std::string_view text;
  Op op;
  int precedence;
};

// expr-lang's precedences; only powers group to the right.
constexpr BinaryRule kBinary[] = {
    {"||", Op::Or, 10},
    {"or", Op::Or, 10},
    {"&&", Op::And, 15},
    {"and", Op::And, 15},
    {"==", Op::Equal, 20},
    {"!=", Op::Unequal, 20},
    {"<", Op::Less, 20},
    {"<=", Op::LessEqual, 20},
    {">", Op::Greater, 20},
    {">=", Op::GreaterEqual, 20},
    {"in", Op::In, 20},
    {"contains", Op::Contains, 20},
    {"startsWith", Op::StartsWith, 20},
    {"endsWith", Op::EndsWith, 20},
    {"matches", Op::Matches, 20},
    {"+", Op::Add, 30},
    {"-", Op::Subtract, 30},
    {"*", Op::Multiply, 60},
    {"/", Op::Divide, 60},
    {"%", Op::Modulo, 60},
    {"**", Op::Power, 100},
    {"^", Op::Power, 100},
    {"??", Op::Coalesce, 500},
};
constexpr int kNotPrecedence = 50, kSignPrecedence = 90;

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  base::Result<Parsed> run() {
    auto root = conditional();
    if (!root) return std::unexpected(std::move(root.error()));
    if (peek().kind != Token::Kind::End) return unexpected_token("an operator");
    return Parsed{std::move(*root), std::move(names_)};
  }

 private:
  const Token& peek(std::size_t ahead = 0) const { return tokens_[std::min(at_ + ahead, tokens_.size() - 1)]; }
  const Token& take() { return tokens_[std::min(at_++, tokens_.size() - 1)]; }
  bool take_if(std::string_view text) {
    if (!peek().is(text)) return false;
    ++at_;
    return true;
  }

  std::unexpected<base::Error> fail(const std::string& problem) const {
    return fail_at(Code::BadRequest, peek().column, problem);
  }
  std::unexpected<base::Error> unexpected_token(const std::string& expected) const {
    const Token& token = peek();
    if (token.kind == Token::Kind::End) return fail("unexpected end, expected " + expected);
    return fail("unexpected " + (token.kind == Token::Kind::Literal ? "literal" : "'" + token.text + "'") +
                ", expected " + expected);
  }

  template <class T>
  NodeResult make(int column, T content) {
    if (++nodes_ > kMaxNodes) return fail("the expression is too large");
    return std::make_shared<const Node>(column, std::move(content));
  }

  // Counts nesting while it lives.
  struct Nested {
    explicit Nested(int& depth) : depth(++depth) {}
    ~Nested() { --depth; }
    int& depth;
  };

  NodeResult conditional() {
    const Nested nested(depth_);
    if (depth_ > kMaxNesting) return fail("the expression is nested too deeply");
    auto condition = binary(0);
    if (!condition || !peek().is("?")) return condition;
    const int column = take().column;
    auto yes = conditional();
    if (!yes) return yes;
    if (!take_if(":")) return unexpected_token("':'");
    auto no = conditional();
    if (!no) return no;
    return make(column, Conditional{*condition, *yes, *no});
  }

  std::optional<BinaryRule> operator_here() const {
    if (peek().is("not") && peek(1).is("in")) return BinaryRule{"not in", Op::NotIn, 20};
    for (const BinaryRule& rule : kBinary)
      if (peek().is(rule.text)) return rule;
    return {};
  }

  NodeResult binary(int least) {
    auto left = unary();
    while (left) {
      const auto rule = operator_here();
      if (!rule || rule->precedence < least) return left;
      const int column = take().column;
      if (rule->op == Op::NotIn) take();
      const Nested nested(depth_);
      if (depth_ > kMaxNesting) return fail("the expression is nested too deeply");
      auto right = binary(rule->op == Op::Power ? rule->precedence : rule->precedence + 1);
      if (!right) return right;
      left = make(column, Binary{rule->op, *left, *right});
    }
    return left;
  }

  NodeResult unary() {
    const bool negation = peek().is("!") || peek().is("not");
    if (!negation && !peek().is("-") && !peek().is("+")) return postfix();
    const Nested nested(depth_);
    if (depth_ > kMaxNesting) return fail("the expression is nested too deeply");
    const Token& token = take();
    auto operand = binary(negation ? kNotPrecedence : kSignPrecedence);
    if (!operand) return operand;
    return make(token.column, Unary{negation ? Op::Not : token.text == "-" ? Op::Negate : Op::Plus, *operand});
  }

  NodeResult postfix() {
    auto node = primary();
    while (node) {
      const int column = peek().column;
      if (peek().is(".") || peek().is("?.")) {
        const bool optional = take().text == "?.";
        node = member(*node, column, optional);
      } else if (take_if("[")) {
        auto index = conditional();
        if (!index) return index;
        if (!take_if("]")) return unexpected_token("']'");
        node = make(column, Index{*node, *index, false});
      } else {
        return node;
      }
    }
    return node;
  }

  NodeResult member(const NodePtr& of, int column, bool optional) {
    if (peek().kind != Token::Kind::Word) return unexpected_token("a field name");
    auto name = make(peek().column, Literal{peek().text});
    if (!name) return name;
    take();
    return make(column, Index{of, *name, optional});
  }

  NodeResult primary() {
    const Token& token = peek();
    if (token.kind == Token::Kind::Literal) return take(), make(token.column, Literal{token.value});
    if (token.kind == Token::Kind::Word) return word();
    if (token.is("#") || (token.is(".") && closures_ > 0)) return element();
    if (take_if("(")) {
      auto inner = conditional();
      if (inner && !take_if(")")) return unexpected_token("')'");
      return inner;
    }
    if (take_if("[")) return list(token.column);
    if (take_if("{")) return map(token.column);
    return unexpected_token("a value");
  }

  // `#`, or the point of `.field`, which stands for `#.field`.
  NodeResult element() {
    if (closures_ == 0) return fail("'#' has a meaning only inside of a closure");
    const int column = peek().column;
    if (peek().is("#")) take();
    return make(column, Element{});
  }

  NodeResult word() {
    const Token& token = take();
    if (peek().is("(")) return call(token);
    if (operator_word(token.text)) return --at_, unexpected_token("a value");
    names_.insert(token.text);
    return make(token.column, Name{token.text});
  }

  static bool operator_word(std::string_view word) {
    return word == "not" || std::ranges::any_of(kBinary, [&](const BinaryRule& rule) { return rule.text == word; });
  }

  NodeResult call(const Token& name) {
    const Function* function = find_function(name.text);
    if (!function) return --at_, fail("unknown function " + name.text);
    take();
    Call call{name.text, {}};
    while (!peek().is(")")) {
      if (!call.arguments.empty() && !take_if(",")) return unexpected_token("',' or ')'");
      const bool closure = function->takes_closure && call.arguments.size() == 1;
      auto argument = closure ? closure_body() : conditional();
      if (!argument) return argument;
      call.arguments.push_back(std::move(*argument));
    }
    take();
    const auto count = static_cast<int>(call.arguments.size());
    if (count < function->least || count > function->most)
      return fail_at(Code::BadRequest, name.column,
                     name.text + " does not take " + std::to_string(count) + " arguments");
    return make(name.column, std::move(call));
  }

  // The second argument of `all` and friends, with or without its braces.
  NodeResult closure_body() {
    ++closures_;
    const bool braces = take_if("{");
    auto body = conditional();
    --closures_;
    if (body && braces && !take_if("}")) return unexpected_token("'}'");
    return body;
  }

  NodeResult list(int column) {
    List list;
    while (!peek().is("]")) {
      if (!list.items.empty() && !take_if(",")) return unexpected_token("',' or ']'");
      if (peek().is("]")) break;
      auto item = conditional();
      if (!item) return item;
      list.items.push_back(std::move(*item));
    }
    take();
    return make(column, std::move(list));
  }

  NodeResult map(int column) {
    Map map;
    while (!peek().is("}")) {
      if (!map.members.empty() && !take_if(",")) return unexpected_token("',' or '}'");
      if (peek().is("}")) break;
      const Token& key = peek();
      const bool text = key.kind == Token::Kind::Literal && key.value.is_string();
      if (!text && key.kind != Token::Kind::Word) return unexpected_token("a key");
      take();
      if (!take_if(":")) return unexpected_token("':'");
      auto value = conditional();
      if (!value) return value;
      map.members.emplace_back(text ? key.value.str() : key.text, std::move(*value));
    }
    take();
    return make(column, std::move(map));
  }

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  std::set<std::string> names_;
  int depth_ = 0, nodes_ = 0, closures_ = 0;
};

}  // namespace

base::Result<Parsed> parse_expression(std::string_view text) {
  if (text.size() > kMaxLength) return fail_at(Code::BadRequest, 1, "the expression is too long");
  auto tokens = tokenize(text);
  if (!tokens) return std::unexpected(std::move(tokens.error()));
  return Parser(std::move(*tokens)).run();
}

}  // namespace slipway::expr
