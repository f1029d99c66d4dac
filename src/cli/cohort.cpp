// cohort who, cohort preview: who is in, from the same functions that let users in.
#include "cli/cohort.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/kinds/release_rules.h"
#include "api/meta.h"
#include "api/route_marks.h"
#include "base/user_bucket.h"
#include "cli/cohort_user.h"
#include "cli/exit.h"
#include "cli/print.h"
#include "delivery/plan/compile_variants.h"
#include "delivery/state.h"
#include "delivery/who.h"

namespace slipway::cli {
namespace {

using base::Code;
using data::Value;
using delivery::CohortSays;
using delivery::plan::Cohort;
using delivery::plan::CohortSpecs;
using delivery::plan::GrayParts;
using delivery::plan::Source;

// --- releases ---------------------------------------------------------------------------------------------

bool is_test(const Value& release) { return release["spec"]["strategy"]["abTest"].is_object(); }
bool is_gray(const Value& release) { return release["spec"]["strategy"]["gray"].is_object(); }

// A Release with what decides over its users: gray, or an A/B test, which has cohorts but no batches.
struct Divided {
  Value release;
  GrayParts parts;
  std::string salt;
};

std::string salt_of(const Value& release, const Value& route) {
  const std::string name = release["spec"]["traffic"]["route"].str();
  return base::sticky_salt(api::annotation(route, std::string(api::kStickySalt)), api::space_of(release), name);
}

base::Result<Divided> divided_of(const Value& release, const Value& route, const CohortSpecs& cohorts) {
  std::vector<base::Cause> problems;
  Divided out{.release = release, .salt = salt_of(release, route)};
  if (is_test(release)) {
    out.parts.cohorts = delivery::plan::read_test_cohorts(release, cohorts, problems);
    out.parts.cohorts[""].key = delivery::plan::read_source(release["spec"]["strategy"]["abTest"]["key"]);
  } else {
    out.parts = delivery::plan::read_gray(release, cohorts, problems);
  }
  if (problems.empty()) return out;
  return std::unexpected(base::Error{.code = Code::Invalid,
                                     .message = fmt::format("Release {} cannot be read", api::name_of(release)),
                                     .causes = std::move(problems)});
}

base::Result<std::vector<Divided>> divided_in(Setting& s, const std::string& only) {
  const auto cohorts = cohorts_in(s);
  if (!cohorts) return std::unexpected(cohorts.error());
  std::vector<Value> releases;
  if (only.empty()) {
    const auto all = s.api.list(api::kReleases);
    if (!all) return std::unexpected(all.error());
    for (const Value& release : (*all)["items"].items())
      if (is_gray(release) || is_test(release)) releases.push_back(release);
  } else {
    const auto one = s.api.get(api::kReleases, only);
    if (!one) return std::unexpected(one.error());
    if (!is_gray(*one) && !is_test(*one))
      return base::fail(Code::BadRequest, fmt::format("Release {} is no gray release and no A/B test", only));
    releases.push_back(*one);
  }
  if (releases.empty())
    return base::fail(Code::NotFound, "there is no gray Release and no A/B test in namespace " + s.api.space());
  std::vector<Divided> out;
  for (const Value& release : releases) {
    const Value& traffic = release["spec"]["traffic"];
    const bool http = traffic["kind"].as_string("HTTPRoute") == "HTTPRoute";
    const auto route = http ? s.api.get(api::kHttpRoutes, traffic["route"].str()) : base::Result<Value>(Value());
    auto gray = divided_of(release, route.value_or(Value()), *cohorts);
    if (!gray) return std::unexpected(gray.error());
    out.push_back(*std::move(gray));
  }
  return out;
}

std::vector<Cohort> all_cohorts(const std::vector<Divided>& releases) {
  std::vector<Cohort> out;
  for (const Divided& release : releases)
    for (const auto& [name, cohort] : release.parts.cohorts) out.push_back(cohort);
  return out;
}

// --- who --------------------------------------------------------------------------------------------------

std::string grant_text(const CohortSays& says) { return to_text(says.grant); }

// Keys and attributes may be read in different places by different cohorts, so each has a request of its own.
delivery::plan::Request any_request(const Divided& release, const User& user) {
  return [&](const Source& source) -> std::optional<std::string> {
    for (const auto& [name, cohort] : release.parts.cohorts)
      if (auto value = request_of(user, cohort)(source)) return value;
    return std::nullopt;
  };
}

// A user's place, each cohort asked with what it reads.
delivery::UserPlace place_in(const Divided& gray, const User& user) {
  return delivery::place_of(gray.release, gray.parts, any_request(gray, user), gray.salt);
}

delivery::UserVariant variant_in(const Divided& test, const User& user) {
  return delivery::variant_of(test.release, test.parts.cohorts, any_request(test, user), test.salt);
}

std::string variant_name(const Divided& test, std::size_t i) {
  return test.release["spec"]["strategy"]["abTest"]["variants"].at(i)["name"].str();
}

std::string variant_text(const Divided& test, const delivery::UserVariant& place) {
  const bool under_way = test.release["status"]["variants"].size() > 0;
  std::string gets = place.variant ? "variant " + variant_name(test, *place.variant) : "the stable version";
  if (place.stopped) gets = "the stable version in place of " + gets;
  return fmt::format("{}  {} {}: {}\n", api::name_of(test.release),
                     under_way ? "gets" : "no test is under way; would get", gets, place.why);
}

Value variant_object(const Divided& test, const delivery::UserVariant& place) {
  Value out = Value::object({{"release", api::name_of(test.release)},
                             {"testUnderWay", test.release["status"]["variants"].size() > 0},
                             {"stopped", place.stopped},
                             {"why", place.why}});
  if (place.variant) out.set("variant", variant_name(test, *place.variant));
  if (place.bucket) out.set("bucket", *place.bucket);
  return out;
}

std::string batch_text(const Divided& gray, std::size_t index) {
  const Value& batches = gray.release["spec"]["strategy"]["gray"]["batches"];
  return fmt::format("batch {} of {} ({})", index + 1, gray.parts.batches.size(),
                     batches.at(index)["name"].str(gray.parts.batches[index].name));
}

std::string version_text(const delivery::State& state, bool candidate) {
  const auto& revision = candidate ? state.candidate : state.stable;
  if (!revision) return "the version that serves all";
  return fmt::format("revision {} ({})", revision->number, revision->images);
}

std::string place_text(const Divided& gray, const delivery::UserPlace& place) {
  const delivery::State state = delivery::read_state(gray.release["status"]);
  const bool candidate = place.candidate && state.candidate.has_value();
  std::string out = fmt::format("{}  gets {}", api::name_of(gray.release), version_text(state, candidate));
  if (candidate)
    out += place.let_in ? ": " + batch_text(gray, *place.batch) + " let him in" : ": everybody has it";
  else if (place.batch)
    out += (state.candidate ? "; the candidate comes with " : "; of a new version: with ") +
           batch_text(gray, *place.batch);
  else
    out += "; no batch names him, so that a new version comes when everybody gets it";
  out += "\n";
  TextTable table({"  COHORT", "IN", "WHY"});
  for (const CohortSays& says : place.cohorts) table.add({"  " + grant_text(says), says.in ? "yes" : "no", says.why});
  return out + table.text();
}

Value place_object(const Divided& gray, const delivery::UserPlace& place) {
  const delivery::State state = delivery::read_state(gray.release["status"]);
  Value cohorts = Value::array();
  for (const CohortSays& says : place.cohorts) {
    Value one = Value::object(
        {{"cohort", says.grant.cohort}, {"share", says.grant.share.percent()}, {"in", says.in}, {"why", says.why}});
    if (says.bucket) one.set("bucket", *says.bucket);
    cohorts.push_back(std::move(one));
  }
  Value out = Value::object({{"release", api::name_of(gray.release)},
                             {"candidate", place.candidate && state.candidate.has_value()},
                             {"cohorts", cohorts}});
  const auto& revision = place.candidate && state.candidate ? state.candidate : state.stable;
  if (revision) out.set("revision", revision->number);
  if (place.batch) out.set("batch", static_cast<std::int64_t>(*place.batch) + 1);
  if (place.batch) out.set("letIn", place.let_in);
  return out;
}

bool is_whole(Format format) { return format == Format::Json || format == Format::Yaml; }

// --- preview ----------------------------------------------------------------------------------------------

struct Count {
  std::string name;
  std::size_t in = 0, fresh = 0;  // fresh: not by an earlier batch
};

std::vector<Count> count_cohorts(const CohortSpecs& specs, const std::vector<User>& users) {
  std::vector<Count> out;
  for (const auto& [name, spec] : specs) {
    const Cohort cohort = delivery::plan::read_cohort(name, spec);
    Count count{.name = name};
    for (const User& user : users)
      count.in += delivery::ask(cohort, delivery::plan::kWhole, request_of(user, cohort), name).in ? 1 : 0;
    out.push_back(count);
  }
  return out;
}

std::vector<Count> count_variants(const Divided& test, const std::vector<User>& users) {
  std::vector<Count> out;
  for (std::size_t i = 0; i < test.release["spec"]["strategy"]["abTest"]["variants"].size(); ++i)
    out.push_back({.name = variant_name(test, i)});
  out.push_back({.name = "(stable)"});
  for (const User& user : users) {
    Count& count = out[variant_in(test, user).variant.value_or(out.size() - 1)];
    ++count.in, ++count.fresh;
  }
  return out;
}

std::vector<Count> count_batches(const Divided& gray, const std::vector<User>& users) {
  std::vector<Count> out;
  for (std::size_t i = 0; i < gray.parts.batches.size(); ++i) out.push_back({.name = batch_text(gray, i)});
  for (const User& user : users)
    if (const auto batch = place_in(gray, user).batch) ++out[*batch].fresh;
  std::size_t sum = 0;
  for (Count& count : out) count.in = sum += count.fresh;
  out.push_back({"everybody", users.size(), users.size() - sum});
  return out;
}

std::string percent_text(std::size_t part, std::size_t whole) {
  return fmt::format("{:.1f} %", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

enum class Counted { Cohorts, Batches, Variants };

void print_counts(Setting& s, const std::vector<Count>& counts, std::size_t users, Counted what, Format format) {
  const bool batches = what == Counted::Batches;
  if (is_whole(format)) {
    Value list = Value::array();
    for (const Count& c : counts) {
      Value one = Value::object({{"name", c.name}, {"users", static_cast<std::int64_t>(c.in)}});
      if (batches) one.set("new", static_cast<std::int64_t>(c.fresh));
      list.push_back(std::move(one));
    }
    const Value all = Value::object({{"of", static_cast<std::int64_t>(users)},
                                     {batches                     ? "batches"
                                      : what == Counted::Variants ? "variants"
                                                                  : "cohorts",
                                      list}});
    return s.terminal.data(print_object(all, format));
  }
  TextTable table(batches
                      ? std::vector<std::string>{"BATCH", "NEW", "USERS", "OF ALL"}
                      : std::vector<std::string>{what == Counted::Variants ? "VARIANT" : "COHORT", "USERS", "OF ALL"});
  for (const Count& c : counts) {
    std::vector<std::string> row = {c.name};
    if (batches) row.push_back(std::to_string(c.fresh));
    row.push_back(std::to_string(c.in));
    row.push_back(percent_text(c.in, users));
    table.add(std::move(row));
  }
  s.terminal.data(table.text());
}

void warn_of_keyless(Setting& s, const std::vector<User>& users, const std::vector<Cohort>& cohorts) {
  if (const std::string warning = keyless(users, cohorts); !warning.empty()) s.terminal.talk("warning: " + warning);
}

std::vector<Cohort> read_all(const CohortSpecs& specs) {
  std::vector<Cohort> out;
  for (const auto& [name, spec] : specs) out.push_back(delivery::plan::read_cohort(name, spec));
  return out;
}

base::Result<void> check_cohorts(const Manifests& manifests) {
  for (const Manifest& m : manifests.documents) {
    const Value& v = m.content.value;
    if (v["kind"].as_string() != "Cohort") continue;
    std::vector<base::Cause> wrong;
    api::check_cohort(v, data::kNull, wrong);
    if (!wrong.empty())
      return std::unexpected(base::Error{.code = Code::Invalid,
                                         .message = fmt::format("{}: Cohort {} is invalid", m.source, api::name_of(v)),
                                         .causes = std::move(wrong)});
  }
  return {};
}

ExitCode preview_files(Setting& s, const CohortPreview& preview, const std::vector<User>& users) {
  const Manifests manifests = load_manifests(preview.files);
  for (const Problem& problem : manifests.problems) s.terminal.talk("error: " + to_text(problem));
  if (!manifests.problems.empty()) return ExitCode::Usage;
  if (const auto ok = check_cohorts(manifests); !ok) return tell(s, ok.error());
  for (const Manifest& m : manifests.documents) {
    const Value& v = m.content.value;
    if (v["kind"].as_string() != "Release" || !is_gray(v) ||
        (!preview.release.empty() && api::name_of(v) != preview.release))
      continue;
    const auto gray = divided_of(v, Value(), cohorts_among(manifests, api::space_of(v)));
    if (!gray) return tell(s, gray.error());
    warn_of_keyless(s, users, all_cohorts({*gray}));
    print_counts(s, count_batches(*gray, users), users.size(), Counted::Batches, preview.format);
    return ExitCode::Reached;
  }
  if (!preview.release.empty())
    return tell(s, {.code = Code::NotFound, .message = "no gray Release " + preview.release + " among the documents"});
  warn_of_keyless(s, users, read_all(cohorts_among(manifests, "")));
  print_counts(s, count_cohorts(cohorts_among(manifests, ""), users), users.size(), Counted::Cohorts, preview.format);
  return ExitCode::Reached;
}

}  // namespace

base::Result<CohortSpecs> cohorts_in(Setting& s) {
  const auto all = s.api.list(api::kCohorts);
  if (!all && all.error().code == Code::NotFound) return CohortSpecs{};
  if (!all) return std::unexpected(all.error());
  CohortSpecs out;
  for (const Value& cohort : (*all)["items"].items()) out[std::string(api::name_of(cohort))] = cohort["spec"];
  return out;
}

CohortSpecs cohorts_among(const Manifests& manifests, std::string_view space) {
  CohortSpecs out;
  for (const Manifest& m : manifests.documents) {
    const Value& v = m.content.value;
    if (v["kind"].as_string() == "Cohort" && (space.empty() || api::space_of(v).empty() || api::space_of(v) == space))
      out[std::string(api::name_of(v))] = v["spec"];
  }
  return out;
}

ExitCode run(Setting& s, const CohortWho& who) {
  const auto user = user_of(who);
  if (!user) return tell(s, user.error());
  const auto grays = divided_in(s, who.release);
  if (!grays) return tell(s, grays.error());
  for (const std::string& warning : unread(*user, all_cohorts(*grays))) s.terminal.talk("warning: " + warning);
  if (is_whole(who.format)) {
    Value list = Value::array();
    for (const Divided& one : *grays)
      list.push_back(is_test(one.release) ? variant_object(one, variant_in(one, *user))
                                          : place_object(one, place_in(one, *user)));
    s.terminal.data(print_object(Value::object({{"user", who.user}, {"releases", list}}), who.format));
    return ExitCode::Reached;
  }
  std::string text;
  for (const Divided& one : *grays)
    text += (text.empty() ? "" : "\n") +
            (is_test(one.release) ? variant_text(one, variant_in(one, *user)) : place_text(one, place_in(one, *user)));
  s.terminal.data(text);
  return ExitCode::Reached;
}

ExitCode run(Setting& s, const CohortPreview& preview) {
  const auto users = read_users(preview.users);
  if (!users) return tell(s, users.error());
  if (!preview.files.empty()) return preview_files(s, preview, *users);
  if (preview.release.empty()) {
    const auto cohorts = cohorts_in(s);
    if (!cohorts) return tell(s, cohorts.error());
    if (cohorts->empty())
      return tell(s, {.code = Code::NotFound, .message = "there is no Cohort in namespace " + s.api.space()});
    warn_of_keyless(s, *users, read_all(*cohorts));
    print_counts(s, count_cohorts(*cohorts, *users), users->size(), Counted::Cohorts, preview.format);
    return ExitCode::Reached;
  }
  const auto grays = divided_in(s, preview.release);
  if (!grays) return tell(s, grays.error());
  warn_of_keyless(s, *users, all_cohorts(*grays));
  const bool test = is_test(grays->front().release);
  print_counts(s, test ? count_variants(grays->front(), *users) : count_batches(grays->front(), *users), users->size(),
               test ? Counted::Variants : Counted::Batches, preview.format);
  return ExitCode::Reached;
}

}  // namespace slipway::cli
