#include "rehearse/scenario/document.h"

#include <algorithm>

#include "api/meta.h"
#include "rehearse/scenario/facts.h"

namespace slipway::rehearse::scenario {

using data::Value;

namespace {

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::string scalar_text(const Value& v) {
  if (v.is_string()) return v.str();
  return v.is_object() || v.is_array() ? "" : data::to_json(v);
}

}  // namespace

// --- problems ---------------------------------------------------------------------------------------------

void Problems::add(std::string file, data::Position at, std::string field, std::string message) {
  if (!text_.empty()) text_ += "\n";
  text_ += file;
  if (at.line > 0) text_ += ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
  text_ += ": " + (field.empty() ? "" : field + ": ") + message;
  causes_.push_back({"FieldValueInvalid", std::move(message), std::move(field)});
}

base::Error Problems::error() const { return {.code = base::Code::Invalid, .message = text_, .causes = causes_}; }

// --- fields -----------------------------------------------------------------------------------------------

Field Field::at(std::string_view key) const {
  return {file_, document_, value_[key], path_.empty() ? std::string(key) : path_ + "." + std::string(key), problems_};
}

Field Field::at(std::size_t index) const {
  return {file_, document_, value_.at(index), path_ + "[" + std::to_string(index) + "]", problems_};
}

std::string Field::where() const { return base_name(file_) + ":" + std::to_string(document_.position_of(path_).line); }

void Field::wrong(std::string message) const {
  problems_.add(file_, document_.position_of(path_), path_, std::move(message));
}

bool Field::only(std::initializer_list<std::string_view> keys) const {
  std::string known;
  for (const std::string_view key : keys) known += (known.empty() ? "" : ", ") + std::string(key);
  if (!value_.is_object()) {
    wrong("a mapping is expected, with " + known);
    return false;
  }
  for (const auto& [key, unused] : value_.members())
    if (std::ranges::find(keys, key.view()) == keys.end()) at(key.view()).wrong("unknown; known here: " + known);
  return true;
}

std::string Field::text() const {
  std::string text = scalar_text(value_);
  if (!is_there())
    wrong("is required");
  else if (text.empty())
    wrong("a text is expected");
  return text;
}

std::int64_t Field::number() const {
  if (!value_.is_int() || value_.as_int() < 0) wrong("a whole number is expected, 0 or more");
  return value_.as_int();
}

base::Duration Field::duration(base::Duration fallback) const {
  if (!is_there()) return fallback;
  const auto read = base::parse_duration(value_.as_string());
  if (!read || *read <= base::Duration::zero()) wrong("a duration is expected, like 500ms or 20s");
  return read.value_or(fallback);
}

std::vector<std::string> Field::texts() const {
  std::vector<std::string> all;
  if (!value_.is_array()) wrong("a list is expected");
  for (std::size_t i = 0; i < value_.size(); ++i) all.push_back(at(i).text());
  return all;
}

Conditions Field::conditions() const {
  Conditions all;
  if (value_.is_array()) {
    for (std::size_t i = 0; i < value_.size(); ++i)
      for (auto& one : at(i).conditions()) all.push_back(std::move(one));
    if (all.empty()) wrong("at least one condition is expected");
    return all;
  }
  const std::string written = text();
  if (written.empty()) return all;
  auto expression = expr::Expression::parse(written);
  if (!expression) {
    wrong(expression.error().message);
    return all;
  }
  for (const std::string& name : expression->names())
    if (!is_fact(name)) wrong("nothing is called \"" + name + "\"; facts.h lists what there is");
  all.push_back(std::move(*expression));
  return all;
}

// --- objects ----------------------------------------------------------------------------------------------

Object Field::object() const {
  const auto scheme = api::Scheme::builtin();
  const std::string version = value_["apiVersion"].str(), kind_name = value_["kind"].str();
  const api::Kind* kind = scheme->find_kind(version, kind_name);
  if (!kind) {
    wrong("\"" + version + "\" \"" + kind_name + "\" is no apiVersion and kind that is known");
    return {};
  }
  if (api::name_of(value_).empty()) at("metadata").wrong("a name is required");
  if (!api::space_of(value_).empty())
    at("metadata").at("namespace").wrong("is left out: every story has a namespace of its own");
  std::vector<std::string> unknown;
  std::vector<base::Cause> problems;
  (void)api::conform(*kind, value_, unknown, problems);
  const std::string prefix = path_.empty() ? "" : path_ + ".";
  for (const std::string& path : unknown)
    problems_.add(file_, document_.position_of(prefix + path), prefix + path, kind_name + " has no such field");
  for (const base::Cause& cause : problems)
    problems_.add(file_, document_.position_of(prefix + cause.field), prefix + cause.field, cause.message);
  return {kind->resource, value_};
}

std::vector<Object> Field::objects() const {
  std::vector<Object> all;
  if (!value_.is_array()) return {object()};
  for (std::size_t i = 0; i < value_.size(); ++i) all.push_back(at(i).object());
  return all;
}

api::Resource Field::kind_of(std::string_view reference, std::string& name) const {
  const auto slash = reference.find('/');
  if (slash != std::string_view::npos) {
    name = std::string(reference.substr(slash + 1));
    for (const auto& kind : api::Scheme::builtin()->kinds())
      if (kind->stored && kind->resource.kind == reference.substr(0, slash)) return kind->resource;
  }
  wrong("\"" + std::string(reference) + "\" is no KIND/NAME like Release/web");
  return {};
}

}  // namespace slipway::rehearse::scenario
