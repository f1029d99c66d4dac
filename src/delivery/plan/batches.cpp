#include "delivery/plan/batches.h"

#include <fmt/format.h>

#include <algorithm>
#include <bitset>
#include <compare>
#include <functional>
#include <set>

#include "base/strings.h"
#include "delivery/plan/request_classes.h"

namespace slipway::delivery::plan {
namespace {

using expr::Comparison;

// What a combination of classes gets: its share, and the batch that gave it.
struct Given {
  Share share;
  std::string batch = kOthers;
  bool operator==(const Given&) const = default;
};

// A combination: for each source the index of a class.
using Combination = std::vector<std::size_t>;

Comparison one_of(std::vector<std::string> values) {
  return {.how = Comparison::How::OneOf, .values = std::move(values)};
}
Comparison below(std::int64_t bound) { return {.how = Comparison::How::Between, .least = 0, .most = bound - 1}; }

// --- what is asked about requests -------------------------------------------------------------------------

struct Space {
  std::vector<Source> sources;
  std::vector<std::vector<RequestClass>> classes;  // of each source
  const RequestClass& at(const Combination& c, const Source& s) const {
    const auto i = static_cast<std::size_t>(std::ranges::find(sources, s) - sources.begin());
    return classes[i][c[i]];
  }
};

// Shares of a cohort's users that a bucket in a header decides.
std::set<std::int64_t> bounds_of(const Cohort& cohort, Share grant) {
  std::set<std::int64_t> out;
  for (const Share share : {cohort.share, kWhole})
    if (const Share part = part_of(share, grant); part > kNone && part < kWhole) out.insert(part.points);
  return out;
}

void ask(const Cohort& cohort, Share grant, std::map<Source, Questions>& out) {
  if (cohort.match)
    cohort.match->visit([&](const Comparison& c) { out[source_of(cohort, c)].comparisons.push_back(c); });
  if (!cohort.key) return;
  Questions& key = out[*cohort.key];
  key.presence = true;
  for (const auto* list : {&cohort.users, &cohort.except})
    if (!list->empty()) key.comparisons.push_back(one_of(*list));
  if (cohort.bucket)
    for (const std::int64_t bound : bounds_of(cohort, grant)) out[*cohort.bucket].comparisons.push_back(below(bound));
}

Space space_of(const std::vector<Batch>& batches, const std::map<std::string, Cohort>& cohorts, std::string& problem) {
  std::map<Source, Questions> questions;
  for (const Batch& batch : batches)
    for (const Grant& grant : batch.grants) ask(cohorts.at(grant.cohort), grant.share, questions);
  Space out;
  for (const auto& [source, asked] : questions) {
    out.sources.push_back(source);
    out.classes.push_back(classes_of(source, asked, problem));
  }
  return out;
}

std::vector<Combination> combinations(const Space& space, std::string& problem) {
  std::vector<Combination> out = {Combination(space.sources.size(), 0)};
  for (std::size_t i = 0; i < space.sources.size(); ++i) {
    std::vector<Combination> more;
    for (const Combination& c : out)
      for (std::size_t k = 0; k < space.classes[i].size(); ++k) (more.emplace_back(c))[i] = k;
    out = std::move(more);
    if (out.size() > kMostCombinations) {
      problem = fmt::format(
          "what the cohorts compare makes more than {} combinations of values to tell apart: let them look at fewer "
          "headers, cookies and query parameters, or put the answer into one header before it reaches the router",
          kMostCombinations);
      return {};
    }
  }
  return out;
}

// --- who gets what ----------------------------------------------------------------------------------------

Share share_of(const Space& space, const Combination& c, const Cohort& cohort, Share grant) {
  const auto key_holds = [&](const std::vector<std::string>& list) {
    return cohort.key && !list.empty() && space.at(c, *cohort.key).holds(one_of(list));
  };
  const Facts facts{
      .has_key = cohort.key && space.at(c, *cohort.key).present,
      .is_user = key_holds(cohort.users),
      .is_excepted = key_holds(cohort.except),
      .holds = [&](const Comparison& asked) { return space.at(c, source_of(cohort, asked)).holds(asked); }};
  const Share part = let_in(membership(cohort, facts), grant);
  if (!cohort.bucket || part == kNone || part == kWhole) return part;
  return space.at(c, *cohort.bucket).holds(below(part.points)) ? kWhole : kNone;
}

// After all these batches.
Given given_to(const Space& space, const Combination& c, const std::vector<Batch>& batches, std::size_t count,
               const std::map<std::string, Cohort>& cohorts) {
  Given out{kNone};
  for (std::size_t i = 0; i < count; ++i)
    for (const Grant& grant : batches[i].grants)
      if (const Share share = share_of(space, c, cohorts.at(grant.cohort), grant.share); share > out.share)
        out = {share, batches[i].name};
  return out;
}

// --- matches ----------------------------------------------------------------------------------------------

bool fits(const Space& space, const Combination& request, const Combination& match) {
  for (std::size_t i = 0; i < match.size(); ++i)
    if (request[i] != match[i] && !also_fits(space.classes[i][request[i]], space.classes[i][match[i]])) return false;
  return true;
}

// One condition of each source is as good as any: they are counted.
Conditions some_conditions(const Space& space, const Combination& c) {
  Conditions out;
  for (std::size_t i = 0; i < c.size(); ++i)
    if (const auto& alternatives = space.classes[i][c[i]].conditions; !alternatives.empty())
      out.push_back(alternatives.front());
  return out;
}

// As routers count, and then by how narrow each condition is.
using Weight = std::pair<Precedence, std::size_t>;
Weight weight_of(const Space& space, const Combination& c) {
  std::size_t narrow = 0;
  for (std::size_t i = 0; i < c.size(); ++i)
    if (!space.classes[i][c[i]].conditions.empty()) narrow += 1000 + c[i];
  return {precedence(some_conditions(space, c)), narrow};
}

using Set = std::bitset<kMostCombinations>;

// All combinations, the most specific first, each as requests and as the match that names them. The last one asks for
// nothing.
struct World {
  Space space;
  std::vector<Combination> all;
  std::vector<Precedence> conditions;
  std::vector<Set> matches_of;   // by request: what fits it
  std::vector<Set> requests_of;  // by match: what it fits
};

World world_of(Space space, std::string& problem) {
  World out{.space = std::move(space)};
  out.all = combinations(out.space, problem);
  std::ranges::stable_sort(out.all, std::greater<>(), [&](const Combination& c) { return weight_of(out.space, c); });
  for (const Combination& c : out.all) out.conditions.push_back(precedence(some_conditions(out.space, c)));
  out.matches_of.resize(out.all.size());
  out.requests_of.resize(out.all.size());
  for (std::size_t request = 0; request < out.all.size(); ++request)
    for (std::size_t match = 0; match < out.all.size(); ++match)
      if (fits(out.space, out.all[request], out.all[match])) {
        out.matches_of[request].set(match);
        out.requests_of[match].set(request);
      }
  return out;
}

// Takes a match away when all requests get the same without it. True: it is gone.
bool take_away(const World& world, const std::vector<Given>& given, std::size_t match, Set& kept) {
  Set without = kept;
  without.reset(match);
  for (std::size_t request = 0; request < world.all.size(); ++request)
    if (world.requests_of[match].test(request) &&
        given[(world.matches_of[request] & without)._Find_first()] != given[request])
      return false;
  kept = without;
  return true;
}

// The matches without which some request would get something else. Those are tried first that say what is said to
// everybody, and of them the most specific; the last match, which asks for nothing, always stays.
std::vector<std::size_t> needed(const World& world, const std::vector<Given>& given) {
  Set kept;
  for (std::size_t i = 0; i < world.all.size(); ++i) kept.set(i);
  for (bool changed = true; changed;) {
    changed = false;
    for (const bool as_everybody : {true, false})
      for (std::size_t i = 0; i + 1 < world.all.size(); ++i)
        if (kept.test(i) && (given[i] == given.back()) == as_everybody) changed |= take_away(world, given, i, kept);
  }
  std::vector<std::size_t> out;
  for (std::size_t i = kept._Find_first(); i < kept.size(); i = kept._Find_next(i)) out.push_back(i);
  return out;
}

using Groups = std::vector<std::vector<std::size_t>>;

// What a router gives that counts as the Gateway API does: the match with the most conditions, then the first group.
Given answer(const World& world, const Groups& groups, const std::vector<Given>& given, std::size_t request) {
  const std::size_t everybody = world.all.size() - 1;
  std::size_t best = everybody;
  for (const auto& group : groups)
    for (const std::size_t m : group)
      if (world.matches_of[request].test(m) && world.conditions[m] > world.conditions[best]) best = m;
  return given[best];
}

bool is_exact(const World& world, const Groups& groups, const std::vector<Given>& given) {
  for (std::size_t request = 0; request < world.all.size(); ++request)
    if (answer(world, groups, given, request) != given[request]) return false;
  return true;
}

// Puts a later group into an earlier one that gives the same, or the other way round. False: neither can be.
bool merge_two(const World& world, Groups& groups, const std::vector<Given>& given) {
  for (std::size_t i = 0; i < groups.size(); ++i)
    for (std::size_t k = i + 1; k < groups.size(); ++k) {
      if (given[groups[i].front()] != given[groups[k].front()]) continue;
      for (const auto& [into, from] : {std::pair(i, k), std::pair(k, i)}) {
        Groups merged = groups;
        merged[into].insert(merged[into].end(), groups[from].begin(), groups[from].end());
        merged.erase(merged.begin() + static_cast<std::ptrdiff_t>(from));
        if (!is_exact(world, merged, given)) continue;
        groups = std::move(merged);
        return true;
      }
    }
  return false;
}

// Matches that get the same, together where their order allows it: a route has room for few rules.
Groups grouped(const World& world, const std::vector<std::size_t>& matches, const std::vector<Given>& given) {
  Groups out;
  for (const std::size_t m : matches) {
    if (out.empty() || given[out.back().front()] != given[m]) out.emplace_back();
    out.back().push_back(m);
  }
  while (merge_two(world, out, given)) continue;
  for (auto& group : out) std::ranges::sort(group);
  return out;
}

// --- as audiences -----------------------------------------------------------------------------------------

// Two cookies in any order, as one expression for the header that holds both.
std::string both(const Condition& a, const Condition& b) {
  const auto one = [](const Condition& c) {
    return escape_expression(c.name) + "=" + (c.regex ? "(" + c.value + ")" : escape_expression(c.value));
  };
  const std::string before = R"((.*;[ \t]*)?)", between = R"([ \t]*;(.*;)?[ \t]*)", after = R"(([ \t]*;.*)?)";
  return before + "(" + one(a) + between + one(b) + "|" + one(b) + between + one(a) + ")" + after;
}

Conditions with_one_cookie(const Conditions& conditions, std::string& problem) {
  Conditions out, cookies;
  for (const Condition& c : conditions) (c.of == Condition::Of::Cookie ? cookies : out).push_back(c);
  if (cookies.size() > 2) problem = "more than two cookies have to be looked at together, and a match can hold two";
  if (cookies.size() == 1) out.push_back(cookies.front());
  if (cookies.size() == 2) out.push_back({Condition::Of::Header, "cookie", true, both(cookies[0], cookies[1])});
  return out;
}

// Every alternative of every class.
std::vector<Conditions> conditions_of(const Space& space, const Combination& c, std::string& problem) {
  std::vector<Conditions> out = {{}};
  for (std::size_t i = 0; i < c.size(); ++i) {
    const auto& alternatives = space.classes[i][c[i]].conditions;
    if (alternatives.empty()) continue;
    std::vector<Conditions> more;
    for (const Conditions& begun : out)
      for (const Condition& one : alternatives) (more.emplace_back(begun)).push_back(one);
    out = std::move(more);
  }
  for (Conditions& one : out) one = with_one_cookie(one, problem);
  return out;
}

// --- what a batch asks for --------------------------------------------------------------------------------

// Of each cohort the largest part that any of the batches gives.
std::vector<Grant> together(const std::vector<Batch>& batches, std::size_t count) {
  std::vector<Grant> out;
  for (std::size_t i = 0; i < count; ++i)
    for (const Grant& grant : batches[i].grants) {
      const auto known = std::ranges::find(out, grant.cohort, &Grant::cohort);
      if (known == out.end())
        out.push_back(grant);
      else
        known->share = std::max(known->share, grant.share);
    }
  return out;
}

Share load_of(const std::vector<Grant>& grants, const std::map<std::string, Cohort>& cohorts) {
  std::int64_t sum = 0, everybody = 0;
  for (const Grant& grant : grants) {
    const Cohort& cohort = cohorts.at(grant.cohort);
    if (grant.cohort.empty()) everybody = grant.share.points;
    if (cohort.expected) sum += part_of(*cohort.expected, part_of(cohort.share, grant.share)).points;
  }
  sum = std::min(sum, kWhole.points);
  return {sum + part_of({kWhole.points - sum}, {everybody}).points};  // and of all others the share of everybody
}

// What the router has to hash, where it is the router that tells users apart.
std::optional<Source> key_of(const std::vector<Grant>& grants, const std::map<std::string, Cohort>& cohorts,
                             std::string& problem) {
  std::optional<Source> out;
  for (const Grant& grant : grants) {
    const Cohort& cohort = cohorts.at(grant.cohort);
    if (!cohort.key || cohort.bucket || part_of(cohort.share, grant.share) == kWhole) continue;
    if (out && *out != *cohort.key)
      problem = fmt::format("parts of users are told apart by {} and by {}, and a route hashes one of them",
                            to_text(*out), to_text(*cohort.key));
    out = cohort.key;
  }
  return out;
}

Traffic traffic_after(const World& world, const std::vector<Batch>& batches, std::size_t count,
                      const std::map<std::string, Cohort>& cohorts, std::string& problem) {
  std::vector<Given> given;
  for (const Combination& c : world.all) given.push_back(given_to(world.space, c, batches, count, cohorts));
  std::vector<std::size_t> matches = needed(world, given);
  matches.pop_back();
  Traffic out{.share = given.back().share, .grants = together(batches, count)};
  for (const auto& group : grouped(world, matches, given)) {
    const Given& what = given[group.front()];
    Audience audience{.name = what.batch, .share = what.share, .any = {}};
    for (const std::size_t m : group)
      for (Conditions& one : conditions_of(world.space, world.all[m], problem)) audience.any.push_back(std::move(one));
    out.audiences.push_back(std::move(audience));
  }
  out.key = key_of(out.grants, cohorts, problem);
  out.load = load_of(out.grants, cohorts);
  return out;
}

}  // namespace

std::vector<Traffic> traffic_of(const std::vector<Batch>& batches, const std::map<std::string, Cohort>& cohorts,
                                std::string& problem) {
  Space space = space_of(batches, cohorts, problem);
  if (!problem.empty()) return {};
  const World world = world_of(std::move(space), problem);
  std::vector<Traffic> out;
  for (std::size_t count = 1; count <= batches.size() && problem.empty(); ++count)
    out.push_back(traffic_after(world, batches, count, cohorts, problem));
  return problem.empty() ? out : std::vector<Traffic>{};
}

}  // namespace slipway::delivery::plan
