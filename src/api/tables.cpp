// meta.k8s.io/v1 Table: what `kubectl get` prints.
#include "api/jsonpath.h"
#include "api/kinds/columns.h"
#include "api/scheme.h"

namespace slipway::api {
namespace {

using data::Value;

const std::vector<Column>& plain_columns() {
  static const std::vector<Column> columns = {kinds::name_column(), kinds::age_column()};
  return columns;
}

Value definition(const Column& column) {
  return Value::object({{"name", column.name},
                        {"type", column.type},
                        {"format", column.format},
                        {"description", column.description},
                        {"priority", column.priority}});
}

Value cell_of(const Column& column, const Value& object, base::Time now) {
  if (column.value) return column.value(object, now);
  const Value found = find_first(object, column.path);
  if (column.type == "date" && !found.is_null()) return kinds::age_since(found, now);
  return found;
}

// Only what says which object a row is about.
Value partial(const Value& object) {
  return Value::object(
      {{"kind", "PartialObjectMetadata"}, {"apiVersion", "meta.k8s.io/v1"}, {"metadata", object["metadata"]}});
}

Value row_of(const std::vector<Column>& columns, const Value& object, IncludeObject include, base::Time now) {
  std::vector<Value> cells;
  for (const Column& column : columns) cells.push_back(cell_of(column, object, now));
  Value row = Value::object({{"cells", Value::array_of(std::move(cells))}});
  if (include == IncludeObject::Metadata) row.set("object", partial(object));
  if (include == IncludeObject::Object) row.set("object", object);
  return row;
}

}  // namespace

Value make_table(const Kind& kind, const std::vector<Value>& objects, const Value& list_metadata, IncludeObject include,
                 base::Time now) {
  const std::vector<Column>& columns = kind.columns.empty() ? plain_columns() : kind.columns;
  std::vector<Value> definitions, rows;
  for (const Column& column : columns) definitions.push_back(definition(column));
  rows.reserve(objects.size());
  for (const Value& object : objects) rows.push_back(row_of(columns, object, include, now));
  return Value::object({{"kind", "Table"},
                        {"apiVersion", "meta.k8s.io/v1"},
                        {"metadata", list_metadata.is_null() ? Value::object() : list_metadata},
                        {"columnDefinitions", Value::array_of(std::move(definitions))},
                        {"rows", Value::array_of(std::move(rows))}});
}

}  // namespace slipway::api
