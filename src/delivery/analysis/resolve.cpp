#include "delivery/analysis/resolve.h"

#include <fmt/format.h>

#include <set>

#include "api/meta.h"
#include "base/strings.h"

namespace slipway::delivery::analysis {
namespace {

using data::Value;

bool is_late(std::string_view name) {
  return name == "service" || name == "hash" || name == "namespace" || name == "route";
}

// Every string of the tree, substituted. Late placeholders stay.
Value substitute_all(const Value& v, const Values& args, std::vector<std::string>& unknown) {
  if (v.is_string())
    return v.as_string().find("{{") == v.as_string().npos ? v : Value(substitute(v.as_string(), args, &unknown));
  if (v.is_array()) {
    Value out = Value::array();
    for (const Value& item : v.items()) out.push_back(substitute_all(item, args, unknown));
    return out;
  }
  if (!v.is_object()) return v;
  Value out = Value::object();
  for (const data::Member& m : v.members()) out.set(m.key, substitute_all(m.value, args, unknown));
  return out;
}

struct Gathered {
  Values values;  // "args.NAME"
  std::set<std::string> known;
  std::vector<std::string> missing;
};

Gathered gather_args(const std::vector<Value>& templates, const Values& given) {
  Gathered out;
  for (const Value& t : templates)
    for (const Value& arg : t["spec"]["args"].items()) {
      const std::string name = arg["name"].str();
      out.known.insert(name);
      if (const auto it = given.find(name); it != given.end())
        out.values["args." + name] = it->second;
      else if (arg["value"].is_string())
        out.values.emplace("args." + name, arg["value"].str());
      else if (!out.values.contains("args." + name))
        out.missing.push_back(fmt::format("argument {} of AnalysisTemplate {}", name, api::name_of(t)));
    }
  return out;
}

Value gather_metrics(const std::vector<Value>& templates) {
  Value metrics = Value::array();
  std::set<std::string> names;
  for (const Value& t : templates)
    for (const Value& metric : t["spec"]["metrics"].items()) {
      const std::string name = metric["name"].str();
      const bool fresh = names.insert(name).second;
      metrics.push_back(fresh ? metric : metric.with("name", fmt::format("{}-{}", api::name_of(t), name)));
    }
  return metrics;
}

}  // namespace

std::string substitute(std::string_view text, const Values& values, std::vector<std::string>* unknown) {
  std::string out;
  while (true) {
    const auto open = text.find("{{"), close = text.find("}}", open == text.npos ? 0 : open);
    if (open == text.npos || close == text.npos) return out + std::string(text);
    const std::string name(base::trim(text.substr(open + 2, close - open - 2)));
    out += text.substr(0, open);
    if (const auto it = values.find(name); it != values.end())
      out += it->second;
    else {
      out += text.substr(open, close + 2 - open);
      if (unknown && !is_late(name)) unknown->push_back(name);
    }
    text.remove_prefix(close + 2);
  }
}

base::Result<Value> resolve(const std::vector<Value>& templates, const Values& args) {
  const Gathered gathered = gather_args(templates, args);
  if (!gathered.missing.empty())
    return base::fail(base::Code::Invalid, "no value for " + base::join(gathered.missing, ", "));
  for (const auto& [name, value] : args)
    if (!gathered.known.contains(name))
      return base::fail(base::Code::Invalid, fmt::format("no template takes the argument {}", name));
  std::vector<std::string> unknown;
  const Value metrics = substitute_all(gather_metrics(templates), gathered.values, unknown);
  if (!unknown.empty()) return base::fail(base::Code::Invalid, "unknown placeholder {{" + unknown.front() + "}}");
  Value shown = Value::array();
  for (const auto& [name, value] : gathered.values)
    shown.push_back(Value::object({{"name", name.substr(5)}, {"value", value}}));
  return Value::object({{"args", shown}, {"metrics", metrics}});
}

}  // namespace slipway::delivery::analysis
