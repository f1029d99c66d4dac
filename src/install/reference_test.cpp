// docs/reference.md says every field of our kinds: it is written from the schema tables and compared with them here.
// SLIPWAY_WRITE_DOCS=1 writes it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

#include "api/scheme.h"
#include "base/strings.h"
#include "data/json.h"
#include "runtime/file.h"

namespace slipway::install {
namespace {

using api::Field;
using api::Schema;
using api::Scheme;
using api::Type;

constexpr const char* kPage = "docs/reference.md";
constexpr const char* kHead = R"(# Every field

Written from the tables that the server, the CustomResourceDefinitions and `kubectl explain` are made from (`src/api/kinds/slipway.cpp`); what several fields
say together is told by the guide of each strategy. Defaults are filled in when an object is written. Times are RFC 3339, durations like `30s`, `5m`, `1h30m`.
)";

std::string short_name(const Schema& schema) { return schema.name.substr(schema.name.rfind('.') + 1); }
std::string link(const Schema& schema) {
  const std::string name = short_name(schema);
  return fmt::format("[{}](#{})", name, base::to_lower(name));
}

// The type that has fields of its own here, behind lists and maps; null: none.
const Schema* inner(const Schema& schema) {
  if (schema.items) return inner(*schema.items);
  return schema.type == Type::Object && !schema.fields.empty() && schema.name.contains("slipway") ? &schema : nullptr;
}

std::string type_text(const Schema& schema) {
  switch (schema.type) {
    case Type::String:
      return "text";
    case Type::Int32:
    case Type::Int64:
      return "whole number";
    case Type::Double:
      return "number";
    case Type::Bool:
      return "true or false";
    case Type::Quantity:
      return "quantity";
    case Type::IntOrString:
      return "number or percentage";
    case Type::Time:
    case Type::MicroTime:
      return "time";
    case Type::Duration:
      return "duration";
    case Type::Bytes:
      return "bytes";
    case Type::Any:
      return "anything";
    case Type::List:
      return "list of " + type_text(*schema.items);
    case Type::Map:
      return "map of " + type_text(*schema.items);
    case Type::Object:
      return inner(schema) ? link(schema) : schema.name.empty() ? "object" : short_name(schema);
  }
  return "";
}

std::string limits_text(const Field& field) {
  const Schema& type = *field.type;
  const Schema& values = type.items && type.one_of_values.empty() ? *type.items : type;
  std::string out;
  if (!values.one_of_values.empty()) {
    std::vector<std::string> all;
    for (const data::Value& v : values.one_of_values) all.push_back("`" + v.str() + "`");
    out += "; one of " + base::join(all, ", ");
  }
  if (type.minimum) out += fmt::format("; at least {:g}", *type.minimum);
  if (type.maximum) out += fmt::format("; at most {:g}", *type.maximum);
  if (type.max_items) out += fmt::format("; at most {}", *type.max_items);
  return out;
}

std::string default_text(const Field& field) {
  if (field.required) return "required";
  if (field.fallback.is_null() || (field.fallback.is_object() && field.fallback.is_empty())) return "";
  return "`" + (field.fallback.is_string() ? field.fallback.str() : data::to_json(field.fallback)) + "`";
}

// In a cell of a table a bar would end it.
std::string cell(std::string text) {
  for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) text.insert(at, "\\");
  return text;
}

void write_type(const Schema& schema, std::set<std::string>& written, std::string& out) {
  if (!written.insert(schema.name).second) return;
  out += fmt::format("\n### {}\n\n{}\n\n| field | type | default | |\n|---|---|---|---|\n", short_name(schema),
                     schema.doc);
  for (const Field& f : schema.fields)
    out += fmt::format("| `{}` | {} | {} | {} |\n", f.name, cell(type_text(*f.type) + limits_text(f)), default_text(f),
                       cell(f.doc));
  for (const Field& f : schema.fields)
    if (const Schema* next = inner(*f.type)) write_type(*next, written, out);
}

std::string page() {
  std::string out = kHead;
  std::set<std::string> written;
  for (const auto& kind : Scheme::builtin()->kinds()) {
    if (kind->resource.group != "slipway.dev") continue;
    out += fmt::format("\n## {}\n\n{} `{}`{}.\n", kind->resource.kind, kind->schema->doc, kind->resource.api_version(),
                       kind->resource.namespaced ? "" : ", of the whole cluster");
    for (const char* part : {"spec", "status"}) {
      const Field* field = kind->schema->find(part);
      const Schema* type = field ? inner(*field->type) : nullptr;
      if (!type) continue;
      out += fmt::format("`{}`: {}\n", part, link(*type));
    }
    for (const char* part : {"spec", "status"})
      if (const Field* field = kind->schema->find(part))
        if (const Schema* type = inner(*field->type)) write_type(*type, written, out);
  }
  return out;
}

TEST(Reference, hasEveryFieldOfOurKinds) {
  const std::string wanted = page();
  if (std::getenv("SLIPWAY_WRITE_DOCS")) ASSERT_TRUE(runtime::write_file(kPage, wanted, 0644));
  const auto now = runtime::read_file(kPage);
  ASSERT_TRUE(now);
  EXPECT_TRUE(*now == wanted) << kPage << " is not up to date: run this test with SLIPWAY_WRITE_DOCS=1";
  for (const char* known :
       {"### ReleaseSpec", "`onFailure`", "### CohortSpec", "### Metric", "## ReleasePolicy", "## Notification"})
    EXPECT_NE(wanted.find(known), std::string::npos) << known;
}

}  // namespace
}  // namespace slipway::install
