#include "data/selector.h"

#include <algorithm>
#include <tuple>

#include "data/json.h"

namespace slipway::data {
namespace {

using base::Code;
using Op = Requirement::Op;

bool is_alphanumeric(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// A name or label value: up to 63 letters, digits, '-', '_', '.', with letters or digits at both ends.
bool is_label_name(std::string_view text) {
  if (text.empty() || text.size() > 63 || !is_alphanumeric(text.front()) || !is_alphanumeric(text.back())) return false;
  return std::ranges::all_of(text, [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

// A DNS subdomain (RFC 1123): lower-case labels joined by points.
bool is_subdomain(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;
  char before = '.';
  for (char c : text) {
    const bool inner = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
    if (!inner && (c != '-' && c != '.')) return false;
    if (!inner && (before == '.' || (c == '.' && before == '-'))) return false;
    before = c;
  }
  return before != '.' && before != '-';
}

bool is_label_key(std::string_view key) {
  const std::size_t slash = key.find('/');
  if (slash == key.npos) return is_label_name(key);
  return is_subdomain(key.substr(0, slash)) && is_label_name(key.substr(slash + 1));
}

bool is_label_value(std::string_view value) { return value.empty() || is_label_name(value); }

bool requirement_holds(const Requirement& r, const Value& labels) {
  const Value& label = labels[r.key];
  const bool present = label.is_string();
  const bool listed = present && std::ranges::binary_search(r.values, label.as_string(), std::less<std::string_view>());
  switch (r.op) {
    case Op::In:
      return listed;
    case Op::NotIn:
      return !listed;
    case Op::Exists:
      return present;
    case Op::DoesNotExist:
      return !present;
  }
  return false;
}

void sort_values(std::vector<std::string>& values) {
  std::ranges::sort(values);
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

void sort_requirements(std::vector<Requirement>& requirements) {
  std::ranges::sort(requirements, [](const Requirement& a, const Requirement& b) {
    return std::tie(a.key, a.op, a.values) < std::tie(b.key, b.op, b.values);
  });
}

std::string list_of(const std::vector<std::string>& values) {
  std::string out = "(";
  for (const std::string& value : values) {
    if (&value != values.data()) out += ',';
    out += value;
  }
  return out + ")";
}

std::string text_of(const Requirement& r) {
  const bool one = r.values.size() == 1;
  switch (r.op) {
    case Op::In:
      return one ? r.key + "=" + r.values[0] : r.key + " in " + list_of(r.values);
    case Op::NotIn:
      return one ? r.key + "!=" + r.values[0] : r.key + " notin " + list_of(r.values);
    case Op::Exists:
      return r.key;
    case Op::DoesNotExist:
      return "!" + r.key;
  }
  return {};
}

// Reads the query-string syntax from the front of a text.
class Parser {
 public:
  explicit Parser(std::string_view text) : whole_(text), rest_(text) {}

  base::Result<std::vector<Requirement>> run() {
    std::vector<Requirement> out;
    skip_space();
    if (rest_.empty()) return out;
    do {
      auto requirement = parse_requirement();
      if (!requirement) return std::unexpected(std::move(requirement.error()));
      out.push_back(std::move(*requirement));
    } while (take(","));
    if (!rest_.empty()) return error("expected a comma before \"" + std::string(rest_) + "\"");
    return out;
  }

 private:
  std::unexpected<base::Error> error(const std::string& problem) const {
    return base::fail(Code::BadRequest,
                      "unable to parse the label selector \"" + std::string(whole_) + "\": " + problem);
  }

  void skip_space() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size())); }

  bool take(std::string_view mark) {
    skip_space();
    if (!rest_.starts_with(mark)) return false;
    rest_.remove_prefix(mark.size());
    skip_space();
    return true;
  }

  std::string_view word() {
    skip_space();
    const std::size_t end = std::min(rest_.find_first_of(" \t\r\n,()=!<>"), rest_.size());
    const std::string_view word = rest_.substr(0, end);
    rest_.remove_prefix(end);
    skip_space();
    return word;
  }

  base::Result<Requirement> parse_requirement() {
    const bool absent = take("!");
    Requirement r{.key = std::string(word()), .op = absent ? Op::DoesNotExist : Op::Exists};
    if (!is_label_key(r.key)) return error("\"" + r.key + "\" is not a label key");
    if (absent || rest_.empty() || rest_.starts_with(',')) return r;
    if (take("!=")) return one_value(std::move(r), Op::NotIn);
    if (take("==") || take("=")) return one_value(std::move(r), Op::In);
    const std::string_view op = word();
    if (op == "in") return many_values(std::move(r), Op::In);
    if (op == "notin") return many_values(std::move(r), Op::NotIn);
    return error("after \"" + r.key + "\": expected =, !=, in or notin");
  }

  base::Result<Requirement> one_value(Requirement r, Op op) {
    r.op = op;
    r.values = {std::string(word())};
    return checked(std::move(r));
  }

  base::Result<Requirement> many_values(Requirement r, Op op) {
    if (!take("(")) return error("expected ( after in or notin");
    r.op = op;
    do r.values.emplace_back(word());
    while (take(","));
    if (!take(")")) return error("expected , or ) in the list of values");
    return checked(std::move(r));
  }

  base::Result<Requirement> checked(Requirement r) {
    for (const std::string& value : r.values)
      if (!is_label_value(value)) return error("\"" + value + "\" is not a label value");
    sort_values(r.values);
    return r;
  }

  std::string_view whole_;
  std::string_view rest_;
};

std::unexpected<base::Error> invalid(const std::string& problem) { return base::fail(Code::Invalid, problem); }

base::Result<Requirement> read_expression(const Value& expression) {
  Requirement r{.key = expression["key"].str()};
  const std::string_view op = expression["operator"].as_string();
  for (const Value& value : expression["values"].items()) r.values.push_back(value.str());
  sort_values(r.values);
  const bool takes_values = op == "In" || op == "NotIn";
  if (!takes_values && op != "Exists" && op != "DoesNotExist")
    return invalid("\"" + std::string(op) + "\" is not a valid label selector operator");
  if (takes_values == r.values.empty())
    return invalid("matchExpressions: " + r.key + ": " + std::string(op) +
                   (takes_values ? " needs values" : " takes no values"));
  r.op = op == "In" ? Op::In : op == "NotIn" ? Op::NotIn : op == "Exists" ? Op::Exists : Op::DoesNotExist;
  return r;
}

}  // namespace

base::Result<LabelSelector> LabelSelector::parse(std::string_view text) {
  auto requirements = Parser(text).run();
  if (!requirements) return std::unexpected(std::move(requirements.error()));
  LabelSelector out;
  out.requirements_ = std::move(*requirements);
  sort_requirements(out.requirements_);
  return out;
}

base::Result<LabelSelector> LabelSelector::from_value(const Value& selector) {
  LabelSelector out = of(selector["matchLabels"]);
  out.nothing_ = selector.is_null();
  for (const Value& expression : selector["matchExpressions"].items()) {
    auto requirement = read_expression(expression);
    if (!requirement) return std::unexpected(std::move(requirement.error()));
    out.requirements_.push_back(std::move(*requirement));
  }
  sort_requirements(out.requirements_);
  return out;
}

LabelSelector LabelSelector::of(const Value& labels) {
  LabelSelector out;
  for (const Member& label : labels.members())
    out.requirements_.push_back({.key = label.key.str(), .op = Op::In, .values = {label.value.str()}});
  return out;
}

bool LabelSelector::matches(const Value& labels) const {
  return !nothing_ &&
         std::ranges::all_of(requirements_, [&](const Requirement& r) { return requirement_holds(r, labels); });
}

std::string LabelSelector::text() const {
  if (nothing_) return "nothing,!nothing";
  std::string out;
  for (const Requirement& r : requirements_) {
    if (&r != requirements_.data()) out += ',';
    out += text_of(r);
  }
  return out;
}

namespace {

// The pieces of a field selector between commas, still with their escapes.
std::vector<std::string_view> split_terms(std::string_view text) {
  std::vector<std::string_view> out;
  std::size_t start = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i + 1 < text.size() && text[i] == '\\') {
      ++i;
    } else if (i >= text.size() || text[i] == ',') {
      out.push_back(text.substr(start, i - start));
      start = i + 1;
    }
  }
  return out;
}

std::optional<std::string> unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '=') return {};
    if (text[i] == '\\' && (++i == text.size() || std::string_view("\\,=").find(text[i]) == std::string_view::npos))
      return {};
    out += text[i];
  }
  return out;
}

