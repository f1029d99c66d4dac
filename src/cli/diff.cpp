// diff: what changes from one revision to another, before anything moves.
#include "cli/diff.h"

#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/print.h"
#include "cli/target.h"
#include "cli/versions.h"
#include "delivery/observe_config.h"
#include "delivery/state.h"

namespace slipway::cli {
namespace {

using base::Code;
using data::Value;

base::Result<Value> bundle_of(const Versions& all, std::int64_t number) {
  const ReadableVersion* found = all.with_number(number);
  if (!found) return base::fail(Code::NotFound, all.why_not(number));
  return comparable(found->pod_template, found->config);
}

// What the workload asks for, with what is in its ConfigMaps.
base::Result<Value> asked_now(Setting& s, const Value& release) {
  const auto workload = s.api.get(resource_of_target(release), name_of_target(release));
  if (!workload) return std::unexpected(workload.error());
  Value config = Value::object();
  for (const std::string& name : delivery::config_maps_of(release, *workload)) {
    const auto found = s.api.get(api::kConfigMaps, name);
    if (!found && found.error().code != Code::NotFound) return std::unexpected(found.error());
    if (found) config.set(name, *found);
  }
  return comparable((*workload)["spec"]["template"], config);
}

Value as_object(const std::vector<Difference>& all) {
  Value out = Value::array();
  for (const Difference& d : all) out.push_back(Value::object({{"field", d.field}, {"from", d.from}, {"to", d.to}}));
  return out;
}

}  // namespace

base::Result<Compared> compared(const Value& release, const Diff& diff) {
  if (diff.from) return Compared{*diff.from, diff.to};
  const delivery::State state = delivery::read_state(release["status"]);
  if (!state.stable) return base::fail(Code::NotFound, "it has brought out nothing yet");
  const bool held = state.phase == delivery::Phase::RolledBack && state.rejected;
  return Compared{state.stable->number, held ? std::optional(state.rejected->number) : std::nullopt};
}

std::string compared_text(const Value& release, const Compared& two) {
  const std::string other = two.to ? fmt::format("revision {}, which is held", *two.to)
                                   : fmt::format("what the {} asks for", resource_of_target(release).kind);
  return fmt::format("from revision {}, which is stable, to {}", two.from, other);
}

ExitCode run(Setting& s, const Diff& diff) {
  const auto release = s.api.get(api::kReleases, diff.name);
  if (!release) return tell(s, release.error());
  const auto two = compared(*release, diff);
  if (!two) return tell(s, two.error());
  if (!diff.from) s.terminal.talk(compared_text(*release, *two));
  const auto all = read_versions(s, *release);
  if (!all) return tell(s, all.error());
  const auto from = bundle_of(*all, two->from);
  if (!from) return tell(s, from.error());
  const auto to = two->to ? bundle_of(*all, *two->to) : asked_now(s, *release);
  if (!to) return tell(s, to.error());
  const std::vector<Difference> found = differences(*from, *to);
  if (diff.format == Format::Json || diff.format == Format::Yaml) {
    s.terminal.data(print_object(as_object(found), diff.format));
    return ExitCode::Reached;
  }
  if (found.empty()) return s.terminal.talk("the two are the same"), ExitCode::Reached;
  const std::string other = two->to ? fmt::format("REVISION {}", *two->to) : "NOW";
  TextTable table({"FIELD", fmt::format("REVISION {}", two->from), other});
  for (const Difference& d : found) table.add({d.field, short_text(d.from), short_text(d.to)});
  s.terminal.data(table.text());
  return ExitCode::Reached;
}

}  // namespace slipway::cli
