#include "cli/versions.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/meta.h"
#include "base/strings.h"
#include "cli/target.h"
#include "control/pod_template.h"
#include "delivery/names.h"
#include "delivery/state.h"

namespace slipway::cli {
namespace {

using base::Code;
using data::Value;

std::set<std::int64_t> numbers_in(const Value& status, std::string_view hash) {
  std::set<std::int64_t> out;
  const auto look_at = [&](const Value& revision) {
    if (revision["hash"].as_string() == hash) out.insert(revision["revision"].as_int());
  };
  for (const char* field : {"stable", "candidate", "rejected"}) look_at(status[field]);
  for (const Value& entry : status["history"].items()) look_at(entry);
  return out;
}

bool belongs_to(const Value& replica_set, const std::string& deployment) {
  return std::ranges::any_of(replica_set["metadata"]["ownerReferences"].items(), [&](const Value& ref) {
    return ref["kind"] == "Deployment" && ref["name"] == deployment;
  });
}

}  // namespace

Versions::Versions(const Value& release, const std::vector<Value>& kept, const std::vector<Value>& sets)
    : newest_(delivery::newest_number(delivery::read_state(release["status"]))) {
  const auto take = [&](const Value& object, std::int64_t number, const Value& pod_template, const Value& config) {
    const std::string hash(api::label(object, control::kTemplateHashLabel));
    if (hash.empty() || !pod_template.is_object()) return;
    ReadableVersion version{hash, numbers_in(release["status"], hash), control::without_hash_label(pod_template),
                            config};
    if (number > 0) version.numbers.insert(number);
    add(std::move(version));
  };
  for (const Value& one : kept) take(one, one["revision"].as_int(), one["data"]["template"], one["data"]["config"]);
  for (const Value& set : sets)
    take(set, base::parse_int(api::annotation(set, delivery::kRevisionAnnotation)).value_or(0), set["spec"]["template"],
         Value());
}

// The first that tells of it counts; its numbers are those that anybody knows.
void Versions::add(ReadableVersion version) {
  if (!version.numbers.empty()) newest_ = std::max(newest_, *version.numbers.rbegin());
  const auto known = std::ranges::find(all_, version.hash, &ReadableVersion::hash);
  if (known == all_.end())
    all_.push_back(std::move(version));
  else
    known->numbers.merge(version.numbers);
}

const ReadableVersion* Versions::with_hash(std::string_view hash) const {
  const auto found = std::ranges::find(all_, hash, &ReadableVersion::hash);
  return found == all_.end() ? nullptr : &*found;
}

const ReadableVersion* Versions::with_number(std::int64_t number) const {
  const auto found = std::ranges::find_if(all_, [&](const ReadableVersion& v) { return v.numbers.contains(number); });
  return found == all_.end() ? nullptr : &*found;
}

std::string Versions::what_there_is() const {
  std::set<std::int64_t> numbers;
  for (const ReadableVersion& v : all_) numbers.insert(v.numbers.begin(), v.numbers.end());
  return numbers.empty() ? "none is kept: apply the manifest that you want"
                         : fmt::format("there are {}", fmt::join(numbers, ", "));
}

std::string Versions::why_not(std::int64_t number) const {
  if (newest_ == 0) return "it has brought out nothing yet";
  if (number < 1 || number > newest_)
    return fmt::format("there has never been a revision {}; the newest is {}", number, newest_);
  return fmt::format("revision {} is not kept any more; {}", number, what_there_is());
}

base::Result<Versions> read_versions(Setting& s, const Value& release) {
  const auto kept =
      s.api.list(api::kControllerRevisions, fmt::format("{}={}", delivery::kReleaseLabel, api::name_of(release)));
  if (!kept && kept.error().code != Code::Forbidden) return std::unexpected(kept.error());
  const auto sets = s.api.list(api::kReplicaSets);
  if (!sets) return std::unexpected(sets.error());
  std::vector<Value> revisions, own_sets;
  if (kept)
    for (const Value& one : (*kept)["items"].items()) revisions.push_back(one);
  for (const Value& set : (*sets)["items"].items())
    if (belongs_to(set, name_of_target(release))) own_sets.push_back(set);
  return Versions(release, revisions, own_sets);
}

}  // namespace slipway::cli
