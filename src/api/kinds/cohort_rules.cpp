// Rules of Cohorts. What an expression may say: expr/predicate.h.
#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <set>

#include "api/kinds/release_rules.h"
#include "api/kinds/rule_problems.h"
#include "expr/predicate.h"

namespace slipway::api {
namespace {

using base::Cause;
using data::Value;
using namespace rules;

constexpr std::array<std::string_view, 3> kParts = {"header", "cookie", "query"};

std::set<std::string> check_attributes(Problems& out, const Value& attributes) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < attributes.size(); ++i) {
    const std::string at = fmt::format("spec.attributes[{}]", i), name = attributes.at(i)["name"].str();
    if (name.empty())
      out.required(at + ".name", "the name that spec.match uses");
    else if (!re2::RE2::FullMatch(name, "[A-Za-z_][A-Za-z0-9_]*"))
      out.invalid(at + ".name", name, "must be a name of letters, digits and _ that an expression can use");
    else if (std::ranges::find(kParts, name) != kParts.end())
      out.invalid(at + ".name", name, "means the headers, cookies or query parameters themselves");
    else if (!names.insert(name).second)
      out.invalid(at + ".name", name, "is used twice");
    check_source(out, attributes.at(i), at);
  }
  return names;
}

void check_match(Problems& out, const Value& match, const std::set<std::string>& attributes) {
  if (match.as_string().empty()) return;
  const auto predicate = expr::parse_predicate(match.as_string());
  if (!predicate) return out.invalid("spec.match", match, predicate.error().message);
  predicate->visit([&](const expr::Comparison& c) {
    const bool part = std::ranges::find(kParts, c.name) != kParts.end();
    if (c.member.empty() && !attributes.contains(c.name))
      out.invalid("spec.match", match,
                  fmt::format("column {}: attribute {} is not declared: say in spec.attributes which header, cookie or "
                              "query parameter carries it",
                              c.column, c.name));
    if (!c.member.empty() && !part)
      out.invalid("spec.match", match,
                  fmt::format("column {}: {} has no members; header, cookie and query have", c.column, c.name));
  });
}

void check_users(Problems& out, const Value& spec) {
  std::set<std::string> users;
  for (const Value& user : spec["users"].items()) users.insert(user.str());
  for (const char* list : {"users", "exceptUsers"})
    for (std::size_t i = 0; i < spec[list].size(); ++i) {
      const Value& user = spec[list].at(i);
      const std::string at = fmt::format("spec.{}[{}]", list, i);
      if (user.as_string().empty()) out.required(at, "the key of a user");
      if (list == std::string_view("exceptUsers") && users.contains(user.str()))
        out.invalid(at, user, "is among spec.users as well");
    }
}

}  // namespace

void check_cohort(const Value& cohort, const Value&, std::vector<Cause>& problems) {
  Problems out{problems};
  const Value& spec = cohort["spec"];
  check_key(out, spec["key"], "spec.key");
  check_match(out, spec["match"], check_attributes(out, spec["attributes"]));
  check_users(out, spec);
  check_share(out, spec, "spec");
  if (spec.has("expected") && !weight_of(spec["expected"]))
    out.invalid("spec.expected", spec["expected"], "must be a percentage from 0 to 100 with at most two decimals");
  const std::string_view fallback = spec["fallback"].as_string("Out");
  if (fallback != "Out" && fallback != "In") out.invalid("spec.fallback", spec["fallback"], "must be Out or In");
  const bool lists = spec["users"].size() > 0 || spec["exceptUsers"].size() > 0;
  const bool part = spec.has("share") && weight_of(spec["share"]) != kWholeTraffic;
  if (!spec["key"].is_object() && (lists || part))
    out.required("spec.key", lists ? "what says who a user is, for the lists of users"
                                   : "what says who a user is, for a share of them");
  if (spec["match"].as_string().empty() && spec["users"].size() == 0 && !part)
    out.required("spec", "who is in it: match, users or share");
}

}  // namespace slipway::api
