#include "cli/cohort_user.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <set>

#include "base/strings.h"
#include "data/json.h"

namespace slipway::cli {
namespace {

using base::Code;
using data::Value;
using delivery::plan::Cohort;
using delivery::plan::Condition;
using delivery::plan::Source;

std::optional<Source> source_named(std::string_view name) {
  const auto dot = name.find('.');
  if (dot == name.npos) return std::nullopt;
  const std::string_view part = name.substr(0, dot);
  const std::string of(name.substr(dot + 1));
  if (part == "header") return Source{Condition::Of::Header, base::to_lower(of)};
  if (part == "cookie") return Source{Condition::Of::Cookie, of};
  if (part == "query") return Source{Condition::Of::Query, of};
  return std::nullopt;
}

base::Result<void> add_pairs(const std::vector<std::string>& pairs, std::string_view option,
                             const std::function<void(std::string, std::string)>& add) {
  for (const std::string& pair : pairs) {
    const auto sign = pair.find('=');
    if (sign == 0 || sign == pair.npos)
      return base::fail(Code::BadRequest, fmt::format("{} {}: say NAME=VALUE", option, pair));
    add(pair.substr(0, sign), pair.substr(sign + 1));
  }
  return {};
}

std::string text_of(const Value& v) { return v.is_string() ? v.str() : data::to_json(v); }

base::Result<User> user_of_line(std::string_view line, std::size_t number) {
  const auto v = data::parse_json(line);
  if (!v || !v->is_object())
    return base::fail(Code::BadRequest,
                      fmt::format("line {}: {}", number, v ? "is no JSON object" : v.error().message));
  User out;
  for (const data::Member& m : v->members()) {
    const std::string name(m.key.view());
    if (name == "key")
      out.key = text_of(m.value);
    else if (const auto source = source_named(name))
      out.parts[*source] = text_of(m.value);
    else
      out.attributes[name] = text_of(m.value);
  }
  return out;
}

std::string list_of(const std::set<std::string>& names) {
  return names.empty() ? "none" : base::join({names.begin(), names.end()}, ", ");
}

}  // namespace

delivery::plan::Request request_of(const User& user, const Cohort& cohort) {
  return [&user, &cohort](const Source& source) -> std::optional<std::string> {
    if (const auto found = user.parts.find(source); found != user.parts.end()) return found->second;
    if (cohort.key && *cohort.key == source && !user.key.empty()) return user.key;
    for (const auto& [name, where] : cohort.attributes)
      if (where == source)
        if (const auto found = user.attributes.find(name); found != user.attributes.end()) return found->second;
    return std::nullopt;
  };
}

base::Result<User> user_of(const CohortWho& who) {
  User out{.key = who.user};
  const auto part = [&out](Condition::Of of) {
    return [&out, of](std::string name, std::string value) {
      out.parts[{of, of == Condition::Of::Header ? base::to_lower(name) : name}] = std::move(value);
    };
  };
  const auto attribute = [&out](std::string name, std::string value) { out.attributes[name] = std::move(value); };
  if (auto ok = add_pairs(who.saying.attributes, "--with", attribute); !ok) return std::unexpected(ok.error());
  if (auto ok = add_pairs(who.saying.headers, "--header", part(Condition::Of::Header)); !ok)
    return std::unexpected(ok.error());
  if (auto ok = add_pairs(who.saying.cookies, "--cookie", part(Condition::Of::Cookie)); !ok)
    return std::unexpected(ok.error());
  if (auto ok = add_pairs(who.saying.queries, "--query", part(Condition::Of::Query)); !ok)
    return std::unexpected(ok.error());
  return out;
}

base::Result<std::vector<User>> read_users(const std::string& path) {
  std::ifstream file;
  if (path != "-") file.open(path);
  if (path != "-" && !file) return base::fail(Code::NotFound, "--users " + path + ": cannot be read");
  std::istream& in = path == "-" ? std::cin : file;
  std::vector<User> out;
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    if (base::trim(line).empty()) continue;
    auto user = user_of_line(line, number);
    if (!user) return base::fail(Code::BadRequest, "--users " + path + ": " + user.error().message);
    out.push_back(*std::move(user));
  }
  if (out.empty()) return base::fail(Code::BadRequest, "--users " + path + ": no users in it");
  return out;
}

std::vector<std::string> unread(const User& user, const std::vector<Cohort>& cohorts) {
  std::set<std::string> attributes, sources;
  for (const Cohort& cohort : cohorts) {
    for (const auto& [name, where] : cohort.attributes) attributes.insert(name);
    for (const Source& source : delivery::plan::sources_of(cohort)) sources.insert(to_text(source));
  }
  std::vector<std::string> out;
  for (const auto& [name, value] : user.attributes)
    if (!attributes.contains(name))
      out.push_back(fmt::format("no Cohort here has an attribute {}, so it says nothing; there are: {}", name,
                                list_of(attributes)));
  for (const auto& [source, value] : user.parts)
    if (!sources.contains(to_text(source)))
      out.push_back(
          fmt::format("no Cohort here reads {}, so it says nothing; they read: {}", to_text(source), list_of(sources)));
  return out;
}

std::string keyless(const std::vector<User>& users, const std::vector<Cohort>& cohorts) {
  const auto lacks_key = [&](const User& user) {
    return std::ranges::any_of(
        cohorts, [&](const Cohort& c) { return c.key && request_of(user, c)(*c.key).value_or("").empty(); });
  };
  const auto count = std::ranges::count_if(users, lacks_key);
  if (count == 0) return "";
  return fmt::format(
      "{} of {} users have no key, as requests of nobody in particular: \"key\" is missing in their lines", count,
      users.size());
}

}  // namespace slipway::cli
