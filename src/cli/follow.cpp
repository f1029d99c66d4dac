#include "cli/follow.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>

#include "api/meta.h"
#include "cli/evidence.h"
#include "cli/exit.h"
#include "cli/summary.h"
#include "data/selector.h"
#include "delivery/names.h"
#include "delivery/observe_config.h"
#include "delivery/plan/compile.h"
#include "delivery/plan/workload.h"
#include "view/text.h"

namespace slipway::cli {
namespace {

using base::Code;
using data::Value;

constexpr base::Duration kInterval = base::milliseconds(300);

// Failures that pass by themselves: the server restarts, or is elsewhere.
bool passes(const base::Error& error) {
  return error.code == Code::Unavailable || error.code == Code::Timeout || error.code == Code::TooManyRequests;
}

std::string ending(ExitCode code, const std::string& name) {
  switch (code) {
    case ExitCode::WaitsForPerson:
      return "release/" + name + " waits for a person (--until paused counts this as success)";
    case ExitCode::EndedBadly:
      return "release/" + name + " did not go through";
    case ExitCode::TimedOut:
      return "the wait is over; release/" + name + " goes on";
    case ExitCode::Interrupted:
      return "interrupted; release/" + name + " goes on";
    default:
      return {};
  }
}

// Why the wait ends with anything but success, with its exit code.
std::string advice(ExitCode code, const std::string& name) {
  const std::string text = ending(code, name);
  return text.empty() ? text : fmt::format("exit {}: {}", static_cast<int>(code), text);
}

}  // namespace

namespace {

// The objects of a list; nothing when the request fails.
base::Result<std::vector<Value>> items_of(base::Result<Value> list) {
  if (!list) return std::unexpected(std::move(list.error()));
  const auto items = (*list)["items"].items();
  return std::vector<Value>(items.begin(), items.end());
}

// Those of the Deployment, and those that the Release holds: they have left its selector (docs/decisions/0005).
base::Result<std::vector<Value>> replica_sets_of(Setting& s, const Sight& sight, const std::string& selector) {
  auto sets = items_of(s.api.list(api::kReplicaSets, selector));
  if (!sets || !sight.has_release()) return sets;
  const std::string release(api::name_of(sight.objects.release));
  auto held = items_of(s.api.list(api::kReplicaSets, fmt::format("{}={}", delivery::kReleaseLabel, release)));
  if (!held) return held;
  for (Value& set : *held)
    if (std::ranges::none_of(*sets, [&](const Value& known) { return api::uid_of(known) == api::uid_of(set); }))
      sets->push_back(std::move(set));
  return sets;
}

// Pods of a rejected version that are kept have lost the labels of their workload.
std::vector<Value> kept_pods(Setting& s, const Sight& sight) {
  if (sight.objects.release["status"]["keptPods"].size() == 0) return {};
  const std::string_view name = api::name_of(sight.objects.release);
  return items_of(s.api.list(api::kPods, fmt::format("{}={}", delivery::kKeptLabel, name)))
      .value_or(std::vector<Value>());
}

base::Result<void> fill(Setting& s, Sight& sight) {
  const auto selector = data::LabelSelector::from_value(sight.deployment["spec"]["selector"]);
  if (!selector) return std::unexpected(selector.error());
  auto pods = items_of(s.api.list(api::kPods, selector->text()));
  if (const auto kept = kept_pods(s, sight); pods) pods->insert(pods->end(), kept.begin(), kept.end());
  const bool in_place = delivery::plan::is_in_place(delivery::plan::target_kind_of(sight.objects.release));
  auto sets = !pods ? pods : in_place ? std::vector<Value>() : replica_sets_of(s, sight, selector->text());
  const bool reads_kept = in_place || delivery::has_versioned_config(sight.objects.release) ||
                          sight.objects.release["status"]["rejected"].is_object();
  auto revisions = reads_kept && sets ? items_of(s.api.list(api::kControllerRevisions)) : std::vector<Value>();
  if (!revisions) return std::unexpected(std::move(revisions.error()));
  sight.objects.revisions = std::move(*revisions);
  auto runs = sets && sight.has_release() ? items_of(s.api.list(api::kAnalysisRuns)) : std::vector<Value>();
  if (!sets || !runs) return std::unexpected(std::move(!sets ? sets.error() : runs.error()));
  const std::string_view uid = api::uid_of(sight.objects.release);
  std::erase_if(*runs, [&](const Value& run) { return api::controller_of(run)["uid"].as_string() != uid; });
  sight.objects.pods = std::move(*pods), sight.objects.replica_sets = std::move(*sets),
  sight.objects.runs = std::move(*runs);
  return {};
}

// The object, or null when it is not there.
base::Result<Value> get_if_there(Setting& s, const api::Resource& resource, const std::string& name) {
  auto object = s.api.get(resource, name);
  if (!object && object.error().code == Code::NotFound) return Value();
  return object;
}

// A job whose summary cannot be written has still released.
void summarise(Setting& s, const Until& until, const Sight& last, const std::string& ended) {
  const std::string path = summary_path(until);
  if (path.empty() || (!last.has_release() && last.deployment.is_null())) return;
  if (const auto done = append_summary(path, last, ended); !done) s.terminal.talk(done.error().message);
}

// To know how long steps last. Not everybody may read them, and without them less is known.
std::vector<Value> templates_of(Setting& s, const Value& release) {
  std::vector<Value> out;
  if (delivery::plan::analyses_of(release["spec"]).empty() || !release["status"]["candidate"].is_object()) return out;
  for (const api::Resource& kind : {api::kAnalysisTemplates, api::kClusterAnalysisTemplates})
    if (auto found = items_of(s.api.list(kind))) std::ranges::move(*found, std::back_inserter(out));
  return out;
}

}  // namespace

base::Result<Sight> look(Setting& s, const std::string& name) {
  auto release = get_if_there(s, api::kReleases, name);
  if (!release) return std::unexpected(std::move(release.error()));
  const api::Resource& kind = delivery::plan::resource_of(delivery::plan::target_kind_of(*release));
  auto deployment = get_if_there(s, kind, (*release)["spec"]["target"]["name"].str(name));
  if (!deployment) return std::unexpected(std::move(deployment.error()));
  if (release->is_null() && deployment->is_null())
    return base::fail(Code::NotFound,
                      "there is neither a Release nor a Deployment \"" + name + "\" in namespace " + s.api.space());
  Sight sight{.objects = {.release = *release, .deployment = *deployment}, .deployment = *deployment};
  if (!deployment->is_null())
    if (const auto filled = fill(s, sight); !filled) return std::unexpected(filled.error());
  std::map<std::string, Value> config_maps;
  for (const std::string& config_map : delivery::config_maps_of(*release, *deployment)) {
    auto found = get_if_there(s, api::kConfigMaps, config_map);
    if (!found) return std::unexpected(std::move(found.error()));
    config_maps[config_map] = *std::move(found);
  }
  sight.objects.templates = templates_of(s, *release);
  sight.asked_template = delivery::asked_template_of(*release, *deployment, config_maps);
  sight.now = s.api.now();
  return sight;
}

namespace {

// What is left to say when the wait ends.
std::string ending_text(ExitCode code, const Sight& last, const std::string& name) {
  const std::string trouble = code == ExitCode::EndedBadly ? hopeless(last) : "";
  if (trouble.empty()) return advice(code, name);
  return fmt::format("exit {}: waiting is in vain: {}\nrelease/{} goes on when that is mended", static_cast<int>(code),
                     view::one_line(trouble), name);
}

// What somebody has mended a moment ago may not have been seen by the controllers yet.
constexpr base::Duration kSecondLook = base::seconds(3);
bool may_be_mended(const Until& until, const Sight& sight) {
  return until.goal != Until::Goal::Now && judge(sight) != Verdict::RolledBack;
}

}  // namespace

ExitCode follow(Setting& s, const std::string& name, const Until& until, Format format, Printed printed) {
  const std::unique_ptr<Show> show = make_show(s, name, format, printed);
  const base::Time start = s.api.now();
  LogEvidence evidence;
  for (Sight last;;) {
    auto sight = look(s, name);
    if (sight) evidence.add_to(s, *sight);
    if (!sight && sight.error().code == Code::Canceled)
      return s.terminal.talk(advice(ExitCode::Interrupted, name)), ExitCode::Interrupted;
    if (!sight && !passes(sight.error())) return tell(s, sight.error());
    std::optional<ExitCode> code;
    if (sight) {
      if (const std::string why = impossible(until, *sight); !why.empty())
        return tell(s, {.code = Code::BadRequest, .message = why});
      show->show(last = *sight);
      code = reached(until, last);
      if (code == ExitCode::EndedBadly && s.api.now() - start < kSecondLook && may_be_mended(until, last)) code.reset();
    } else {
      show->away(sight.error().message);
    }
    if (!code && until.timeout > base::Duration::zero() && s.api.now() - start >= until.timeout)
      code = ExitCode::TimedOut;
    if (!code && !show->rest(kInterval)) code = ExitCode::Interrupted;
    if (!code) continue;
    if (last.is_something()) show->end(last);
    const std::string text = ending_text(*code, last, name);
    if (!text.empty()) s.terminal.talk(text);
    summarise(s, until, last, text);
    return *code;
  }
}

}  // namespace slipway::cli
