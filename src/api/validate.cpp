#include "api/validate.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <set>
#include <unordered_map>

#include "api/meta.h"
#include "api/names.h"
#include "api/scheme.h"
#include "base/strings.h"
#include "data/json.h"

namespace slipway::api {
namespace {

using data::Value;

std::string number_text(double d) { return data::format_double(d); }

// Decoding has seen to this already, but for the branches of anyOf and its kind.
bool has_type(Type type, const Value& v) {
  switch (type) {
    case Type::String:
      return v.is_string();
    case Type::Int32:
    case Type::Int64:
      return v.is_int();
    case Type::Double:
      return v.is_number();
    case Type::Bool:
      return v.is_bool();
    case Type::Object:
    case Type::Map:
      return v.is_object();
    case Type::List:
      return v.is_array();
    case Type::IntOrString:
      return v.is_int() || v.is_string();
    default:
      return true;
  }
}

std::string_view type_name(Type type) {
  switch (type) {
    case Type::Int32:
    case Type::Int64:
      return "integer";
    case Type::Double:
      return "number";
    case Type::Bool:
      return "boolean";
    case Type::Object:
    case Type::Map:
      return "object";
    case Type::List:
      return "array";
    case Type::IntOrString:
      return "integer,string";
    default:
      return "string";
  }
}

class Check {
 public:
  Check(ValueRules rules, Problems& problems) : rules_(rules), problems_(problems) {}

  void value(const Schema& schema, const Value& v, const Value& old, const Path& at) {
    if (v.is_null()) return;
    if (rules_.ratcheting && v == old) return;
    if (rules_.openapi_words && !has_type(schema.type, v)) {
      problems_.push_back(wrong_type(at, v, type_name(schema.type)));
      return;
    }
    value_rules(schema, v, at);
    if (schema.type == Type::Object && v.is_object()) object(schema, v, old, at);
    if (schema.type == Type::Map && v.is_object()) map(schema, v, old, at);
    if (schema.type == Type::List && v.is_array()) list(schema, v, old, at);
    if (schema.type == Type::Any && !schema.fields.empty() && v.is_object()) object(schema, v, old, at);
    if (schema.rules.check) schema.rules.check(v, at, problems_);
  }

 private:
  void object(const Schema& schema, const Value& v, const Value& old, const Path& at) {
    for (const Field& field : schema.fields) {
      const Path here = at.at(field.name);
      const Value& child = v[field.name];
      if (field.required &&
          (child.is_null() ? !v.has(field.name) || !field.type->nullable : is_missing(field, child))) {
        problems_.push_back(required(here));
        continue;
      }
      const Value& before = old[field.name];
      if (field.immutable && !before.is_null() && before != child)
        problems_.push_back(invalid(here, child, "field is immutable"));
      else
        value(*field.type, child, before, here);
    }
    count(v.size(), schema.min_properties, schema.max_properties, "properties", v, at);
  }

  // Built-in types have no way to tell an empty string from none.
  bool is_missing(const Field& field, const Value& child) const {
    return !rules_.openapi_words && field.type->type == Type::String && child.is_empty();
  }

  void map(const Schema& schema, const Value& v, const Value& old, const Path& at) {
    for (const data::Member& m : v.members()) value(*schema.items, m.value, old[m.key.view()], at.at_key(m.key.view()));
    count(v.size(), schema.min_properties, schema.max_properties, "properties", v, at);
  }

  void list(const Schema& schema, const Value& v, const Value& old, const Path& at) {
    if (schema.max_items && static_cast<std::int64_t>(v.size()) > *schema.max_items)
      problems_.push_back(too_many(at, v.size(), *schema.max_items));
    if (schema.min_items && static_cast<std::int64_t>(v.size()) < *schema.min_items)
      problems_.push_back(invalid(at, Value(v.size() ? static_cast<std::int64_t>(v.size()) : 0),
                                  said(at, fmt::format("should have at least {} items", *schema.min_items))));
    std::unordered_map<std::uint64_t, const Value*> before;
    const bool keyed = rules_.openapi_words && schema.list != ListKind::Atomic;  // built-in types say it in code
    if (schema.list == ListKind::Map)
      for (const Value& item : old.items()) before[list_key(schema, item).hash()] = &item;
    std::set<std::string> seen;
    for (std::size_t i = 0; i < v.size(); ++i) {
      const Value& item = v.at(i);
      const Value* was = &data::kNull;
      if (schema.list != ListKind::Atomic) {
        const Value key = schema.list == ListKind::Map ? list_key(schema, item) : item;
        if (keyed && !seen.insert(data::to_json(key)).second) problems_.push_back(duplicate(at.at(i), key));
        if (auto it = before.find(key.hash()); it != before.end()) was = it->second;
      }
      value(*schema.items, item, *was, at.at(i));
    }
  }

  void value_rules(const Schema& schema, const Value& v, const Path& at) {
    if (!schema.one_of_values.empty() && std::ranges::find(schema.one_of_values, v) == schema.one_of_values.end())
      problems_.push_back(unsupported(at, v, schema.one_of_values));
    if (v.is_string()) text_rules(schema, v, at);
    if (v.is_number()) number_rules(schema, v, at);
    junctors(schema, v, at);
  }

