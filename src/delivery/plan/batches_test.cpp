#include "delivery/plan/batches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <re2/re2.h>

#include "api/kinds/release_rules.h"
#include "data/json.h"
#include "delivery/plan/compile.h"
#include "delivery/plan/request_classes.h"
#include "delivery/traffic/router.h"

namespace slipway::delivery::plan {
namespace {

using data::Value;

Value json(std::string_view text) {
  auto v = data::parse_json(text);
  SLIPWAY_CHECK(v.has_value());
  return *v;
}

// --- routers, read by the specification -------------------------------------------------------------------

// What a request says, by source.
using Said = std::map<Source, std::string>;

std::optional<std::string> value_in(const Said& said, Condition::Of of, const std::string& name) {
  const auto found = said.find({of, name});
  return found == said.end() ? std::nullopt : std::optional(found->second);
}

// Cookies travel in one header.
std::optional<std::string> header(const Said& said, const std::string& name) {
  if (name != "cookie") return value_in(said, Condition::Of::Header, name);
  std::string out;
  for (const auto& [source, value] : said)
    if (source.of == Condition::Of::Cookie) out += (out.empty() ? "" : "; ") + source.name + "=" + value;
  return out.empty() ? std::nullopt : std::optional(out);
}

bool says(const std::optional<std::string>& value, bool regex, const std::string& wanted) {
  return value && (regex ? re2::RE2::FullMatch(*value, wanted) : *value == wanted);
}

// Gateway API v1, HTTPRouteMatch: all conditions of a match hold.
bool fits(const Said& said, const Value& match) {
  for (const Value& h : match["headers"].items())
    if (!says(header(said, h["name"].str()), h["type"].as_string() == "RegularExpression", h["value"].str()))
      return false;
  for (const Value& q : match["queryParams"].items())
    if (!says(value_in(said, Condition::Of::Query, q["name"].str()), q["type"].as_string() == "RegularExpression",
              q["value"].str()))
      return false;
  return true;
}

// HTTPRouteRule: the most headers, then the most query parameters, then the first. (All paths are alike here.)
const Value* rule_of_gateway_api(const Said& said, const Value& rules) {
  const Value* best = nullptr;
  std::pair<std::size_t, std::size_t> most{};
  for (const Value& rule : rules.items())
    for (const Value& match : rule["matches"].items()) {
      const std::pair weight(match["headers"].size(), match["queryParams"].size());
      if (fits(said, match) && (!best || weight > most)) {
        best = &rule;
        most = weight;
      }
    }
  return best;
}

bool fits_istio(const Said& said, const Value& match) {
  const auto all = [&](const char* key, auto value) {
    for (const data::Member& m : match[key].members())
      if (!says(value(std::string(m.key.view())), m.value.has("regex"),
                m.value[m.value.has("regex") ? "regex" : "exact"].str()))
        return false;
    return true;
  };
  return all("headers", [&](const std::string& name) { return header(said, name); }) &&
         all("queryParams", [&](const std::string& name) { return value_in(said, Condition::Of::Query, name); });
}

// VirtualService: the first route of which a match fits.
const Value* rule_of_istio(const Said& said, const Value& rules) {
  for (const Value& rule : rules.items()) {
    if (rule["match"].size() == 0) return &rule;
    for (const Value& match : rule["match"].items())
      if (fits_istio(said, match)) return &rule;
  }
  return nullptr;
}

std::int64_t share_in(const Value& refs, const std::function<std::string(const Value&)>& service) {
  std::int64_t canary = 0, all = 0;
  for (const Value& ref : refs.items()) {
    all += ref["weight"].as_int();
    if (service(ref) == "web-canary") canary += ref["weight"].as_int();
  }
  return all > 0 ? canary * kWhole.points / all : 0;
}

const Routing kRouting{"web", "web", "web-stable", "web-canary"};

Value written(RouterKind kind, const Value& route, const Traffic& wanted) {
  Routing routing = kRouting;
  routing.kind = kind;
  RouterObjects objects{.route = route};
  const auto effects = router_of(kind).split(objects, routing, {}, wanted);
  SLIPWAY_CHECK(effects.size() == 1);
  return after(objects, routing, effects.front())->route;
}

std::int64_t by_gateway_api(const Said& said, const Traffic& wanted) {
  static const Value route = json(R"({"kind":"HTTPRoute","metadata":{"name":"web","namespace":"shop","uid":"1",
    "resourceVersion":"1"},"spec":{"rules":[{"matches":[{"path":{"type":"PathPrefix","value":"/"}}],
    "backendRefs":[{"name":"web","port":80}]}]}})");
  const Value rules = written(RouterKind::HttpRoute, route, wanted)["spec"]["rules"];
  const Value* rule = rule_of_gateway_api(said, rules);
  return rule ? share_in((*rule)["backendRefs"], [](const Value& ref) { return ref["name"].str(); }) : -1;
}

