#include "api/kinds/rule_problems.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "api/kinds/release_rules.h"
#include "base/time.h"
#include "data/json.h"

namespace slipway::api::rules {

using data::Value;

void Problems::required(const std::string& field, std::string_view why) {
  list.push_back({"FieldValueRequired", fmt::format("Required value: {}", why), field});
}

void Problems::invalid(const std::string& field, const Value& value, std::string_view why) {
  list.push_back({"FieldValueInvalid", fmt::format("Invalid value: {}: {}", data::to_json(value), why), field});
}

void Problems::forbidden(const std::string& field, std::string_view why) {
  list.push_back({"FieldValueForbidden", fmt::format("Forbidden: {}", why), field});
}

void check_duration(Problems& out, const Value& owner, const char* key, const std::string& path) {
  const Value& v = owner[key];
  if (v.is_null()) return;
  const auto parsed = v.is_string() ? base::parse_duration(v.as_string()) : std::nullopt;
  if (!parsed)
    out.invalid(path + "." + key, v, R"(must be a duration such as "30s", "5m" or "1h30m")");
  else if (*parsed < base::Duration(0))
    out.invalid(path + "." + key, v, "must not be negative");
}

void check_count(Problems& out, const Value& owner, const char* key, const std::string& path, std::int64_t least) {
  const Value& v = owner[key];
  if (v.is_int() && v.as_int() < least) out.invalid(path + "." + key, v, fmt::format("must be at least {}", least));
}

void check_analysis(Problems& out, const Value& analysis, const std::string& path) {
  if (analysis["templates"].size() == 0)
    out.required(path + ".templates", "an analysis needs at least one AnalysisTemplate");
  std::set<std::string> names;
  for (std::size_t i = 0; i < analysis["templates"].size(); ++i) {
    const std::string name = analysis["templates"].at(i)["name"].str();
    const std::string at = fmt::format("{}.templates[{}].name", path, i);
    if (name.empty())
      out.required(at, "the name of an AnalysisTemplate in this namespace");
    else if (!names.insert(name).second)
      out.invalid(at, name, "is named twice");
  }
  for (std::size_t i = 0; i < analysis["args"].size(); ++i)
    if (analysis["args"].at(i)["name"].as_string().empty())
      out.required(fmt::format("{}.args[{}].name", path, i), "the name of an argument of the template");
}

void check_percent(Problems& out, const Value& owner, const std::string& path) {
  if (owner.has("percent") && !weight_of(owner["percent"]))
    out.invalid(path + ".percent", owner["percent"], "must be a percentage from 0 to 100 with at most two decimals");
}

void check_source(Problems& out, const Value& source, const std::string& path) {
  constexpr std::array kParts = {"header", "cookie", "query"};
  const auto given = std::ranges::count_if(kParts, [&](const char* part) { return !source[part].as_string().empty(); });
  if (given == 0) out.required(path, "one of header, cookie and query");
  if (given > 1) out.forbidden(path, "only one of header, cookie and query may be given");
}

void check_key(Problems& out, const Value& key, const std::string& path) {
  if (key.is_object()) check_source(out, key, path);
}

bool is_label(std::string_view name) {
  const auto plain = [](char c) {
    return std::islower(static_cast<unsigned char>(c)) || std::isdigit(static_cast<unsigned char>(c));
  };
  return !name.empty() && plain(name.front()) && plain(name.back()) &&
         std::ranges::all_of(name, [&](char c) { return plain(c) || c == '-'; });
}

void check_share(Problems& out, const Value& owner, const std::string& path) {
  if (!owner.has("share")) return;
  const auto share = weight_of(owner["share"]);
  if (!share || *share == 0)
    out.invalid(path + ".share", owner["share"], "must be a percentage over 0 and up to 100 with at most two decimals");
}

}  // namespace slipway::api::rules
