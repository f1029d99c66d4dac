#include "delivery/analysis/resolve.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "api/kinds/release_rules.h"
#include "api/meta.h"
#include "base/strings.h"

namespace slipway::delivery::analysis {
namespace {

using data::Value;

bool is_late(std::string_view name) {
  return name == "service" || name == "hash" || name == "namespace" || name == "route" || name == "audience" ||
         name == "variant";
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

// What `{{args.NAME}}` means inside one template: what was given, else the template's own default. A default of one
// template says nothing about an argument of the same name in another.
Values args_of(const Value& t, const Values& given, std::vector<std::string>& missing) {
  Values out;
  for (const Value& arg : t["spec"]["args"].items()) {
    const std::string name = arg["name"].str();
    if (const auto it = given.find(name); it != given.end())
      out["args." + name] = it->second;
    else if (arg["value"].is_string())
      out["args." + name] = arg["value"].str();
    else {
      missing.push_back(fmt::format("argument {} of AnalysisTemplate {}", name, api::name_of(t)));
      out["args." + name] = "";  // declared, so no unknown placeholder as well
    }
  }
  return out;
}

// For people: NAME, or TEMPLATE/NAME where templates differ about it.
Value shown_args(const std::vector<Value>& templates, const std::vector<Values>& args) {
  std::map<std::string, std::set<std::string>> values;
  for (const Values& of_one : args)
    for (const auto& [name, value] : of_one) values[name.substr(5)].insert(value);
  std::map<std::string, std::string> shown;
  for (std::size_t i = 0; i < templates.size(); ++i)
    for (const auto& [key, value] : args[i]) {
      const std::string name = key.substr(5);
      shown[values[name].size() == 1 ? name : fmt::format("{}/{}", api::name_of(templates[i]), name)] = value;
    }
  Value out = Value::array();
  for (const auto& [name, value] : shown) out.push_back(Value::object({{"name", name}, {"value", value}}));
  return out;
}

// `complete`: every argument has its value, so that conditions can be read.
Value gather_metrics(const std::vector<Value>& templates, const std::vector<Values>& args, bool complete,
                     std::vector<std::string>& problems) {
  Value metrics = Value::array();
  std::set<std::string> names;
  for (std::size_t i = 0; i < templates.size(); ++i)
    for (const Value& metric : templates[i]["spec"]["metrics"].items()) {
      const std::string name = metric["name"].str();
      std::vector<std::string> unknown;
      const Value filled = substitute_all(metric, args[i], unknown);
      for (const std::string& placeholder : unknown)
        problems.push_back(fmt::format("unknown placeholder {{{{{}}}}} in metric {} of AnalysisTemplate {}",
                                       placeholder, name, api::name_of(templates[i])));
      if (const std::string problem = complete && unknown.empty() ? api::language_problem(filled) : "";
          !problem.empty())
        problems.push_back(fmt::format("AnalysisTemplate {}: {}", api::name_of(templates[i]), problem));
      const bool fresh = names.insert(name).second;
      metrics.push_back(fresh ? filled : filled.with("name", fmt::format("{}-{}", api::name_of(templates[i]), name)));
    }
  return metrics;
}

bool takes(const std::vector<Value>& templates, std::string_view name) {
  return std::ranges::any_of(templates, [&](const Value& t) {
    return std::ranges::any_of(t["spec"]["args"].items(),
                               [&](const Value& a) { return a["name"].as_string() == name; });
  });
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

// In a test the stable version is none of the variants.
std::string variant_of(const Value& run, const Value& subject) {
  const std::string variant = run["spec"]["variant"].str();
  if (variant.empty()) return ".*";
  return subject == run["spec"]["candidate"] ? variant : "stable";
}

Values placeholders(const Value& run, const Value& subject) {
  return {{"service", subject["service"].str()},
          {"hash", subject["hash"].str()},
          {"namespace", subject["namespace"].str(std::string(api::space_of(run)))},
          {"route", run["spec"]["route"].str()},
          {"audience", run["spec"]["audience"].str(".*")},
          {"variant", variant_of(run, subject)}};
}

Value substitute_late(const Value& tree, const Values& values) {
  std::vector<std::string> unknown;
  return substitute_all(tree, values, unknown);
}

base::Result<Value> resolve(const std::vector<Value>& templates, const Values& given) {
  std::vector<std::string> missing, problems;
  std::vector<Values> args;
  for (const Value& t : templates) args.push_back(args_of(t, given, missing));
  if (!missing.empty()) problems.push_back("no value for " + base::join(missing, ", "));
  for (const auto& [name, value] : given)
    if (!takes(templates, name)) problems.push_back(fmt::format("no template takes the argument {}", name));
  const Value metrics = gather_metrics(templates, args, missing.empty(), problems);
  if (!problems.empty()) return base::fail(base::Code::Invalid, base::join(problems, "; "));
  return Value::object({{"args", shown_args(templates, args)}, {"metrics", metrics}});
}

}  // namespace slipway::delivery::analysis