  void text_rules(const Schema& schema, const Value& v, const Path& at) {
    const auto length = static_cast<std::int64_t>(v.as_string().size());
    if (schema.max_length && length > *schema.max_length) problems_.push_back(too_long(at, *schema.max_length));
    if (schema.min_length && length < *schema.min_length)
      problems_.push_back(
          invalid(at, v, said(at, fmt::format("should be at least {} chars long", *schema.min_length))));
    if (!schema.pattern.empty() && !matches_pattern(v.as_string(), schema.pattern))
      problems_.push_back(invalid(at, v, said(at, fmt::format("should match '{}'", schema.pattern))));
  }

  void number_rules(const Schema& schema, const Value& v, const Path& at) {
    const double d = v.as_double();
    const bool low = schema.minimum && (schema.exclusive_minimum ? d <= *schema.minimum : d < *schema.minimum);
    const bool high = schema.maximum && (schema.exclusive_maximum ? d >= *schema.maximum : d > *schema.maximum);
    if (low || high) problems_.push_back(invalid(at, v, range_words(schema, low, at)));
    if (schema.multiple_of && std::fmod(d, *schema.multiple_of) != 0)
      problems_.push_back(invalid(at, v, said(at, "should be a multiple of " + number_text(*schema.multiple_of))));
  }

  std::string range_words(const Schema& schema, bool low, const Path& at) const {
    if (rules_.openapi_words) {
      const bool exclusive = low ? schema.exclusive_minimum : schema.exclusive_maximum;
      return said(at, fmt::format("should be {} than{} {}", low ? "greater" : "less", exclusive ? "" : " or equal to",
                                  number_text(low ? *schema.minimum : *schema.maximum)));
    }
    if (schema.minimum && schema.maximum && *schema.minimum > 0)
      return fmt::format("must be between {} and {}, inclusive", number_text(*schema.minimum),
                         number_text(*schema.maximum));
    return low ? "must be greater than or equal to " + number_text(*schema.minimum)
               : "must be less than or equal to " + number_text(*schema.maximum);
  }

  bool holds(const Schema& schema, const Value& v) const {
    Problems found;
    Check(rules_, found).value(schema, v, data::kNull, Path());
    return found.empty();
  }

  void junctors(const Schema& schema, const Value& v, const Path& at) {
    for (const SchemaPtr& each : schema.all_of) value(*each, v, data::kNull, at);
    auto count_holding = [&](const std::vector<SchemaPtr>& list) {
      return std::ranges::count_if(list, [&](const SchemaPtr& each) { return holds(*each, v); });
    };
    if (!schema.any_of.empty() && count_holding(schema.any_of) == 0)
      problems_.push_back(invalid(at, v, said(at, "must validate at least one schema (anyOf)")));
    if (!schema.one_of.empty() && count_holding(schema.one_of) != 1)
      problems_.push_back(invalid(at, v, said(at, "must validate one and only one schema (oneOf)")));
    if (schema.none_of && holds(*schema.none_of, v))
      problems_.push_back(invalid(at, v, said(at, "must not validate the schema (not)")));
  }

  void count(std::size_t n, std::optional<std::int64_t> min, std::optional<std::int64_t> max, std::string_view what,
             const Value& v, const Path& at) {
    const auto size = static_cast<std::int64_t>(n);
    if (min && size < *min)
      problems_.push_back(invalid(at, v, said(at, fmt::format("should have at least {} {}", *min, what))));
    if (max && size > *max) problems_.push_back(too_many(at, n, *max));
  }

  std::string said(const Path& at, std::string what) const {
    return rules_.openapi_words ? fmt::format("{} in body {}", at.text(), what) : what;
  }

