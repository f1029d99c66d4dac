// Reads schema tables (the language is described in family.h).
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "api/kinds/family.h"
#include "base/strings.h"
#include "data/json.h"

namespace slipway::api::kinds {
namespace {

using Words = std::vector<std::string_view>;

struct Line {
  int number = 0;
  Words words;
  std::string_view doc;
};

struct Block {
  const Family* family;
  Line head;  // "type Name ..." or "kind Name plural ..."
  std::vector<Line> fields;
  bool is_kind() const { return head.words[0] == "kind"; }
  std::string_view name() const { return head.words[1]; }
};

[[noreturn]] void bad_table(const Family& family, const Line& line, std::string_view what) {
  base::bug(fmt::format("schema table {}: {}", family.package, what), "table line", line.number);
}

Line read_line(std::string_view text, int number) {
  Line line{.number = number};
  std::size_t bar = text.find(" | ");
  if (bar != text.npos) {
    line.doc = base::trim(text.substr(bar + 3));
    text = text.substr(0, bar);
  }
  for (std::string_view word : base::split(text, ' '))
    if (!word.empty()) line.words.push_back(word);
  return line;
}

std::vector<Block> read_blocks(const Family& family) {
  std::vector<Block> blocks;
  int number = 0;
  for (std::string_view text : base::split(family.table, '\n')) {
    ++number;
    if (base::trim(text).empty() || base::trim(text).starts_with('#')) continue;
    Line line = read_line(text, number);
    const bool head = !text.starts_with(' ');
    if (head && (line.words.size() < 2 || (line.words[0] != "type" && line.words[0] != "kind")))
      bad_table(family, line, "a block starts with `type NAME` or `kind NAME PLURAL`");
    if (head) {
      blocks.push_back({&family, std::move(line), {}});
    } else {
      if (blocks.empty() || line.words.size() < 3) bad_table(family, line, "a field has a name, a number and a type");
      blocks.back().fields.push_back(std::move(line));
    }
  }
  return blocks;
}

const std::map<std::string_view, Type> kScalars = {
    {"string", Type::String},
    {"int32", Type::Int32},
    {"int64", Type::Int64},
    {"double", Type::Double},
    {"bool", Type::Bool},
    {"quantity", Type::Quantity},
    {"intOrString", Type::IntOrString},
    {"time", Type::Time},
    {"microTime", Type::MicroTime},
    {"duration", Type::Duration},
    {"bytes", Type::Bytes},
    {"any", Type::Any},
    {"fields", Type::Any},
};

// "name=value" split at the first '='; a word without one has no value.
std::pair<std::string_view, std::string_view> attribute(std::string_view word) {
  std::size_t eq = word.find('=');
  if (eq == word.npos) return {word, {}};
  return {word.substr(0, eq), word.substr(eq + 1)};
}

std::vector<std::string> names(std::string_view list) {
  std::vector<std::string> out;
  for (std::string_view part : base::split(list, ',')) out.emplace_back(part);
  return out;
}

class Loader {
 public:
  explicit Loader(const std::vector<Family>& families) {
    for (const Family& family : families)
      for (Block& block : read_blocks(family)) blocks_.push_back(std::move(block));
  }

  std::vector<Kind> kinds() {
    std::vector<Kind> out;
    for (const Block& block : blocks_)
      if (block.is_kind()) out.push_back(kind_of(block));
    return out;
  }

 private:
  Kind kind_of(const Block& block);
  SchemaPtr schema_of(const Block& block);
  void add_object_fields(const Block& block, Schema& schema);
  void add_inline(const Block& block, const Line& line, Schema& schema);
  Field field_of(const Block& block, const Line& line);
  SchemaPtr type_of(const Block& block, const Line& line, std::string_view name);
  SchemaPtr with_attributes(const Block& block, const Line& line, SchemaPtr type);
  const Block& lookup(const Block& from, const Line& line, std::string_view name) const;

