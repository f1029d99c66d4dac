// logs: what pods write.
#include "cli/logs.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/meta.h"
#include "base/strings.h"
#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/follow.h"
#include "cli/target.h"
#include "client/https_client.h"
#include "control/pod_template.h"
#include "delivery/names.h"
#include "delivery/observe_in_place.h"
#include "delivery/state.h"

namespace slipway::cli {
namespace {

using base::Code;
using data::Value;

// --- which version ---------------------------------------------------------------------------------------------------

// Versions by the hash in the labels of their pods.
struct Wanted {
  std::int64_t revision = 0;
  std::vector<std::string> hashes;
};

std::string hash_of_revision(const Sight& sight, const delivery::State& s, std::int64_t number) {
  for (const auto& known :
       {s.candidate, s.stable, s.rejected ? std::optional<delivery::Revision>(*s.rejected) : std::nullopt})
    if (known && known->number == number) return known->hash;
  for (const delivery::VariantState& variant : s.variants)
    if (variant.number == number) return variant.hash;
  for (const Value& entry : s.history.items())
    if (entry["revision"].as_int() == number) return entry["hash"].str();
  for (const Value& set : sight.objects.replica_sets)
    if (base::parse_int(api::annotation(set, delivery::kRevisionAnnotation)) == number)
      return std::string(api::label(set, control::kTemplateHashLabel));
  return "";
}

base::Result<Wanted> wanted_version(const Sight& sight, const Logs& logs, std::optional<std::int64_t> revision) {
  const delivery::State s = delivery::read_state(sight.objects.release["status"]);
  if (revision) {
    const std::string hash = hash_of_revision(sight, s, *revision);
    if (hash.empty())
      return base::fail(Code::NotFound, fmt::format("release/{} remembers no revision {}",
                                                    api::name_of(sight.objects.release), *revision));
    return Wanted{*revision, {hash}};
  }
  if (logs.stable && s.stable) return Wanted{s.stable->number, {s.stable->hash}};
  if (logs.stable) return base::fail(Code::NotFound, "there is no stable version");
  if (!s.candidate && !s.rejected) return base::fail(Code::NotFound, "there is no candidate");
  const delivery::Revision& newest = s.candidate ? *s.candidate : *s.rejected;
  Wanted out{newest.number, {newest.hash}};
  for (const delivery::VariantState& variant : s.variants) out.hashes.push_back(variant.hash);
  return out;
}

bool is_of(const Value& pod, const Sight& sight, const std::string& hash) {
  const std::string_view placed = api::label(pod, delivery::kRevisionHashLabel);
  return api::label(pod, control::kTemplateHashLabel) == hash || placed == hash ||
         placed == fmt::format("{}-{}", api::name_of(sight.deployment), hash);
}

// One that is kept after a rollback has no other labels any more.
bool is_kept_of(const Value& pod, std::int64_t revision) {
  return api::label(pod, delivery::kKeptRevisionLabel) == std::to_string(revision);
}

std::string gone_text(const Sight& sight, const Wanted& wanted) {
  const Value& release = sight.objects.release;
  if (const Value& preview = release["status"]["preview"]; preview.is_object())
    return fmt::format("the pods of revision {} run in their preview: slipway get pods -n {}", wanted.revision,
                       preview["namespace"].as_string());
  return fmt::format(
      "revision {0} has no pods any more, and their logs went with them (spec.rollback.keepPods lets some stay after a "
      "rollback); what was measured and decided is kept: slipway explain {1}@{0} -n {2}",
      wanted.revision, api::name_of(release), api::space_of(release));
}

// --- reading ---------------------------------------------------------------------------------------------------------

LogSource source_of(const Value& pod, const Logs& logs) {
  const std::string first = pod["spec"]["containers"].at(0)["name"].str();
  return {std::string(api::name_of(pod)), logs.container.empty() ? first : logs.container};
}

base::Result<std::vector<LogSource>> find_sources(Setting& s, const Logs& logs) {
  if (logs.name.starts_with("pod/")) {
    const auto pod = s.api.get(api::kPods, logs.name.substr(4));
    if (!pod) return std::unexpected(pod.error());
    return std::vector{source_of(*pod, logs)};
  }
  std::string name = logs.name.substr(logs.name.find('/') + 1);  // of no slash: all of it
  const auto revision = take_revision(name);
  if (!revision) return std::unexpected(revision.error());
  const auto sight = look(s, name);
  if (!sight) return std::unexpected(sight.error());
  const auto pods = pods_for_logs(*sight, logs, *revision);
  if (!pods) return std::unexpected(pods.error());
  std::vector<LogSource> out;
  for (const Value& pod : *pods) out.push_back(source_of(pod, logs));
  return out;
}

}  // namespace

std::string log_path(const Setting& s, const LogSource& source, const Logs& logs) {
  const client::Request request{.verb = client::Verb::Get,
                                .resource = api::kPods,
                                .space = s.api.space(),
                                .name = source.pod,
                                .subresource = "log"};
  std::string query = "container=" + source.container;
  if (logs.follow) query += "&follow=true";
  if (logs.previous) query += "&previous=true";
  if (logs.tail >= 0) query += "&tailLines=" + std::to_string(logs.tail);
  return client::url_of(request) + "?" + query;
}

base::Result<std::vector<Value>> pods_for_logs(const Sight& sight, const Logs& logs,
                                               std::optional<std::int64_t> revision) {
  const bool all = !logs.canary && !logs.stable && !revision;
  if (all && sight.objects.pods.empty()) return base::fail(Code::NotFound, "there is no such pod");
  if (all) return sight.objects.pods;
  const auto wanted = wanted_version(sight, logs, revision);
  if (!wanted) return std::unexpected(wanted.error());
  std::vector<Value> out;
  for (const Value& pod : sight.objects.pods)
    if (is_kept_of(pod, wanted->revision) ||
        std::ranges::any_of(wanted->hashes, [&](const std::string& hash) { return is_of(pod, sight, hash); }))
      out.push_back(pod);
  if (out.empty()) return base::fail(Code::NotFound, gone_text(sight, *wanted));
  return out;
}

ExitCode run(Setting& s, const Logs& logs) {
  const auto sources = find_sources(s, logs);
  if (!sources) return tell(s, sources.error());
  std::vector<std::string> paths;
  for (const LogSource& source : *sources) paths.push_back(log_path(s, source, logs));
  std::vector<std::string> partial(sources->size());  // lines of several pods must not mix
  const bool prefix = sources->size() > 1;
  const auto write = [&](std::size_t i, std::string_view bytes) {
    partial[i] += bytes;
    for (std::size_t end; (end = partial[i].find('\n')) != std::string::npos; partial[i].erase(0, end + 1))
      s.terminal.data((prefix ? "[" + (*sources)[i].pod + "] " : "") + partial[i].substr(0, end + 1));
    return true;
  };
  const auto done = s.api.stream(paths, write);
  for (std::size_t i = 0; i < partial.size(); ++i)
    if (!partial[i].empty()) write(i, "\n");
  return done ? ExitCode::Reached : tell(s, done.error());
}

}  // namespace slipway::cli
