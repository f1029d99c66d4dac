// Columns of the kinds of apps/v1.
#include <fmt/format.h>

#include "api/kinds/columns.h"
#include "api/meta.h"
#include "base/strings.h"
#include "data/selector.h"

namespace slipway::api::kinds {
namespace {

using data::Value;

std::string or_none(std::string text) { return text.empty() ? "<none>" : text; }

// A field of every container of the template, joined by commas.
std::string of_containers(const Value& workload, std::string_view field) {
  std::vector<std::string> parts;
  for (const Value& item : workload["spec"]["template"]["spec"]["containers"].items())
    parts.push_back(item[field].str());
  return or_none(base::join(parts, ","));
}

Value containers_cell(const Value& o, base::Time) { return of_containers(o, "name"); }
Value images_cell(const Value& o, base::Time) { return of_containers(o, "image"); }

Value label_selector_cell(const Value& o, base::Time) {
  auto selector = data::LabelSelector::from_value(o["spec"]["selector"]);
  return or_none(selector ? selector->text() : "");
}

Value node_selector_cell(const Value& o, base::Time) {
  return or_none(data::LabelSelector::of(o["spec"]["template"]["spec"]["nodeSelector"]).text());
}

// "statefulset.apps/db"
Value controller_cell(const Value& o, base::Time) {
  const Value& owner = controller_of(o);
  if (owner.is_null()) return "<none>";
  const std::string_view version = owner["apiVersion"].as_string();
  const std::size_t slash = version.find('/');
  const std::string group = slash == version.npos ? "" : "." + std::string(version.substr(0, slash));
  return base::to_lower(owner["kind"].str() + group) + "/" + owner["name"].str();
}

Value count_of(const Value& v) { return v.as_int(); }

Value ready_cell(const Value& o, base::Time) {
  return fmt::format("{}/{}", o["status"]["readyReplicas"].as_int(), o["spec"]["replicas"].as_int());
}

Column status_column(std::string name, std::string description, std::string_view field) {
  return integer_column(std::move(name), std::move(description),
                        [field](const Value& o, base::Time) { return count_of(o["status"][field]); });
}

void add_container_columns(std::vector<Column>& columns) {
  columns.push_back(wide_column("Containers", "Names of the template's containers.", containers_cell));
  columns.push_back(wide_column("Images", "Images of the template's containers.", images_cell));
}

void add_template_columns(std::vector<Column>& columns) {
  add_container_columns(columns);
  columns.push_back(wide_column("Selector", "Label selector of the pods.", label_selector_cell));
}

}  // namespace

std::vector<Column> deployment_columns() {
  std::vector<Column> columns = {name_column(), text_column("Ready", "Ready pods of those wanted.", ready_cell),
                                 status_column("Up-to-date", "Pods of the current template.", "updatedReplicas"),
                                 status_column("Available", "Pods ready for the minimum time.", "availableReplicas"),
                                 age_column()};
  add_template_columns(columns);
  return columns;
}

std::vector<Column> replica_set_columns() {
  std::vector<Column> columns = {
      name_column(),
      integer_column("Desired", "Pods wanted.",
                     [](const Value& o, base::Time) { return count_of(o["spec"]["replicas"]); }),
      status_column("Current", "Pods there are.", "replicas"),
      status_column("Ready", "Pods that are ready.", "readyReplicas"), age_column()};
  add_template_columns(columns);
  return columns;
}

std::vector<Column> stateful_set_columns() {
  std::vector<Column> columns = {name_column(), text_column("Ready", "Ready pods of those wanted.", ready_cell),
                                 age_column()};
  add_container_columns(columns);
  return columns;
}

std::vector<Column> daemon_set_columns() {
  std::vector<Column> columns = {
      name_column(),
      status_column("Desired", "Nodes that should have the pod.", "desiredNumberScheduled"),
      status_column("Current", "Nodes that have the pod and should.", "currentNumberScheduled"),
      status_column("Ready", "Nodes with a ready pod.", "numberReady"),
      status_column("Up-to-date", "Nodes with a pod of the current template.", "updatedNumberScheduled"),
      status_column("Available", "Nodes with a pod ready for the minimum time.", "numberAvailable"),
      text_column("Node Selector", "Labels of the nodes that it is for.", node_selector_cell),
      age_column()};
  add_template_columns(columns);
  return columns;
}

std::vector<Column> controller_revision_columns() {
  return {name_column(), text_column("Controller", "What it is a version of.", controller_cell),
          text_column("Revision", "Which of two is newer.",
                      [](const Value& o, base::Time) -> Value { return o["revision"]; }),
          age_column()};
}

}  // namespace slipway::api::kinds