  std::vector<Block> blocks_;
  std::map<const Block*, SchemaPtr> done_;
  std::set<const Block*> open_;  // to find a type that contains itself
};

const Block& Loader::lookup(const Block& from, const Line& line, std::string_view name) const {
  const Block* other = nullptr;
  for (const Block& block : blocks_) {
    if (block.name() != name) continue;
    if (block.family == from.family) return block;
    if (!other) other = &block;
  }
  if (!other) bad_table(*from.family, line, fmt::format("unknown type {}", name));
  return *other;
}

SchemaPtr scalar(std::string_view name) {
  auto it = kScalars.find(name);
  if (it == kScalars.end()) return nullptr;
  auto schema = std::make_shared<Schema>();
  schema->type = it->second;
  if (name == "fields") schema->atomic = true;
  schema->preserve_unknown = it->second == Type::Any;
  return schema;
}

SchemaPtr Loader::type_of(const Block& block, const Line& line, std::string_view name) {
  if (name.starts_with("[]") || name.starts_with("{}")) {
    auto schema = std::make_shared<Schema>();
    schema->type = name.starts_with('[') ? Type::List : Type::Map;
    schema->items = type_of(block, line, name.substr(2));
    return schema;
  }
  if (SchemaPtr plain = scalar(name)) return plain;
  return schema_of(lookup(block, line, name));
}

bool is_number_rule(std::string_view name) {
  return name == "min" || name == "max" || name == "minLength" || name == "maxLength";
}

bool is_value_rule(std::string_view name) { return is_number_rule(name) || name == "enum" || name == "pattern"; }

void set_value_rule(Schema& schema, std::string_view name, std::string_view value) {
  if (name == "enum") {
    for (const std::string& each : names(value)) {
      auto number = schema.type == Type::String ? std::nullopt : base::parse_int(each);
      schema.one_of_values.push_back(number ? data::Value(*number) : data::Value(each));
    }
  }
  if (name == "pattern") schema.pattern = value;
  if (name == "min") schema.minimum = base::parse_double(value);
  if (name == "max") schema.maximum = base::parse_double(value);
  if (name == "minLength") schema.min_length = base::parse_int(value);
  if (name == "maxLength") schema.max_length = base::parse_int(value);
}

// A copy of the type down to its innermost element, with one rule added there.
SchemaPtr with_value_rule(const SchemaPtr& type, std::string_view name, std::string_view value) {
  auto copy = std::make_shared<Schema>(*type);
  if (copy->items)
    copy->items = with_value_rule(copy->items, name, value);
  else
    set_value_rule(*copy, name, value);
  return copy;
}

// The list kind that a patch strategy implies, as server-side apply reads it.
void imply_list_kind(Schema& schema) {
  schema.list = schema.merge_key.empty() ? ListKind::Set : ListKind::Map;
  if (!schema.merge_key.empty()) schema.keys = {schema.merge_key};
}

void set_list_kind(Schema& schema, std::string_view value) {
  if (value.starts_with("map(") && value.ends_with(")")) {
    schema.list = ListKind::Map;
    schema.keys = names(value.substr(4, value.size() - 5));
  } else {
    schema.list = value == "set" ? ListKind::Set : ListKind::Atomic;
  }
}

// True when the attribute is about the shape of a type; then it is in `schema`.
bool set_shape(Schema& schema, std::string_view name, std::string_view value) {
  if (name == "atomic") return schema.atomic = true;
  if (name == "retainKeys") return schema.retain_keys = true;
  if (name == "preserve") return schema.preserve_unknown = true;
  if (name == "embedded") return schema.embedded = schema.preserve_unknown = true;
  if (name == "nullable") return schema.nullable = true;
  if (name == "minItems") return schema.min_items = base::parse_int(value), true;
  if (name == "maxItems") return schema.max_items = base::parse_int(value), true;
  if (name == "set") return schema.list = ListKind::Set, true;
  if (name == "list") return set_list_kind(schema, value), true;
  if (name == "merge") {
    schema.merges = true;
    schema.merge_key = value;
    return imply_list_kind(schema), true;
  }
  return false;
}

SchemaPtr Loader::with_attributes(const Block& block, const Line& line, SchemaPtr type) {
  // `merge` first: what is said about the list kind overrides what follows from it.
  for (int pass = 0; pass < 2; ++pass) {
    for (std::size_t i = 3; i < line.words.size(); ++i) {
      auto [name, value] = attribute(line.words[i]);
      if ((name == "merge") != (pass == 0)) continue;
      if (is_value_rule(name)) {
        type = with_value_rule(type, name, value);
        continue;
      }
      auto copy = std::make_shared<Schema>(*type);
      if (set_shape(*copy, name, value)) {
        type = copy;
      } else if (!name.empty() && name != "required" && name != "keep" && name != "immutable") {
        bad_table(*block.family, line, fmt::format("unknown attribute {}", name));
      }
    }
  }
  return type;
}

data::Value default_of(const Block& block, const Line& line, const Schema& type, std::string_view text) {
  if (type.type == Type::String || type.type == Type::Duration || type.type == Type::Quantity) return data::Value(text);
  auto value = data::parse_json(text);
  if (!value && type.type == Type::IntOrString) return data::Value(text);
  if (!value) bad_table(*block.family, line, fmt::format("default {}: {}", text, value.error().message));
  return *value;
}

Field Loader::field_of(const Block& block, const Line& line) {
  Field field;
  field.name = line.words[0];
  field.doc = line.doc;
  std::string_view type = line.words[2];
  if (line.words[1] != "-") {
    auto number = base::parse_int(line.words[1]);
    if (!number) bad_table(*block.family, line, "the second word is the protobuf number or -");
    field.proto = static_cast<int>(*number);
  }
  field.omit_empty = !type.starts_with('*');
  if (!field.omit_empty) type.remove_prefix(1);
  field.type = with_attributes(block, line, type_of(block, line, type));
  for (std::size_t i = 3; i < line.words.size(); ++i) {
    auto [name, value] = attribute(line.words[i]);
    if (name == "required") field.required = true;
    if (name == "immutable") field.immutable = true;
    if (name == "required" || name == "keep") field.omit_empty = false;
    if (name.empty()) field.fallback = default_of(block, line, *field.type, value);
  }
  return field;
}

void Loader::add_inline(const Block& block, const Line& line, Schema& schema) {
  SchemaPtr embedded = type_of(block, line, line.words[2]);
  if (embedded->type != Type::Object) bad_table(*block.family, line, "only an object can be embedded");
  const int outer = static_cast<int>(base::parse_int(line.words[1]).value_or(0));
  for (Field field : embedded->fields) {
    SLIPWAY_CHECK(field.proto_outer == 0 || outer == 0);  // one level of flattening is all that the API has
    if (outer) field.proto_outer = outer;
    schema.fields.push_back(std::move(field));
  }
}

void Loader::add_object_fields(const Block& block, Schema& schema) {
  static constexpr std::string_view kTypeMeta[] = {
      "  apiVersion - string | Version of the API that this object is written in, as group/version.",
      "  kind       - string | What kind of object this is, in CamelCase."};
  for (std::string_view text : kTypeMeta) schema.fields.push_back(field_of(block, read_line(text, 0)));
  if (std::ranges::find(block.head.words, "bare") != block.head.words.end()) return;
  for (const Line& line : block.fields)
    if (line.words[0] == "metadata") return;
  static constexpr std::string_view kMetadata =
      "  metadata 1 ObjectMeta | Name, labels and everything else that all objects have.";
  schema.fields.push_back(field_of(block, read_line(kMetadata, 0)));
}

SchemaPtr Loader::schema_of(const Block& block) {
  if (SchemaPtr known = done_[&block]) return known;
  if (!open_.insert(&block).second) bad_table(*block.family, block.head, "a type contains itself");
  auto schema = std::make_shared<Schema>();
  schema->type = Type::Object;
  schema->name = fmt::format("{}.{}", block.family->package, block.name());
  schema->doc = block.head.doc;
  if (auto it = block.family->types.find(block.name()); it != block.family->types.end()) schema->rules = it->second;
  if (block.is_kind()) add_object_fields(block, *schema);
  for (const Line& line : block.fields) {
    if (line.words[0] == "...")
      add_inline(block, line, *schema);
    else
      schema->fields.push_back(field_of(block, line));
  }
  for (std::size_t i = 2; !block.is_kind() && i < block.head.words.size(); ++i)
    if (!set_shape(*schema, block.head.words[i], {})) bad_table(*block.family, block.head, "unknown flag");
  std::sort(schema->fields.begin(), schema->fields.end(),
            [](const Field& a, const Field& b) { return a.name < b.name; });
  for (std::size_t i = 1; i < schema->fields.size(); ++i)
    if (schema->fields[i - 1].name == schema->fields[i].name) bad_table(*block.family, block.head, "a field twice");
  open_.erase(&block);
  return done_[&block] = schema;
}

std::optional<Kind::Name> name_rule(std::string_view text) {
  if (text == "subdomain") return Kind::Name::Subdomain;
  if (text == "label") return Kind::Name::Label;
  if (text == "label1035") return Kind::Name::Label1035;
  if (text == "path") return Kind::Name::Path;
  return std::nullopt;
}

bool set_flag(Kind& kind, std::string_view name, std::string_view value) {
  if (name == "short") return kind.short_names = names(value), true;
  if (name == "categories") return kind.categories = names(value), true;
  if (name == "singular") return kind.singular = value, true;
  if (name == "selectable") return kind.selectable = names(value), true;
  if (name == "cluster") return kind.resource.namespaced = false, true;
  if (name == "status") return kind.has_status = true;
  if (name == "scale") return kind.scale.emplace(), true;
  if (name == "bare") return true;  // see add_object_fields
  if (name == "custom") return kind.custom = true;
  if (name == "name" && name_rule(value)) return kind.name_rule = *name_rule(value), true;
  if (name != "virtual") return false;
  kind.stored = false;
  kind.verbs = value.empty() ? std::vector<std::string>() : names(value);
  return true;
}

Kind Loader::kind_of(const Block& block) {
  const Family& family = *block.family;
  if (block.head.words.size() < 3) bad_table(family, block.head, "a kind has a name and a plural");
  Kind kind;
  kind.resource = {family.group, family.version, std::string(block.head.words[2]), std::string(block.name()), true};
  kind.singular = base::to_lower(block.name());
  kind.list_kind = std::string(block.name()) + "List";
  for (std::size_t i = 3; i < block.head.words.size(); ++i) {
    auto [name, value] = attribute(block.head.words[i]);
    if (!set_flag(kind, name, value)) bad_table(family, block.head, fmt::format("unknown flag {}", name));
  }
  kind.schema = schema_of(block);
  if (auto it = family.kinds.find(block.name()); it != family.kinds.end()) {
    kind.columns = it->second.columns;
    kind.check = it->second.check;
    kind.begin = it->second.begin;
    kind.subresources = it->second.subresources;
  }
  return kind;
}

void check_code_is_used(const std::vector<Family>& families) {
  for (const Family& family : families) {
    std::set<std::string_view> known;
    const std::vector<Block> blocks = read_blocks(family);
    for (const Block& block : blocks) known.insert(block.name());
    for (const auto& [name, rules] : family.types) SLIPWAY_CHECK(known.contains(name));
    for (const auto& [name, rules] : family.kinds) SLIPWAY_CHECK(known.contains(name));
  }
}

}  // namespace

std::vector<Kind> load(const std::vector<Family>& families) {
  check_code_is_used(families);
  return Loader(families).kinds();
}

}  // namespace slipway::api::kinds