  ValueRules rules_;
  Problems& problems_;
};

std::string check_name(Kind::Name rule, std::string_view name) {
  switch (rule) {
    case Kind::Name::Subdomain:
      return check_dns1123_subdomain(name);
    case Kind::Name::Label:
      return check_dns1123_label(name);
    case Kind::Name::Label1035:
      return check_dns1035_label(name);
    case Kind::Name::Path:
      return check_path_segment(name);
  }
  return {};
}

void validate_name(const Kind& kind, const Value& object, Problems& problems) {
  const Path metadata{nullptr, "metadata"};
  const Value& name = object["metadata"]["name"];
  if (name.is_empty()) {
    problems.push_back(required(metadata.at("name"), "name or generateName is required"));
  } else if (std::string bad = check_name(kind.name_rule, name.as_string()); !bad.empty()) {
    problems.push_back(invalid(metadata.at("name"), name, bad));
  }
  if (kind.resource.namespaced && space_of(object).empty()) problems.push_back(required(metadata.at("namespace")));
  if (!kind.resource.namespaced && !space_of(object).empty())
    problems.push_back(forbidden(metadata.at("namespace"), "not allowed on this type"));
}

void validate_labels(const Value& labels, const Path& at, Problems& problems) {
  for (const data::Member& m : labels.members()) {
    if (std::string bad = check_qualified_name(m.key.view()); !bad.empty())
      problems.push_back(invalid(at, Value(m.key.view()), bad));
    if (std::string bad = check_label_value(m.value.as_string()); !bad.empty())
      problems.push_back(invalid(at, m.value, bad));
  }
}

void validate_annotations(const Value& annotations, const Path& at, Problems& problems) {
  constexpr std::size_t kLimit = 256 << 10;
  std::size_t total = 0;
  for (const data::Member& m : annotations.members()) {
    total += m.key.view().size() + m.value.as_string().size();
    if (std::string bad = check_qualified_name(base::to_lower(m.key.view())); !bad.empty())
      problems.push_back(invalid(at, Value(m.key.view()), bad));
  }
  if (total > kLimit) problems.push_back(too_long(at, kLimit));
}

void validate_owners(const Value& owners, const Path& at, Problems& problems) {
  int controllers = 0;
  for (std::size_t i = 0; i < owners.size(); ++i) controllers += owners.at(i)["controller"].as_bool();
  if (controllers > 1) problems.push_back(invalid(at, owners, "Only one reference can have Controller set to true"));
}

void validate_finalizers(const Value& object, const Value& old, const Path& at, Problems& problems) {
  const Value& finalizers = object["metadata"]["finalizers"];
  Value added;
  for (const Value& f : finalizers.items()) {
    if (std::string bad = check_qualified_name(f.as_string()); !bad.empty()) problems.push_back(invalid(at, f, bad));
    if (!has_finalizer(old, f.as_string())) added.push_back(f);
  }
  if (is_deleting(old) && added.size() > 0)
    problems.push_back(forbidden(
        at,
        "no new finalizers can be added if the object is being deleted, found new finalizers " + data::to_json(added)));
}

}  // namespace

bool matches_pattern(std::string_view text, const std::string& pattern) {
  thread_local std::unordered_map<std::string, std::unique_ptr<re2::RE2>> cache;
  constexpr std::size_t kLimit = 10'000;
  if (cache.size() > kLimit) cache.clear();
  auto& regex = cache[pattern];
  if (!regex) regex = std::make_unique<re2::RE2>(pattern, re2::RE2::Quiet);
  return !regex->ok() || re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *regex);
}

Value list_key(const Schema& list, const Value& item) {
  Value key = Value::object();
  for (const std::string& name : list.keys) {
    const Field* field = list.items->find(name);
    const Value& own = item[name];
    if (!own.is_null())
      key.set(name, own);
    else if (field && !field->fallback.is_null())
      key.set(name, field->fallback);
  }
  return key;
}

void validate_value(const Schema& schema, const Value& v, const Value& old, const Path& at, ValueRules rules,
                    Problems& problems) {
  Check(rules, problems).value(schema, v, old, at);
}

void validate_metadata(const Value& object, const Value& old, Problems& problems) {
  const Path at{nullptr, "metadata"};
  const Value& metadata = object["metadata"];
  validate_labels(metadata["labels"], at.at("labels"), problems);
  validate_annotations(metadata["annotations"], at.at("annotations"), problems);
  validate_owners(metadata["ownerReferences"], at.at("ownerReferences"), problems);
  validate_finalizers(object, old, at.at("finalizers"), problems);
}

namespace {

// The rules of our own kinds hold without their tables as well (kinds/release_rules.h), and so say some of it again:
// a field that the table has refused is not refused twice.
void check_rules(const Kind& kind, const Value& object, const Value& old, Problems& problems) {
  if (!kind.custom) return kind.check(object, old, problems);
  const Problems of_table = problems;
  Problems more;
  kind.check(object, old, more);
  for (base::Cause& cause : more)
    if (cause.field.empty() || std::ranges::find(of_table, cause.field, &base::Cause::field) == of_table.end())
      problems.push_back(std::move(cause));
}

}  // namespace

std::vector<base::Cause> validate(const Kind& kind, const Value& object, const Value& old) {
  Problems problems;
  if (kind.stored) {
    validate_name(kind, object, problems);
    validate_metadata(object, old, problems);
  }
  const ValueRules rules{.ratcheting = kind.custom && !old.is_null(), .openapi_words = kind.custom};
  validate_value(*kind.schema, object, old, Path(), rules, problems);
  if (kind.check) check_rules(kind, object, old, problems);
  return problems;
}

base::Error invalid_object(const Kind& kind, std::string_view name, Problems problems) {
  const Resource& r = kind.resource;
  std::string list;
  for (const base::Cause& cause : problems)
    list += (list.empty() ? "" : ", ") + (cause.field.empty() ? cause.message : cause.field + ": " + cause.message);
  if (problems.size() > 1) list = "[" + list + "]";
  const std::string what = r.group.empty() ? r.kind : r.kind + "." + r.group;
  return {.code = base::Code::Invalid,
          .message = fmt::format("{} \"{}\" is invalid: {}", what, name, list),
          .causes = std::move(problems),
          .subject = {.group = r.group, .kind = r.kind, .name = std::string(name)}};
}

}  // namespace slipway::api
