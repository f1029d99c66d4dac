#include "delivery/plan/cohort.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/kinds/release_rules.h"
#include "base/strings.h"

namespace slipway::delivery::plan {
namespace {

using data::Value;

std::vector<std::string> texts(const Value& list) {
  std::vector<std::string> out;
  for (const Value& v : list.items()) out.push_back(v.str());
  return out;
}

Source source(Condition::Of of, std::string_view name) {
  return {of, of == Condition::Of::Header ? base::to_lower(name) : std::string(name)};
}

bool contains(const std::vector<std::string>& all, const std::string& one) {
  return std::ranges::find(all, one) != all.end();
}

}  // namespace

std::optional<Source> read_source(const Value& v) {
  if (!v["header"].as_string().empty()) return source(Condition::Of::Header, v["header"].as_string());
  if (!v["cookie"].as_string().empty()) return source(Condition::Of::Cookie, v["cookie"].as_string());
  if (!v["query"].as_string().empty()) return source(Condition::Of::Query, v["query"].as_string());
  return std::nullopt;
}

std::optional<Source> read_bucket(const Value& key) {
  const std::string_view name = key["bucketHeader"].as_string();
  return name.empty() ? std::nullopt : std::optional(source(Condition::Of::Header, name));
}

Cohort read_cohort(const std::string& name, const Value& spec) {
  Cohort out{.name = name, .key = read_source(spec["key"]), .bucket = read_bucket(spec["key"])};
  for (const Value& a : spec["attributes"].items())
    if (const auto where = read_source(a)) out.attributes[a["name"].str()] = *where;
  if (const std::string_view match = spec["match"].as_string(); !match.empty())
    if (auto predicate = expr::parse_predicate(match)) out.match = *std::move(predicate);
  out.users = texts(spec["users"]);
  out.except = texts(spec["exceptUsers"]);
  if (spec.has("share")) out.share = {api::weight_of(spec["share"]).value_or(0)};
  out.fallback_in = spec["fallback"].as_string() == "In";
  if (spec.has("expected")) out.expected = Share{api::weight_of(spec["expected"]).value_or(0)};
  return out;
}

Source source_of(const Cohort& cohort, const expr::Comparison& c) {
  if (c.member.empty()) {
    const auto found = cohort.attributes.find(c.name);
    return found == cohort.attributes.end() ? source(Condition::Of::Header, c.name) : found->second;
  }
  return source(c.name == "cookie"  ? Condition::Of::Cookie
                : c.name == "query" ? Condition::Of::Query
                                    : Condition::Of::Header,
                c.member);
}

std::vector<Source> sources_of(const Cohort& cohort) {
  std::vector<Source> out;
  for (const auto& source : {cohort.key, cohort.bucket})
    if (source) out.push_back(*source);
  for (const auto& [name, source] : cohort.attributes) out.push_back(source);
  if (cohort.match)
    cohort.match->visit([&](const expr::Comparison& comparison) { out.push_back(source_of(cohort, comparison)); });
  return out;
}

Membership membership(const Cohort& cohort, const Facts& facts) {
  if (facts.is_excepted) return {kNone, "is among its exceptUsers"};
  if (facts.is_user) return {kWhole, "is among its users", true};
  const bool matches = cohort.match ? cohort.match->holds(facts.holds) : cohort.users.empty();
  if (!matches) return {kNone, cohort.match ? "its match does not hold" : "is not among its users"};
  const std::string reason = cohort.match ? "its match holds" : "everybody is in it";
  if (cohort.key && !facts.has_key)
    return {cohort.fallback_in ? kWhole : kNone,
            fmt::format("{}, and its fallback for requests without {} is {}", reason, to_text(*cohort.key),
                        cohort.fallback_in ? "In" : "Out"),
            true};
  return {cohort.share, cohort.share == kWhole ? reason : fmt::format("{}, {} of them", reason, to_text(cohort.share))};
}

Membership membership(const Cohort& cohort, const Request& request) {
  const auto said = [&request](const Source& source) {
    const auto value = request(source);
    return value && !value->empty() ? value : std::nullopt;  // routers cannot tell an empty value from none
  };
  const auto key = cohort.key ? said(*cohort.key) : std::nullopt;
  return membership(cohort, Facts{.has_key = key.has_value(),
                                  .is_user = key && contains(cohort.users, *key),
                                  .is_excepted = key && contains(cohort.except, *key),
                                  .holds = [&](const expr::Comparison& c) {
                                    const auto value = said(source_of(cohort, c));
                                    return value && c.holds_for(*value);
                                  }});
}

std::string to_text(const Grant& grant) {
  const std::string who = grant.cohort.empty() ? "everybody" : grant.cohort;
  return grant.share == kWhole ? who : to_text(grant.share) + " of " + who;
}

std::string to_text(const std::vector<Grant>& grants) {
  std::vector<std::string> parts;
  for (const Grant& grant : grants) parts.push_back(to_text(grant));
  return base::join(parts, ", ");
}

bool covers(const std::vector<Grant>& grants, const Grant& grant) {
  return std::ranges::any_of(grants,
                             [&](const Grant& g) { return g.cohort == grant.cohort && g.share >= grant.share; });
}

Share let_in(const Membership& member, Share part) {
  return member.always ? member.share : part_of(member.share, part);
}

Share part_of(Share whole, Share part) {
  if (whole == kNone || part == kNone) return kNone;
  return {std::max<std::int64_t>(1, (whole.points * part.points + kWhole.points / 2) / kWhole.points)};
}

}  // namespace slipway::delivery::plan
