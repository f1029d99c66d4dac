// Rules of A/B tests: variants beside the stable version, and who gets them.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "api/kinds/release_rules.h"
#include "api/kinds/rule_problems.h"

namespace slipway::api::rules {
namespace {

using data::Value;

constexpr std::size_t kLongestName = 63;  // of a Service (RFC 1035 label)

void check_cohort_names(Problems& out, const Value& list, const std::string& path) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string at = fmt::format("{}[{}].name", path, i), name = list.at(i)["name"].str();
    if (name.empty())
      out.required(at, "the name of a Cohort in this namespace");
    else if (!names.insert(name).second)
      out.invalid(at, name, "is named twice");
  }
}

void check_name(Problems& out, const Value& variant, const std::string& service, const std::string& path,
                std::set<std::string>& names) {
  const std::string name = variant["name"].str(), field = path + ".name";
  if (name.empty()) return out.required(field, "what the variant is called; its Service is named after it");
  if (name.size() > 40) return out.invalid(field, name, "is longer than 40 characters");
  if (!is_label(name))
    return out.invalid(field, name, "must be lower case letters, digits and -, with a letter or digit at both ends");
  if (name == "stable" || name == "canary")
    return out.invalid(field, name, "is the name of one of the Release's own Services");
  if (!names.insert(name).second) return out.invalid(field, name, "is the name of an earlier variant");
  if (service.size() + 1 + name.size() > kLongestName)
    out.invalid(
        field, name,
        fmt::format("makes the name of its Service, {}-{}, longer than {} characters", service, name, kLongestName));
}

void check_variant(Problems& out, const Value& test, const Value& variant, const std::string& path) {
  if (!variant.has("share") && variant["cohorts"].size() == 0)
    out.required(path, "who gets the variant: a share of the users, or cohorts");
  check_share(out, variant, path);
  check_cohort_names(out, variant["cohorts"], path + ".cohorts");
  check_count(out, variant, "replicas", path, 1);
  if (variant.has("analysis")) check_analysis(out, variant["analysis"], path + ".analysis");
  if (variant.has("share") && !test["key"].is_object())
    out.required("spec.strategy.abTest.key",
                 "what says who a user is, since " + path + ".share asks for a part of them");
  if (variant.has("template") && (!variant["template"].is_object() || variant["template"].size() == 0))
    out.invalid(path + ".template", variant["template"], "must change something: metadata or spec of the pod template");
}

void check_sum(Problems& out, const Value& test, const std::string& path) {
  BasisPoints sum = 0;
  for (const Value& variant : test["variants"].items()) sum += weight_of(variant["share"]).value_or(0);
  if (sum > kWholeTraffic)
    out.invalid(path + ".variants", static_cast<double>(sum) / 100, "the shares are more than 100 % together");
}

}  // namespace

void check_ab_test(Problems& out, const Value& test, const Value& traffic, const std::string& path) {
  const Value& variants = test["variants"];
  if (variants.size() == 0) out.required(path + ".variants", "a test needs at least one version beside the stable one");
  check_key(out, test["key"], path + ".key");
  if (!test["key"]["bucketHeader"].as_string().empty())
    out.forbidden(path + ".key.bucketHeader",
                  "the gateway computes the bucket; behind another router give each variant Cohorts that compare it");
  check_cohort_names(out, test["among"], path + ".among");
  std::set<std::string> names;
  std::int64_t unchanged = 0;
  for (std::size_t i = 0; i < variants.size(); ++i) {
    const std::string at = fmt::format("{}.variants[{}]", path, i);
    check_name(out, variants.at(i), traffic["service"].str(), at, names);
    check_variant(out, test, variants.at(i), at);
    unchanged += !variants.at(i).has("template");
  }
  if (variants.size() > 0 && unchanged != 1)
    out.invalid(path + ".variants", unchanged,
                "variants have no template; exactly one has none: what the Deployment asks for");
  check_sum(out, test, path);
  check_duration(out, test, "duration", path);
}

}  // namespace slipway::api::rules
