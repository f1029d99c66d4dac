// Rules of gray releases: batches of cohorts that only grow.
#include <fmt/format.h>

#include <map>
#include <set>

#include "api/kinds/release_rules.h"
#include "api/kinds/rule_problems.h"

namespace slipway::api::rules {
namespace {

using data::Value;

// The largest part of each cohort so far; everybody's under the empty name.
using Given = std::map<std::string, BasisPoints>;

void check_growth(Problems& out, const Value& owner, const std::string& who, const std::string& path, Given& given) {
  const BasisPoints share = owner.has("share") ? weight_of(owner["share"]).value_or(0) : kWholeTraffic;
  BasisPoints& before = given[who];
  if (share < before)
    out.invalid(path + ".share", owner["share"],
                fmt::format("falls below the {} % of an earlier batch; a gray release only grows",
                            static_cast<double>(before) / 100));
  before = std::max(before, share);
}

void check_cohorts(Problems& out, const Value& batch, const std::string& path, Given& given) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < batch["cohorts"].size(); ++i) {
    const Value& cohort = batch["cohorts"].at(i);
    const std::string at = fmt::format("{}.cohorts[{}]", path, i), name = cohort["name"].str();
    if (name.empty())
      out.required(at + ".name", "the name of a Cohort in this namespace");
    else if (!names.insert(name).second)
      out.invalid(at + ".name", name, "is named twice");
    check_share(out, cohort, at);
    check_growth(out, cohort, name, at, given);
  }
}

void check_batch(Problems& out, const Value& gray, const Value& batch, const std::string& path, Given& given) {
  if (batch["cohorts"].size() == 0 && !batch.has("share"))
    out.required(path, "a batch lets cohorts in, or a share of all users");
  if (given[""] == kWholeTraffic) out.forbidden(path, "comes after a batch of all users: nobody is left to let in");
  check_cohorts(out, batch, path, given);
  if (batch.has("share")) {
    check_share(out, batch, path);
    check_growth(out, batch, "", path, given);
    if (!gray["key"].is_object())
      out.required("spec.strategy.gray.key",
                   "what says who a user is, since " + path + ".share asks for a part of all");
  }
  if (batch.has("replicas") && batch.has("percent"))
    out.forbidden(path, "only one of replicas and percent may be given");
  check_count(out, batch, "replicas", path, 1);
  check_percent(out, batch, path);
  check_duration(out, batch, "bake", path);
  if (batch.has("analysis")) check_analysis(out, batch["analysis"], path + ".analysis");
}

}  // namespace

void check_gray(Problems& out, const Value& gray, const std::string& path) {
  if (gray["batches"].size() == 0) out.required(path + ".batches", "a gray release needs at least one batch");
  check_key(out, gray["key"], path + ".key");
  std::set<std::string> names;
  Given given;
  for (std::size_t i = 0; i < gray["batches"].size(); ++i) {
    const Value& batch = gray["batches"].at(i);
    const std::string at = fmt::format("{}.batches[{}]", path, i);
    check_batch(out, gray, batch, at, given);
    if (const std::string name = batch["name"].str(); !name.empty() && !names.insert(name).second)
      out.invalid(at + ".name", name, "is the name of an earlier batch");
  }
}

}  // namespace slipway::api::rules
