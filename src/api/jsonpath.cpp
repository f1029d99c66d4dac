#include "api/jsonpath.h"

#include <fmt/format.h>

#include <optional>

#include "base/strings.h"
#include "data/json.h"

namespace slipway::api {
namespace {

using data::Value;

struct Step {
  enum class Is { Field, Index, All, Filter } is = Is::Field;
  std::string field;       // Field; of a Filter: the path that is compared
  std::int64_t index = 0;  // Index
  std::string wanted;      // Filter: as text
};

// Where the bracket that opens at `from` is closed; npos when never. Brackets in quotes do not count.
std::size_t closing(std::string_view path, std::size_t from) {
  char quote = 0;
  for (std::size_t i = from + 1; i < path.size(); ++i) {
    if (quote) {
      if (path[i] == quote) quote = 0;
    } else if (path[i] == '\'' || path[i] == '"') {
      quote = path[i];
    } else if (path[i] == ']') {
      return i;
    }
  }
  return path.npos;
}

bool is_quoted(std::string_view s) {
  return s.size() >= 2 && (s.front() == '\'' || s.front() == '"') && s.back() == s.front();
}

// ?(@.type=="Ready")
std::optional<Step> read_filter(std::string_view inside) {
  if (!inside.starts_with("?(@") || !inside.ends_with(')')) return std::nullopt;
  inside = inside.substr(3, inside.size() - 4);
  const std::size_t equals = inside.find("==");
  if (equals == inside.npos) return std::nullopt;
  std::string_view wanted = base::trim(inside.substr(equals + 2));
  if (is_quoted(wanted)) wanted = wanted.substr(1, wanted.size() - 2);
  return Step{.is = Step::Is::Filter,
              .field = std::string(base::trim(inside.substr(0, equals))),
              .wanted = std::string(wanted)};
}

std::optional<Step> read_bracket(std::string_view inside) {
  if (inside == "*") return Step{.is = Step::Is::All};
  if (is_quoted(inside)) return Step{.field = std::string(inside.substr(1, inside.size() - 2))};
  if (auto index = base::parse_int(inside)) return Step{.is = Step::Is::Index, .index = *index};
  return read_filter(inside);
}

std::string read_name(std::string_view path, std::size_t& at) {
  std::string name;
  for (; at < path.size() && path[at] != '.' && path[at] != '['; ++at) {
    if (path[at] == '\\' && at + 1 < path.size()) ++at;
    name += path[at];
  }
  return name;
}

std::optional<std::vector<Step>> read_path(std::string_view path) {
  path = base::trim(path);
  if (path.starts_with('{') && path.ends_with('}')) path = path.substr(1, path.size() - 2);
  if (path.starts_with('$')) path.remove_prefix(1);
  std::vector<Step> steps;
  for (std::size_t at = 0; at < path.size();) {
    if (path[at] == '[') {
      const std::size_t end = closing(path, at);
      if (end == path.npos) return std::nullopt;
      auto step = read_bracket(path.substr(at + 1, end - at - 1));
      if (!step) return std::nullopt;
      steps.push_back(std::move(*step));
      at = end + 1;
      continue;
    }
    if (path[at] == '.') ++at;
    std::string name = read_name(path, at);
    if (name == "*")
      steps.push_back({.is = Step::Is::All});
    else if (!name.empty())
      steps.push_back({.field = std::move(name)});
  }
  return steps;
}

std::string text_of(const Value& v) { return v.is_string() ? v.str() : data::to_json(v); }

void take(const Value& v, const Step& step, std::vector<Value>& out) {
  const auto items = v.items();
  switch (step.is) {
    case Step::Is::Field:
      if (v.has(step.field)) out.push_back(v[step.field]);
      break;
    case Step::Is::Index: {
      const auto size = static_cast<std::int64_t>(items.size());
      const std::int64_t index = step.index < 0 ? size + step.index : step.index;
      if (index >= 0 && index < size) out.push_back(items[static_cast<std::size_t>(index)]);
      break;
    }
    case Step::Is::All:
      for (const Value& item : items) out.push_back(item);
      for (const data::Member& m : v.members()) out.push_back(m.value);
      break;
    case Step::Is::Filter:
      for (const Value& item : items)
        if (const Value found = find_first(item, step.field); !found.is_null() && text_of(found) == step.wanted)
          out.push_back(item);
      break;
  }
}

base::Error bad_path(std::string_view path) {
  return {.code = base::Code::BadRequest, .message = fmt::format("cannot read the JSONPath \"{}\"", path)};
}

}  // namespace

base::Result<std::vector<Value>> find_all(const Value& object, std::string_view path) {
  auto steps = read_path(path);
  if (!steps) return base::fail(bad_path(path));
  std::vector<Value> now = {object};
  for (const Step& step : *steps) {
    std::vector<Value> next;
    for (const Value& v : now) take(v, step, next);
    now = std::move(next);
  }
  return now;
}

Value find_first(const Value& object, std::string_view path) {
  auto all = find_all(object, path);
  return all && !all->empty() ? all->front() : Value();
}

base::Result<Value> set_at_path(Value object, std::string_view path, Value value) {
  auto steps = read_path(path);
  if (!steps || steps->empty()) return base::fail(bad_path(path));
  Value* at = &object;
  for (const Step& step : *steps) {
    if (step.is != Step::Is::Field || !(at->is_object() || at->is_null())) return base::fail(bad_path(path));
    at = &at->member(step.field);
  }
  *at = std::move(value);
  return object;
}

}  // namespace slipway::api