std::int64_t by_istio(const Said& said, const Traffic& wanted) {
  static const Value service = json(R"({"kind":"VirtualService","metadata":{"name":"web","namespace":"shop","uid":"1",
    "resourceVersion":"1"},"spec":{"http":[{"route":[{"destination":{"host":"web"}}]}]}})");
  const Value rules = written(RouterKind::VirtualService, service, wanted)["spec"]["http"];
  const Value* rule = rule_of_istio(said, rules);
  return rule ? share_in((*rule)["route"], [](const Value& ref) { return ref["destination"]["host"].str(); }) : -1;
}

// --- what is meant ----------------------------------------------------------------------------------------

// Which part of the users who say this is let in, straight from the cohorts.
std::int64_t meant(const Said& said, const std::vector<Batch>& batches, std::size_t count,
                   const std::map<std::string, Cohort>& cohorts) {
  const Request request = [&](const Source& s) { return value_in(said, s.of, s.name); };
  std::int64_t out = 0;
  for (std::size_t i = 0; i < count; ++i)
    for (const Grant& grant : batches[i].grants) {
      const Cohort& cohort = cohorts.at(grant.cohort);
      Share share = let_in(membership(cohort, request), grant.share);
      if (cohort.bucket && share > kNone && share < kWhole) {
        const auto bucket = expr::plain_number(request(*cohort.bucket).value_or(""));
        share = bucket && *bucket < share.points ? kWhole : kNone;
      }
      out = std::max(out, share.points);
    }
  return out;
}

std::string text_of(const Said& said) {
  std::string out;
  for (const auto& [source, value] : said) out += to_text(source) + "=" + value + " ";
  return out;
}

// All requests that say one of these values, or nothing, in each place.
std::vector<Said> requests(const std::map<Source, std::vector<std::string>>& values) {
  std::vector<Said> out = {{}};
  for (const auto& [source, some] : values) {
    const std::size_t before = out.size();
    for (const std::string& value : some)
      for (std::size_t i = 0; i < before; ++i) (out.emplace_back(out[i]))[source] = value;
  }
  return out;
}

const std::map<Source, std::vector<std::string>> kSaid = {
    {{Condition::Of::Header, "x-user-id"}, {"1", "2", "77"}},
    {{Condition::Of::Header, "x-region"}, {"DE", "AT", "US"}},
    {{Condition::Of::Cookie, "level"}, {"gold", "silver", "golden"}},
    {{Condition::Of::Cookie, "beta"}, {"1", "0"}},
    {{Condition::Of::Query, "age"}, {"17", "18", "64", "65", "x"}},
};

Cohort cohort(const std::string& name, std::string_view spec) {
  const Value v = json(spec);
  std::vector<base::Cause> problems;
  api::check_cohort(Value::object({{"spec", v}}), data::kNull, problems);
  for (const base::Cause& cause : problems) ADD_FAILURE() << name << " " << cause.field << ": " << cause.message;
  return read_cohort(name, v);
}

constexpr std::string_view kAttributes =
    R"("attributes":[{"name":"region","header":"X-Region"},{"name":"level","cookie":"level"},{"name":"age","query":"age"}])";

void expect_exact(const std::vector<Batch>& batches, const std::map<std::string, Cohort>& cohorts) {
  std::string problem;
  const std::vector<Traffic> traffic = traffic_of(batches, cohorts, problem);
  ASSERT_EQ(problem, "");
  ASSERT_EQ(traffic.size(), batches.size());
  for (const Said& said : requests(kSaid)) {
    std::int64_t before = 0;
    for (std::size_t i = 0; i < batches.size(); ++i) {
      const std::int64_t wanted = meant(said, batches, i + 1, cohorts);
      ASSERT_EQ(by_gateway_api(said, traffic[i]), wanted) << "HTTPRoute, batch " << i << ": " << text_of(said);
      ASSERT_EQ(by_istio(said, traffic[i]), wanted) << "VirtualService, batch " << i << ": " << text_of(said);
      ASSERT_GE(wanted, before) << "monotone: " << text_of(said);
      before = wanted;
    }
  }
}

std::map<std::string, Cohort> with_everybody(std::map<std::string, Cohort> cohorts) {
  cohorts[""] = {.name = "", .key = Source{Condition::Of::Header, "x-user-id"}};
  return cohorts;
}

