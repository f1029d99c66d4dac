#include "delivery/plan/compile_variants.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "api/kinds/release_rules.h"
#include "base/hash.h"
#include "data/json.h"
#include "delivery/plan/batches.h"
#include "delivery/plan/compile_gray.h"
#include "delivery/plan/step_writer.h"

namespace slipway::delivery::plan {
namespace {

using base::Cause;
using data::Value;

const std::string kField = "spec.strategy.abTest";
constexpr const char* kAmong = "taking_part";  // an audience; no variant can be called so

// Whoever takes part, and what a variant is, as far as a change would move users between versions.
std::string identity_of(const Value& test, const Value& variant) {
  const Value all = Value::array({test["key"], test["among"], variant.without("analysis")});
  return base::safe_encode(base::fnv1a32(data::to_json(all)));
}

std::vector<Variant> variants_of(const Value& spec) {
  const Value& test = spec["strategy"]["abTest"];
  std::vector<Variant> out;
  for (const Value& v : test["variants"].items())
    out.push_back({.name = v["name"].str(),
                   .service = spec["traffic"]["service"].str() + "-" + v["name"].str(),
                   .pod_template = v["template"],
                   .identity = identity_of(test, v),
                   .analysis = v["analysis"].is_object() ? std::optional(analysis_of(v["analysis"])) : std::nullopt});
  return out;
}

// What is known of the versions of a test under way; their templates are in the spec, which may not change meanwhile.
std::vector<Variant> variants_under_way(const Value& release) {
  const std::vector<Variant> now = variants_of(release["spec"]);
  std::vector<Variant> out;
  for (const Value& v : release["status"]["variants"].items()) {
    Variant one{
        .name = v["name"].str(), .service = v["service"].str(), .pod_template = {}, .identity = v["identity"].str()};
    const auto same = std::ranges::find(now, one.name, &Variant::name);
    if (same != now.end()) one.pod_template = same->pod_template, one.analysis = same->analysis;
    out.push_back(std::move(one));
  }
  return out;
}

// --- who gets what ----------------------------------------------------------------------------------------

std::vector<Grant> whole(const Value& cohorts) {
  std::vector<Grant> out;
  for (const Value& cohort : cohorts.items()) out.push_back({cohort["name"].str(), kWhole});
  return out;
}

// Variants that cohorts get come first, in their order; then whoever takes part.
std::vector<Batch> batches_of(const Value& test) {
  std::vector<Batch> out;
  for (const Value& v : test["variants"].items())
    if (v["cohorts"].size() > 0) out.push_back({v["name"].str(), whole(v["cohorts"])});
  const bool shares = std::ranges::any_of(test["variants"].items(), [](const Value& v) { return v.has("share"); });
  if (shares && test["among"].size() > 0) out.push_back({kAmong, whole(test["among"])});
  return out;
}

Parts shares_of(const Value& test) {
  Parts out;
  for (const Value& v : test["variants"].items()) out.push_back({{api::weight_of(v["share"]).value_or(0)}});
  return out;
}

Parts all_to(std::size_t variant, std::size_t count) {
  Parts out(count);
  out[variant].share = kWhole;
  return out;
}

void give(Audience& audience, const std::vector<Variant>& variants, const Parts& shares) {
  if (audience.share == kNone) return;  // left out
  const auto named = std::ranges::find(variants, audience.name, &Variant::name);
  audience.parts =
      named == variants.end() ? shares : all_to(static_cast<std::size_t>(named - variants.begin()), variants.size());
  audience.share = sum_of(audience.parts);
}

// What all requests of a cohort are of all, as far as its Cohort says; a cohort that does not say may be everybody.
Share expected_of(const Value& cohorts, const std::map<std::string, Cohort>& known) {
  std::int64_t sum = 0;
  for (const Value& named : cohorts.items()) sum += known.at(named["name"].str()).expected.value_or(kNone).points;
  return {std::min(sum, kWhole.points)};
}

// Pods: for its part of those who take part, and for its cohorts.
Parts loads_of(const Value& test, const std::map<std::string, Cohort>& cohorts) {
  const Share among = test["among"].size() > 0 ? expected_of(test["among"], cohorts) : kWhole;
  Parts out;
  for (const Value& v : test["variants"].items()) {
    const Share part = part_of(among, {api::weight_of(v["share"]).value_or(0)});
    out.push_back({{std::min(part.points + expected_of(v["cohorts"], cohorts).points, kWhole.points)}});
  }
  return out;
}

// --- cohorts ----------------------------------------------------------------------------------------------

struct Named {
  std::string name, field;
};

std::vector<Named> cohorts_named(const Value& test) {
  std::vector<Named> out;
  const auto add = [&](const Value& list, const std::string& field) {
    for (std::size_t i = 0; i < list.size(); ++i)
      out.push_back({list.at(i)["name"].str(), fmt::format("{}[{}].name", field, i)});
  };
  add(test["among"], kField + ".among");
  for (std::size_t i = 0; i < test["variants"].size(); ++i)
    add(test["variants"].at(i)["cohorts"], fmt::format("{}.variants[{}].cohorts", kField, i));
  return out;
}

Traffic traffic_of_test(const Value& test, const std::map<std::string, Cohort>& cohorts,
                        const std::vector<Variant>& variants, std::string& problem) {
  const std::vector<Batch> batches = batches_of(test);
  const Parts shares = shares_of(test);
  Traffic out;
  if (!batches.empty()) {
    const std::vector<Traffic> steps = traffic_of(batches, cohorts, problem);
    if (!problem.empty()) return out;
    out = steps.back();
    out.grants.clear();
    for (Audience& audience : out.audiences) give(audience, variants, shares);
  }
  const bool everybody = test["among"].size() == 0;
  out.parts = everybody ? shares : Parts(variants.size());
  out.share = sum_of(out.parts);
  out.loads = loads_of(test, cohorts);
  if (sum_of(shares) > kNone) out.key = read_source(test["key"]);
  return out;
}

}  // namespace

std::map<std::string, Cohort> read_test_cohorts(const Value& release, const CohortSpecs& known,
                                                std::vector<Cause>& problems) {
  std::map<std::string, Cohort> out;
  for (const Named& named : cohorts_named(release["spec"]["strategy"]["abTest"]))
    if (auto cohort = read_named_cohort(release, known, named.name, named.field, problems))
      out[named.name] = *std::move(cohort);
  return out;
}

void read_variants(const Value& release, Routing& routing) {
  const bool under_way = release["status"]["variants"].size() > 0;
  routing.variants = under_way ? variants_under_way(release) : variants_of(release["spec"]);
  routing.chosen = 0;
  const std::string_view candidate = release["status"]["candidate"]["hash"].as_string();
  for (std::size_t i = 0; i < routing.variants.size(); ++i)
    if (under_way ? release["status"]["variants"].at(i)["hash"].as_string() == candidate
                  : routing.variants[i].pod_template.is_null())
      routing.chosen = i;
  if (!routing.variants.empty()) routing.canary_service = routing.variants[routing.chosen].service;
}

void check_test_under_way(const Value& release, std::vector<Cause>& problems) {
  const Value& under_way = release["status"]["variants"];
  if (under_way.size() == 0) return;
  const std::vector<Variant> now = variants_of(release["spec"]);
  bool same = now.size() == under_way.size();
  for (std::size_t i = 0; same && i < now.size(); ++i)
    same = now[i].name == under_way.at(i)["name"].as_string() &&
           now[i].identity == under_way.at(i)["identity"].as_string();
  if (!same)
    problems.push_back(
        {"FieldValueForbidden",
         "Forbidden: a test is under way, and whoever takes part would change sides: put the variants, the "
         "key and `among` back as they were, or end the test first (slipway promote or abort)",
         "spec.strategy"});
}

void compile_ab_test(const Value& release, const CohortSpecs& known, ReleasePlan& plan, std::vector<Cause>& problems) {
  const Value& test = release["spec"]["strategy"]["abTest"];
  plan.strategy = Strategy::AbTest;
  const auto cohorts = read_test_cohorts(release, known, problems);
  if (!problems.empty()) return;
  std::string problem;
  const std::vector<Variant>& variants = plan.routing->variants;
  const Traffic traffic = traffic_of_test(test, cohorts, variants, problem);
  if (!problem.empty())
    return problems.push_back({"FieldValueInvalid", "Invalid value: " + problem, kField + ".variants"});
  Scale scale{.share = sum_of(traffic.loads), .parts = traffic.loads};
  for (const Value& v : test["variants"].items()) scale.least_of_parts.push_back(limit_of(v["replicas"]).value_or(1));
  StepWriter out{plan};
  out.add(Traffic{kNone}, -1, "spec.traffic");
  out.add(std::move(scale), 0, kField + ".variants");
  out.add(traffic, 0, kField + ".variants");
  if (test["duration"].is_string()) out.add(Wait{duration_or(test["duration"], {})}, 1, kField + ".duration");
  plan.user_steps = static_cast<int>(ab_test_step_names(test).size());
  out.add(Approve{}, plan.user_steps - 1, kField);
  out.shift(kWhole, -1, kField);
}

std::vector<std::string> ab_test_step_names(const Value& test) {
  if (!test.is_object()) return {};
  std::string names;
  for (const Value& v : test["variants"].items()) names += (names.empty() ? "" : ", ") + v["name"].str();
  std::vector<std::string> out = {"test " + names};
  if (test["duration"].is_string()) out.push_back("run " + test["duration"].str());
  out.emplace_back("decision");
  return out;
}

}  // namespace slipway::delivery::plan
