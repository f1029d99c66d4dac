#include "delivery/who.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/kinds/release_rules.h"
#include "base/user_bucket.h"
#include "delivery/state.h"

namespace slipway::delivery {
namespace {

using data::Value;
using plan::Grant;
using plan::Share;

// The lower end of buckets that a header carries, the upper end of those that the router computes.
void decide_by_bucket(CohortSays& out, const plan::Cohort& cohort, Share part, const plan::Request& request,
                      const std::string& salt) {
  if (cohort.bucket) {
    const auto said = request(*cohort.bucket);
    out.bucket = expr::plain_number(said.value_or(""));
    out.in = out.bucket && *out.bucket < part.points;
    out.why += out.bucket
                   ? fmt::format("; bucket {} of {}: below {} are in", *out.bucket, base::kUserBuckets, part.points)
                   : fmt::format("; {} says no bucket", plan::to_text(*cohort.bucket));
    return;
  }
  out.bucket = base::user_bucket(*request(*cohort.key), salt);
  out.in = base::is_among(*out.bucket, part.points);
  out.why += fmt::format("; bucket {} of {}: {} and up are in", *out.bucket, base::kUserBuckets,
                         base::kUserBuckets - part.points);
}

std::vector<CohortSays> ask_batch(const plan::GrayParts& parts, const plan::Batch& batch, const plan::Request& request,
                                  const std::string& salt) {
  std::vector<CohortSays> out;
  for (const Grant& grant : batch.grants)
    out.push_back(ask(parts.cohorts.at(grant.cohort), grant.share, request, salt));
  return out;
}

bool has_in(const std::vector<CohortSays>& all) {
  return std::ranges::any_of(all, [](const CohortSays& says) { return says.in; });
}

}  // namespace

CohortSays ask(const plan::Cohort& cohort, Share share, const plan::Request& request, const std::string& salt) {
  const plan::Membership member = plan::membership(cohort, request);
  CohortSays out{.grant = {cohort.name, share}, .why = member.why};
  const Share part = plan::let_in(member, share);
  out.in = part == plan::kWhole;
  if (part > plan::kNone && part < plan::kWhole) decide_by_bucket(out, cohort, part, request, salt);
  return out;
}

std::size_t batches_done(const Value& release, const plan::GrayParts& parts) {
  const TrafficState traffic = read_state(release["status"]).traffic;
  if (traffic.reached == plan::kWhole.points) return parts.batches.size();
  const auto is_given = [&](const Grant& grant) { return plan::covers(traffic.given, grant); };
  std::size_t done = 0;
  while (done < parts.batches.size() && std::ranges::all_of(parts.batches[done].grants, is_given)) ++done;
  return done;
}

UserPlace place_of(const Value& release, const plan::GrayParts& parts, const plan::Request& request,
                   const std::string& salt) {
  UserPlace out;
  const std::size_t done = batches_done(release, parts);
  for (std::size_t i = 0; i < parts.batches.size(); ++i) {
    std::vector<CohortSays> says = ask_batch(parts, parts.batches[i], request, salt);
    if (has_in(says)) {
      out.batch = i;
      out.let_in = i < done;
      out.cohorts = std::move(says);
      break;
    }
    for (CohortSays& one : says) out.cohorts.push_back(std::move(one));
  }
  out.candidate = out.let_in || read_state(release["status"]).traffic.reached == plan::kWhole.points;
  return out;
}

namespace {

// The first of these that he belongs to; empty: none.
std::string first_cohort(const Value& named, const std::map<std::string, plan::Cohort>& cohorts,
                         const plan::Request& request, const std::string& salt, std::string& why) {
  for (const Value& one : named.items()) {
    const CohortSays says = ask(cohorts.at(one["name"].str()), plan::kWhole, request, salt);
    why = says.why;
    if (says.in) return one["name"].str();
  }
  return "";
}

// As the gateway lays buckets out: the stable version, then the variants in their order.
void choose_by_bucket(const Value& variants, UserVariant& out) {
  std::int64_t all = 0;
  for (const Value& v : variants.items()) all += api::weight_of(v["share"]).value_or(0);
  std::int64_t begin = base::kUserBuckets - all;
  std::string name = "the stable version";
  std::int64_t first = 0, end = begin;
  for (std::size_t i = 0; i < variants.size(); ++i) {
    const std::int64_t share = api::weight_of(variants.at(i)["share"]).value_or(0);
    if (*out.bucket >= begin && *out.bucket < begin + share) {
      out.variant = i;
      name = variants.at(i)["name"].str();
      first = begin, end = begin + share;
    }
    begin += share;
  }
  out.why = fmt::format("bucket {} of {}: {} to {} get {}", *out.bucket, base::kUserBuckets, first, end - 1, name);
}

UserVariant assigned(const Value& test, const std::map<std::string, plan::Cohort>& cohorts,
                     const plan::Request& request, const std::string& salt) {
  const Value& variants = test["variants"];
  UserVariant out;
  std::string why;
  for (std::size_t i = 0; i < variants.size(); ++i)
    if (const std::string in = first_cohort(variants.at(i)["cohorts"], cohorts, request, salt, why); !in.empty()) {
      out.variant = i;
      out.why = fmt::format("cohort {}: {}", in, why);
      return out;
    }
  if (test["among"].size() > 0 && first_cohort(test["among"], cohorts, request, salt, why).empty()) {
    out.why = "takes no part: " + why;
    return out;
  }
  const auto key = plan::read_source(test["key"]);
  const auto said = key ? request(*key) : std::nullopt;
  if (!said) {
    out.why = key ? fmt::format("{} is not there: drawn anew for each request", plan::to_text(*key))
                  : std::string("no variant's cohort names him");
    return out;
  }
  out.bucket = base::user_bucket(*said, salt);
  choose_by_bucket(variants, out);
  return out;
}

}  // namespace

UserVariant variant_of(const Value& release, const std::map<std::string, plan::Cohort>& cohorts,
                       const plan::Request& request, const std::string& salt) {
  UserVariant out = assigned(release["spec"]["strategy"]["abTest"], cohorts, request, salt);
  const State state = read_state(release["status"]);
  if (out.variant && *out.variant < state.variants.size() && state.variants[*out.variant].stopped_at) {
    out.stopped = true;
    out.why += "; " + state.variants[*out.variant].message;
  }
  return out;
}

}  // namespace slipway::delivery
