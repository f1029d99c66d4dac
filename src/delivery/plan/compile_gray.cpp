#include "delivery/plan/compile_gray.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "api/kinds/release_rules.h"
#include "api/meta.h"
#include "delivery/plan/batches.h"
#include "delivery/plan/compile.h"
#include "delivery/plan/step_writer.h"

namespace slipway::delivery::plan {
namespace {

using base::Cause;
using data::Value;

std::string batch_name(const Value& batch, int index) { return batch["name"].str(fmt::format("batch-{}", index + 1)); }

// Two names may be one when only what a header can hold is left of them.
std::string audience_of_batch(const Value& batch, int index, const std::vector<Batch>& before) {
  const std::string name = audience_name(batch_name(batch, index));
  const bool taken = name == kOthers || std::ranges::find(before, name, &Batch::name) != before.end();
  return taken ? audience_name(fmt::format("{}-{}", index + 1, name)) : name;
}

std::vector<Batch> batches_of(const Value& gray) {
  std::vector<Batch> out;
  const auto part = [](const Value& owner) {
    return owner.has("share") ? Share{api::weight_of(owner["share"]).value_or(0)} : kWhole;
  };
  for (const Value& batch : gray["batches"].items()) {
    Batch one{.name = audience_of_batch(batch, static_cast<int>(out.size()), out), .grants = {}};
    for (const Value& cohort : batch["cohorts"].items()) one.grants.push_back({cohort["name"].str(), part(cohort)});
    if (batch.has("share")) one.grants.push_back({"", part(batch)});
    out.push_back(std::move(one));
  }
  return out;
}

// What is wrong with the Cohorts that a gray release names, with the field that names them.
std::map<std::string, Cohort> read_cohorts(const Value& release, const CohortSpecs& known,
                                           std::vector<Cause>& problems) {
  const Value& gray = release["spec"]["strategy"]["gray"];
  std::map<std::string, Cohort> out;
  out[""] = {.name = "", .key = read_source(gray["key"]), .bucket = read_bucket(gray["key"])};
  for (std::size_t i = 0; i < gray["batches"].size(); ++i)
    for (std::size_t k = 0; k < gray["batches"].at(i)["cohorts"].size(); ++k) {
      const Value& named = gray["batches"].at(i)["cohorts"].at(k);
      const std::string name = named["name"].str(),
                        field = fmt::format("spec.strategy.gray.batches[{}].cohorts[{}]", i, k);
      auto cohort = read_named_cohort(release, known, name, field + ".name", problems);
      if (!cohort) continue;
      if (!cohort->key && named.has("share") && api::weight_of(named["share"]) != kWhole.points)
        problems.push_back(
            {"FieldValueForbidden",
             fmt::format("Forbidden: Cohort {} has no spec.key, and only users who have a key can be let in in part",
                         name),
             field + ".share"});
      out[name] = *std::move(cohort);
    }
  return out;
}

void add_batch(StepWriter& out, const Value& batch, const Traffic& traffic, const std::string& audience, int index) {
  const std::string field = fmt::format("spec.strategy.gray.batches[{}]", index);
  const bool of_everybody = traffic.share > out.now.share;  // measured where no audience is told apart
  out.now = traffic;
  out.pods = std::max(out.pods, limit_of(batch["replicas"]).value_or(0));
  out.pods_share = std::max(out.pods_share, Share{api::weight_of(batch["percent"]).value_or(0)});
  out.move(index, field);
  if (batch["bake"].is_string()) out.add(Wait{duration_or(batch["bake"], {})}, index, field + ".bake");
  if (batch["analysis"].is_object()) {
    Analysis analysis = analysis_of(batch["analysis"]);
    if (!of_everybody) analysis.audience = audience;
    out.add(Analyse{std::move(analysis)}, index, field + ".analysis");
  }
  if (batch["approve"].as_bool()) out.add(Approve{}, index, field + ".approve");
}

// Whom a release under way has let in, and no batch would any more; empty: nobody.
std::string taken_back(const Value& release, const std::vector<Traffic>& batches) {
  for (const Value& in : release["status"]["traffic"]["given"].items()) {
    const Grant given{in["cohort"].str(), {api::weight_of(in["share"]).value_or(0)}};
    const bool kept = std::ranges::any_of(batches, [&](const Traffic& t) { return covers(t.grants, given); });
    if (!kept)
      return fmt::format(
          "{} is in already, and no batch lets so much in any more: put it back, or take it back by slipway abort",
          to_text(given));
  }
  return "";
}

}  // namespace

std::optional<Cohort> read_named_cohort(const Value& release, const CohortSpecs& known, const std::string& name,
                                        const std::string& field, std::vector<Cause>& problems) {
  const Value& kept = release["status"]["cohorts"];
  const auto found = known.find(name);
  const Value& spec = kept.has(name) ? kept[name] : found == known.end() ? data::kNull : found->second;
  if (!spec.is_object()) {
    problems.push_back({std::string(kNotFound),
                        fmt::format("Cohort {} does not exist in namespace {}", name, api::space_of(release)), field});
    return std::nullopt;
  }
  std::vector<Cause> wrong;
  api::check_cohort(Value::object({{"spec", spec}}), data::kNull, wrong);
  for (const Cause& cause : wrong)
    problems.push_back({cause.reason, fmt::format("Cohort {}: {}: {}", name, cause.field, cause.message), field});
  if (!wrong.empty()) return std::nullopt;
  return read_cohort(name, spec);
}

GrayParts read_gray(const Value& release, const CohortSpecs& known, std::vector<Cause>& problems) {
  return {batches_of(release["spec"]["strategy"]["gray"]), read_cohorts(release, known, problems)};
}

void compile_gray(const Value& release, const CohortSpecs& known, ReleasePlan& plan, std::vector<Cause>& problems) {
  const Value& gray = release["spec"]["strategy"]["gray"];
  plan.strategy = Strategy::Gray;
  plan.user_steps = static_cast<int>(gray["batches"].size());
  const auto [batches, cohorts] = read_gray(release, known, problems);
  if (!problems.empty()) return;
  std::string problem;
  const std::vector<Traffic> traffic = traffic_of(batches, cohorts, problem);
  if (problem.empty()) problem = taken_back(release, traffic);
  if (!problem.empty())
    return problems.push_back({"FieldValueInvalid", "Invalid value: " + problem, "spec.strategy.gray.batches"});
  StepWriter out{plan};
  out.add(Traffic{kNone}, -1, "spec.traffic");
  for (int i = 0; i < plan.user_steps; ++i) {
    const auto at = static_cast<std::size_t>(i);
    add_batch(out, gray["batches"].at(at), traffic[at], batches[at].name, i);
  }
  out.shift(kWhole, -1, "spec.strategy.gray");
}

void check_gray_under_way(const Value& release, std::vector<Cause>& problems) {
  const Value& in = release["status"]["traffic"]["given"];
  if (in.size() == 0 || !release["status"]["candidate"].is_object() || release["spec"]["strategy"].has("gray")) return;
  problems.push_back(
      {"FieldValueForbidden",
       fmt::format("Forbidden: a gray release is under way and has let in {}, whom another strategy would "
                   "take back: put its batches back, or end it first (slipway promote --full or abort)",
                   in.at(0)["cohort"].str("users")),
       "spec.strategy"});
}

std::vector<std::string> gray_step_names(const Value& gray) {
  std::vector<std::string> out;
  for (const Batch& batch : batches_of(gray)) {
    const Value& said = gray["batches"].at(out.size())["name"];
    out.push_back(said.as_string().empty() ? to_text(batch.grants) : said.str());
  }
  return out;
}

std::vector<std::string> cohorts_of(const Value& spec) {
  std::vector<std::string> out;
  const auto add = [&out](const std::string& name) {
    if (!name.empty() && std::ranges::find(out, name) == out.end()) out.push_back(name);
  };
  for (const Batch& batch : batches_of(spec["strategy"]["gray"]))
    for (const Grant& grant : batch.grants) add(grant.cohort);
  const Value& test = spec["strategy"]["abTest"];
  for (const Value& cohort : test["among"].items()) add(cohort["name"].str());
  for (const Value& variant : test["variants"].items())
    for (const Value& cohort : variant["cohorts"].items()) add(cohort["name"].str());
  return out;
}

}  // namespace slipway::delivery::plan