std::optional<FieldSelector::Term> read_term(std::string_view text) {
  const std::size_t sign = text.find('=');
  if (sign == text.npos) return {};
  const bool unequal = sign > 0 && text[sign - 1] == '!';
  const bool twice = !unequal && text.substr(sign + 1).starts_with('=');
  auto value = unescape(text.substr(sign + (twice ? 2 : 1)));
  if (!value) return {};
  return FieldSelector::Term{
      .path = std::string(text.substr(0, sign - (unequal ? 1 : 0))), .equal = !unequal, .value = std::move(*value)};
}

const Value& field_at(const Value& object, std::string_view path) {
  const Value* v = &object;
  while (!path.empty()) {
    const std::size_t point = std::min(path.find('.'), path.size());
    v = &(*v)[path.substr(0, point)];
    path.remove_prefix(std::min(point + 1, path.size()));
  }
  return *v;
}

bool has_text(const Value& field, std::string_view text) {
  if (field.is_null()) return text.empty();
  return field.is_string() ? field.as_string() == text : to_json(field) == text;
}

}  // namespace

base::Result<FieldSelector> FieldSelector::parse(std::string_view text) {
  FieldSelector out;
  for (std::string_view piece : split_terms(text)) {
    if (piece.empty()) continue;
    auto term = read_term(piece);
    if (!term || term->path.empty())
      return base::fail(Code::BadRequest, "unable to parse the field selector \"" + std::string(text) + "\": \"" +
                                              std::string(piece) + "\" is not of the form field=value or field!=value");
    out.terms_.push_back(std::move(*term));
  }
  return out;
}

bool FieldSelector::matches(const Value& object) const {
  return std::ranges::all_of(terms_,
                             [&](const Term& t) { return has_text(field_at(object, t.path), t.value) == t.equal; });
}

std::string_view FieldSelector::required(std::string_view path) const {
  for (const Term& term : terms_)
    if (term.equal && term.path == path) return term.value;
  return {};
}

}  // namespace slipway::data
