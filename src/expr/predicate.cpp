#include "expr/predicate.h"

#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "data/json.h"
#include "expr/ast.h"
#include "expr/lexer.h"
#include "expr/parser.h"

namespace slipway::expr {
namespace {

using data::Value;
using How = Comparison::How;
using Made = base::Result<Predicate>;

std::unexpected<base::Error> fail(const Node& at, const std::string& problem) {
  return fail_at(base::Code::BadRequest, at.column, problem);
}

// A text, or a number as it is written.
std::optional<std::string> text_of(const Node& node) {
  const auto* literal = std::get_if<Literal>(&node.as);
  if (!literal) return std::nullopt;
  if (literal->value.is_string()) return literal->value.str();
  if (literal->value.is_number()) return data::to_json(literal->value);
  return std::nullopt;
}

bool read_attribute(const Node& node, Comparison& out) {
  if (const auto* name = std::get_if<Name>(&node.as)) {
    out.name = name->name;
    return true;
  }
  const auto* index = std::get_if<Index>(&node.as);
  const auto* of = index ? std::get_if<Name>(&index->of->as) : nullptr;
  if (!of) return false;
  out.name = of->name;
  out.member = text_of(*index->index).value_or("");
  return !out.member.empty();
}

std::optional<std::vector<std::string>> values_of(const Node& node, bool list) {
  if (!list) {
    auto one = text_of(node);
    return one ? std::optional(std::vector{*std::move(one)}) : std::nullopt;
  }
  const auto* items = std::get_if<List>(&node.as);
  if (!items || items->items.empty()) return std::nullopt;
  std::vector<std::string> out;
  for (const NodePtr& item : items->items) {
    auto one = text_of(*item);
    if (!one) return std::nullopt;
    out.push_back(*std::move(one));
  }
  return out;
}

std::optional<How> how_of(Op op) {
  switch (op) {
    case Op::Equal:
    case Op::Unequal:
    case Op::In:
    case Op::NotIn:
      return How::OneOf;
    case Op::Contains:
      return How::Contains;
    case Op::StartsWith:
      return How::StartsWith;
    case Op::EndsWith:
      return How::EndsWith;
    case Op::Matches:
      return How::Matches;
    case Op::Less:
    case Op::LessEqual:
    case Op::Greater:
    case Op::GreaterEqual:
      return How::Between;
    default:
      return std::nullopt;
  }
}

Made negated(Made made) {
  if (!made) return made;
  return Predicate{.kind = Predicate::Kind::Not, .parts = {*std::move(made)}};
}

// "at most 4" is 0 to 4; nothing is below 0.
bool set_range(Comparison& c, Op op, const Node& limit) {
  const auto text = text_of(limit);
  const auto number = text ? plain_number(*text) : std::nullopt;
  if (!number) return false;
  c.least = op == Op::Greater ? *number + 1 : op == Op::GreaterEqual ? *number : 0;
  c.most = op == Op::Less ? *number - 1 : op == Op::LessEqual ? *number : kLargestNumber;
  return true;
}

Made compared(const Node& node, const Binary& b, How how) {
  Comparison c{.how = how, .column = node.column};
  if (!read_attribute(*b.left, c))
    return fail(*b.left, "an attribute must stand here: a name, or like header[\"x-name\"]");
  if (how == How::Between) {
    if (!set_range(c, b.op, *b.right))
      return fail(*b.right, "a whole number from 0 to " + std::to_string(kLargestNumber) + " must stand here");
    return Predicate{.kind = Predicate::Kind::Compare, .comparison = std::move(c)};
  }
  const bool list = b.op == Op::In || b.op == Op::NotIn;
  auto values = values_of(*b.right, list);
  if (!values) return fail(*b.right, list ? "a list of texts must stand here" : "a text must stand here");
  c.values = *std::move(values);
  if (std::ranges::any_of(c.values, &std::string::empty))
    return fail(*b.right, "an empty text cannot be told from none");
  if (how == How::Matches)
    if (const re2::RE2 expression(c.values.front(), re2::RE2::Quiet); !expression.ok())
      return fail(*b.right, "no expression (RE2): " + expression.error());
  Made out = Predicate{.kind = Predicate::Kind::Compare, .comparison = std::move(c)};
  return b.op == Op::Unequal || b.op == Op::NotIn ? negated(std::move(out)) : out;
}

Made predicate_of(const Node& node);

Made joined(const Binary& b) {
  Predicate out{.kind = b.op == Op::And ? Predicate::Kind::All : Predicate::Kind::Any};
  for (const NodePtr& side : {b.left, b.right}) {
    Made part = predicate_of(*side);
    if (!part) return part;
    out.parts.push_back(*std::move(part));
  }
  return out;
}

Made predicate_of(const Node& node) {
  if (const auto* unary = std::get_if<Unary>(&node.as); unary && unary->op == Op::Not)
    return negated(predicate_of(*unary->operand));
  if (const auto* b = std::get_if<Binary>(&node.as)) {
    if (b->op == Op::And || b->op == Op::Or) return joined(*b);
    if (const auto how = how_of(b->op)) return compared(node, *b, *how);
  }
  return fail(node, "a comparison must stand here, like region == \"DE\"");
}

}  // namespace

std::optional<std::int64_t> plain_number(std::string_view text) {
  if (text.empty() || text.size() > 9 || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size() || out < 0) return std::nullopt;
  return out;
}

bool Comparison::holds_for(std::string_view value) const {
  switch (how) {
    case How::OneOf:
      return std::ranges::find(values, value) != values.end();
    case How::Contains:
      return value.contains(values.front());
    case How::StartsWith:
      return value.starts_with(values.front());
    case How::EndsWith:
      return value.ends_with(values.front());
    case How::Matches:
      return re2::RE2::PartialMatch(value, re2::RE2(values.front(), re2::RE2::Quiet));
    case How::Between: {
      const auto number = plain_number(value);
      return number && *number >= least && *number <= most;
    }
  }
  base::bug("unknown comparison", __FILE__, __LINE__);
}

bool Predicate::holds(const std::function<bool(const Comparison&)>& true_now) const {
  const auto part = [&](const Predicate& p) { return p.holds(true_now); };
  switch (kind) {
    case Kind::All:
      return std::ranges::all_of(parts, part);
    case Kind::Any:
      return std::ranges::any_of(parts, part);
    case Kind::Not:
      return !parts.front().holds(true_now);
    case Kind::Compare:
      return true_now(comparison);
  }
  base::bug("unknown predicate", __FILE__, __LINE__);
}

void Predicate::visit(const std::function<void(const Comparison&)>& each) const {
  if (kind == Kind::Compare) each(comparison);
  for (const Predicate& part : parts) part.visit(each);
}

base::Result<Predicate> parse_predicate(std::string_view text) {
  auto parsed = parse_expression(text);
  if (!parsed) return std::unexpected(std::move(parsed.error()));
  return predicate_of(*parsed->root);
}

}  // namespace slipway::expr
