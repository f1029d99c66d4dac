// diff: what changes from one revision to another, before anything moves.
#include "cli/diff.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/print.h"
#include "cli/target.h"
#include "cli/versions.h"
#include "data/json.h"
#include "delivery/config.h"
#include "delivery/observe_config.h"

namespace slipway::cli {
namespace {

using base::Code;
using data::Value;

bool has_names(const Value& list) {
  return list.size() > 0 && std::ranges::all_of(list.items(), [](const Value& v) {
           return v.is_object() && !v["name"].as_string().empty();
         });
}

const Value& named(const Value& list, std::string_view name) {
  for (const Value& v : list.items())
    if (v["name"].as_string() == name) return v;
  return data::kNull;
}

std::string joined_path(const std::string& path, std::string_view key) {
  return path.empty() ? std::string(key) : path + "." + std::string(key);
}

void compare(const Value& from, const Value& to, const std::string& path, std::vector<Difference>& out);

void compare_members(const Value& from, const Value& to, const std::string& path, std::vector<Difference>& out) {
  for (const data::Member& m : from.members()) compare(m.value, to[m.key.view()], joined_path(path, m.key.view()), out);
  for (const data::Member& m : to.members())
    if (!from.has(m.key.view())) compare(data::kNull, m.value, joined_path(path, m.key.view()), out);
}

void compare_named(const Value& from, const Value& to, const std::string& path, std::vector<Difference>& out) {
  const auto at = [&path](const Value& v) { return fmt::format("{}[{}]", path, v["name"].as_string()); };
  for (const Value& v : from.items()) compare(v, named(to, v["name"].as_string()), at(v), out);
  for (const Value& v : to.items())
    if (named(from, v["name"].as_string()).is_null()) compare(data::kNull, v, at(v), out);
}

void compare(const Value& from, const Value& to, const std::string& path, std::vector<Difference>& out) {
  if (from == to) return;
  if (from.is_object() && to.is_object()) return compare_members(from, to, path, out);
  if (has_names(from) && has_names(to)) return compare_named(from, to, path, out);
  out.push_back({path, from, to});
}

// As one object, so that the fields of a difference name the ConfigMap as well.
Value comparable(const Value& pod_template, const Value& config) {
  Value out = pod_template;
  for (const data::Member& m : config.members())
    out.set(fmt::format("ConfigMap {}", m.key.view()), delivery::content_of(m.value));
  return out;
}

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

std::vector<Difference> differences(const Value& from, const Value& to) {
  std::vector<Difference> out;
  compare(from, to, "", out);
  return out;
}

std::string short_text(const Value& v) {
  if (v.is_null()) return "-";
  return v.is_string() ? v.str() : data::to_json(v);
}

ExitCode run(Setting& s, const Diff& diff) {
  const auto release = s.api.get(api::kReleases, diff.name);
  if (!release) return tell(s, release.error());
  const auto all = read_versions(s, *release);
  if (!all) return tell(s, all.error());
  const auto from = bundle_of(*all, diff.from);
  if (!from) return tell(s, from.error());
  base::Result<Value> to = Value();
  if (diff.to) {
    to = bundle_of(*all, *diff.to);
  } else {
    to = asked_now(s, *release);
  }
  if (!to) return tell(s, to.error());
  const std::vector<Difference> found = differences(*from, *to);
  if (diff.format == Format::Json || diff.format == Format::Yaml) {
    s.terminal.data(print_object(as_object(found), diff.format));
    return ExitCode::Reached;
  }
  if (found.empty()) return s.terminal.talk("the two are the same"), ExitCode::Reached;
  const std::string other = diff.to ? fmt::format("REVISION {}", *diff.to) : "NOW";
  TextTable table({"FIELD", fmt::format("REVISION {}", diff.from), other});
  for (const Difference& d : found) table.add({d.field, short_text(d.from), short_text(d.to)});
  s.terminal.data(table.text());
  return ExitCode::Reached;
}

}  // namespace slipway::cli