TEST(Batches, every_request_gets_what_the_cohorts_say) {
  const std::string a(kAttributes);
  const auto cohorts = with_everybody({
      {"staff", cohort("staff", R"j({"match":"cookie.beta == \"1\" || header[\"x-user-id\"] in [\"2\"]"})j")},
      {"de", cohort("de", "{" + a + R"j(,"match":"region in [\"DE\",\"AT\"] && !(level == \"gold\")",
                          "key":{"header":"x-user-id"},"users":["77"],"exceptUsers":["1"]})j")},
      {"adults", cohort("adults", "{" + a + R"j(,"match":"age >= 18 && age < 65 && level startsWith \"gold\""})j")},
      {"not-us", cohort("not-us", "{" + a + R"j(,"match":"region != \"US\"","key":{"header":"x-user-id"},"share":40,
                                   "fallback":"In"})j")},
  });
  expect_exact({{"one", {{"staff"}}}, {"two", {{"de", {1000}}}}, {"three", {{"de", {5000}}, {"", {200}}}}}, cohorts);
  expect_exact({{"one", {{"adults"}}}, {"two", {{"staff"}}}}, cohorts);
  expect_exact({{"one", {{"not-us", {5000}}}}, {"two", {{"not-us"}}}, {"three", {{"", {9000}}}}}, cohorts);
}

TEST(Batches, buckets_in_a_header_are_numbers_that_only_grow) {
  auto cohorts = with_everybody({});
  cohorts[""].bucket = Source{Condition::Of::Header, "x-bucket"};
  std::string problem;
  const auto traffic =
      traffic_of({{"a", {{"", {25}}}}, {"b", {{"", {1234}}}}, {"c", {{"", {9999}}}}}, cohorts, problem);
  ASSERT_EQ(problem, "");
  for (std::int64_t bucket = 0; bucket < 10'000; bucket += bucket < 3000 ? 1 : 97) {
    const Said said = {{{Condition::Of::Header, "x-user-id"}, "u"},
                       {{Condition::Of::Header, "x-bucket"}, std::to_string(bucket)}};
    EXPECT_EQ(by_istio(said, traffic[0]), bucket < 25 ? 10'000 : 0) << bucket;
    EXPECT_EQ(by_istio(said, traffic[1]), bucket < 1234 ? 10'000 : 0) << bucket;
    EXPECT_EQ(by_istio(said, traffic[2]), bucket < 9999 ? 10'000 : 0) << bucket;
  }
  EXPECT_FALSE(traffic[0].key) << "no router has to hash anything";
}

TEST(Batches, number_expressions_hold_for_exactly_their_numbers) {
  const std::pair<std::int64_t, std::int64_t> rows[] = {{0, 0},   {0, 9},     {7, 7},      {0, 99},   {5, 1234},
                                                        {18, 64}, {100, 199}, {999, 1000}, {0, 9999}, {4321, 9876}};
  for (const auto& [least, most] : rows) {
    const re2::RE2 expression(number_expression(least, most));
    for (std::int64_t n = 0; n < 11'000; ++n)
      ASSERT_EQ(re2::RE2::FullMatch(std::to_string(n), expression), n >= least && n <= most)
          << n << " of " << expression.pattern();
    EXPECT_FALSE(re2::RE2::FullMatch("007", expression));
  }
}

TEST(Batches, what_cannot_be_told_apart_is_said) {
  const auto refused = [](std::string_view match) {
    std::string problem;
    std::map<std::string, Cohort> cohorts;
    cohorts["c"] = cohort("c", data::to_json(Value::object({{"match", match}})));
    traffic_of({{"b", {{"c"}}}}, cohorts, problem);
    return problem;
  };
  EXPECT_THAT(refused("header.a startsWith \"x\" || header.a endsWith \"y\""), testing::HasSubstr("two patterns"));
  EXPECT_THAT(refused("header.a >= 3 && header.a != \"x\""), testing::HasSubstr("as a number and with the text x"));
  std::string many;
  for (char c = 'a'; c <= 'i'; ++c) many += std::string(many.empty() ? "" : " && ") + "header." + c + " == \"1\"";
  EXPECT_THAT(refused(many), testing::HasSubstr("more than 256 combinations"));
  EXPECT_THAT(refused("cookie.a == \"1\" && cookie.b == \"1\" && cookie.c == \"1\""),
              testing::HasSubstr("two cookies"));
}

// "and" needs one match, "or" one for each side, "not" one that is kept out.
TEST(Batches, no_match_that_makes_no_difference) {
  const auto matches = [](std::string_view match) {
    std::map<std::string, Cohort> cohorts;
    cohorts["c"] = cohort("c", data::to_json(Value::object({{"match", match}})));
    std::string problem;
    const Traffic traffic = traffic_of({{"b", {{"c"}}}}, cohorts, problem).front();
    std::string out;
    for (const Audience& a : traffic.audiences) out += to_text(a) + "\n";
    return out;
  };
  EXPECT_EQ(matches("header.a == \"1\" && header.b == \"1\""), "b: header a is 1 and header b is 1\n");
  EXPECT_EQ(matches("header.a == \"1\" || header.b == \"1\""), "b: header b is 1 or header a is 1\n");
  EXPECT_EQ(matches("header.a in [\"1\", \"2\", \"x.y\"]"), "b: header a matches 1|2|x\\.y\n");
  EXPECT_EQ(matches("header.a == \"1\" && header.b != \"1\""), "others 0 %: header b is 1\nb: header a is 1\n");
  EXPECT_EQ(matches("header.a >= 10 && header.a <= 19"), "b: header a matches 1[0-9]\n");
}

// A route has 16 rules: groups of users take as few as there are different shares, or nearly.
TEST(Batches, few_rules) {
  const auto cohorts = with_everybody({
      {"staff", cohort("staff", R"j({"match":"header[\"x-staff\"] == \"yes\""})j")},
      {"germany", cohort("germany", "{" + std::string(kAttributes) +
                                        R"j(,"match":"region in [\"DE\", \"AT\"] && level != \"trial\"",
                                        "key":{"header":"x-user-id"},"users":["42"]})j")},
  });
  std::string problem;
  const auto traffic =
      traffic_of({{"staff", {{"staff"}}}, {"germany", {{"germany", {5000}}}}, {"more", {{"germany"}, {"", {3000}}}}},
                 cohorts, problem);
  ASSERT_EQ(problem, "");
  std::vector<std::size_t> rules, matches;
  for (const Traffic& t : traffic) {
    rules.push_back(t.audiences.size());
    matches.push_back(0);
    for (const Audience& a : t.audiences) matches.back() += a.any.size();
  }
  EXPECT_EQ(rules, (std::vector<std::size_t>{1, 4, 4}));
  EXPECT_EQ(matches, (std::vector<std::size_t>{1, 8, 10}));
}

// --- any cohorts ------------------------------------------------------------------------------------------

std::string any_comparison() {
  return *rc::gen::element<std::string>("region == \"DE\"", "region in [\"DE\", \"US\"]", "region != \"AT\"",
                                        "level == \"gold\"", "level startsWith \"gold\"", "cookie.beta == \"1\"",
                                        "age >= 18", "age < 65", "header[\"x-user-id\"] == \"2\"");
}

std::string any_match(int depth) {
  const int kind = depth == 0 ? 0 : *rc::gen::inRange(0, 4);
  if (kind == 0) return any_comparison();
  if (kind == 1) return "!(" + any_match(depth - 1) + ")";
  return "(" + any_match(depth - 1) + (kind == 2 ? " && " : " || ") + any_match(depth - 1) + ")";
}

Cohort any_cohort(const std::string& name) {
  Value spec = json("{" + std::string(kAttributes) + "}");
  spec.set("match", any_match(2));
  if (*rc::gen::arbitrary<bool>()) {
    spec.set("key", json(R"({"header":"x-user-id"})"));
    if (*rc::gen::arbitrary<bool>()) spec.set("users", json(R"(["77"])"));
    if (*rc::gen::arbitrary<bool>()) spec.set("exceptUsers", json(R"(["1"])"));
    if (*rc::gen::arbitrary<bool>()) spec.set("share", 30);
    if (*rc::gen::arbitrary<bool>()) spec.set("fallback", "In");
  }
  return cohort(name, data::to_json(spec));
}

RC_GTEST_PROP(Batches, anyCohortsOverAnyRouterAreExactAndOnlyGrow, ()) {
  const auto cohorts = with_everybody({{"a", any_cohort("a")}, {"b", any_cohort("b")}});
  const auto part = [&](const std::string& name) {
    const bool keyed = name.empty() || cohorts.at(name).key;
    return Grant{name, keyed ? *rc::gen::element(Share{100}, Share{5000}, kWhole) : kWhole};
  };
  const std::vector<Batch> batches = {{"one", {part("a")}}, {"two", {part("b"), part("a")}}, {"three", {part("")}}};
  std::string problem;
  const std::vector<Traffic> traffic = traffic_of(batches, cohorts, problem);
  if (!problem.empty()) {
    RC_TAG("refused");
    return;
  }
  const auto all = requests(kSaid);
  for (int n = 0; n < 60; ++n) {
    const Said& said = all[*rc::gen::inRange<std::size_t>(0, all.size())];
    for (std::size_t i = 0; i < batches.size(); ++i) {
      const std::int64_t wanted = meant(said, batches, i + 1, cohorts);
      RC_LOG() << "batch " << i << ": " << text_of(said) << "\n";
      RC_ASSERT(by_gateway_api(said, traffic[i]) == wanted);
      RC_ASSERT(by_istio(said, traffic[i]) == wanted);
    }
  }
}

}  // namespace
}  // namespace slipway::delivery::plan
