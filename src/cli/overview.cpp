// `slipway status` without a name: the cluster, its node with what works and what does not, and all Releases.
#include <algorithm>

#include "api/meta.h"
#include "base/strings.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/stop.h"
#include "view/text.h"

namespace slipway::cli {
namespace {

using data::Value;

constexpr std::size_t kMostNodes = 10;  // listed one by one; more are only counted
constexpr std::string_view kOurConditions = "slipway.dev/";

const Value& condition_of(const Value& node, std::string_view type) {
  for (const Value& condition : node["status"]["conditions"].items())
    if (condition["type"].as_string() == type) return condition;
  return data::kNull;
}

bool holds(const Value& condition) { return condition["status"].as_string() == "True"; }

std::string node_text(const Terminal& terminal, const Value& node) {
  const bool ready = holds(condition_of(node, "Ready"));
  std::string runtime(api::label(node, "slipway.dev/runtime"));
  if (runtime == "user-namespace") runtime = "isolated (user namespace)";  // as `up` calls it; a label has no blanks
  std::string out = inked(terminal, ready ? Ink::Good : Ink::Bad, ready ? " ✔ " : " ✗ ") +
                    padded("node/" + std::string(api::name_of(node)), 22) + (ready ? "ready" : "not ready") +
                    (runtime.empty() ? "" : "; pods run " + runtime) + "\n";
  const std::string notes(api::annotation(node, "slipway.dev/runtime-notes"));
  if (!notes.empty()) out += std::string(25, ' ') + view::one_line(notes) + "\n";
  for (const Value& condition : node["status"]["conditions"].items()) {
    const std::string_view type = condition["type"].as_string();
    if (!type.starts_with(kOurConditions)) continue;
    out += inked(terminal, holds(condition) ? Ink::Good : Ink::Bad, holds(condition) ? " ✔ " : " ✗ ") +
           padded(base::to_lower(type.substr(kOurConditions.size())), 22) + view::one_line(condition["message"].str()) +
           "\n";
  }
  return out;
}

std::string nodes_text(const Terminal& terminal, const Value& nodes) {
  const auto items = nodes.items();
  if (items.empty()) return " ✗ no node is registered\n";
  std::string out;
  if (items.size() <= kMostNodes) {
    for (const Value& node : items) out += node_text(terminal, node);
    return out;
  }
  const auto ready = std::ranges::count_if(items, [](const Value& n) { return holds(condition_of(n, "Ready")); });
  return "   " + std::to_string(ready) + " of " + std::to_string(items.size()) + " nodes ready\n";
}

}  // namespace

ExitCode show_overview(Setting& s, Format format) {
  // Nodes are not everybody's to see; Releases are what matters.
  const auto nodes = s.api.list(api::kNodes);
  if (!nodes && nodes.error().code != base::Code::Forbidden) return tell(s, nodes.error());
  const Value items = nodes ? (*nodes)["items"] : Value::array();
  if (format == Format::Json || format == Format::Yaml) {
    const auto releases = s.api.list(api::kReleases);
    if (!releases) return tell(s, releases.error());
    Value all = Value::object({{"server", s.api.server()}, {"nodes", items}, {"releases", (*releases)["items"]}});
    if (Value stop = find_stop(s); stop.is_object()) all.set("stop", std::move(stop));
    s.terminal.data(print_object(all, format));
    return ExitCode::Reached;
  }
  s.terminal.data("cluster at " + s.api.server() + "\n" + (nodes ? nodes_text(s.terminal, items) : "") + "\n");
  return run(s, List{.format = format});
}

}  // namespace slipway::cli
