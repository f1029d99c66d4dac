// The schema of one kind: a tree of typed fields, made from a schema table (api/kinds/) or from a
// CustomResourceDefinition.
//
// One tree drives everything: strict decoding, defaulting, validation, protobuf decoding, strategic merge, server-side
// apply, OpenAPI and `explain`. Immutable after loading; usable from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "data/patch.h"
#include "data/value.h"

namespace slipway::api {

enum class Type : std::uint8_t {
  String,
  Int32,
  Int64,
  Double,
  Bool,
  Quantity,
  IntOrString,
  Time,
  MicroTime,
  Duration,
  Bytes,   // scalars with a form of their own
  Object,  // named fields
  Map,     // string keys, values of `items`
  List,    // elements of `items`
  Any,     // anything, untouched (RawExtension, x-kubernetes-preserve-unknown-fields)
};

// How server-side apply and strategic merge treat a list or map.
enum class ListKind : std::uint8_t { Atomic, Set, Map };

struct Schema;
using SchemaPtr = std::shared_ptr<const Schema>;

// Where in an object a value stands, as a chain on the stack: written out only when there is something to say.
struct Path {
  const Path* up = nullptr;
  std::string_view field = {};  // a member, or
  std::ptrdiff_t index = -1;    // an element, or
  std::string_view key = {};    // a map's key
  Path at(std::string_view name) const { return {this, name}; }
  Path at(std::size_t i) const { return {this, {}, static_cast<std::ptrdiff_t>(i)}; }
  Path at_key(std::string_view k) const { return {this, {}, -1, k}; }
  std::string text() const;  // "spec.containers[0].resources.limits[cpu]"
};

// What code adds to the table of a type: defaults and rules that depend on several fields. They hold wherever the type
// is used.
struct TypeRules {
  void (*complete)(data::Value& value) = nullptr;  // before the table's defaults are filled in
  void (*check)(const data::Value& value, const Path& at, std::vector<base::Cause>& problems) = nullptr;
};

struct Field {
  std::string name;
  SchemaPtr type;
  int proto = 0;        // protobuf field number; 0: not known
  int proto_outer = 0;  // number of the embedded message that holds the field, where JSON is flatter than protobuf
  bool required = false;
  bool omit_empty =
      true;  // an empty value (also 0 and false) means the same as an absent one, and is dropped on decode
  bool immutable = false;     // may not change once it is set
  data::Value fallback = {};  // default; null: none
  std::string doc = {};       // own words, one sentence
};

struct Schema : data::MergeSchema {
  Type type = Type::Any;
  std::string name = {};  // of a shared type, as OpenAPI names it: "io.k8s.api.core.v1.PodSpec"; else empty
  std::string doc = {};
  TypeRules rules = {};
  std::vector<api::Field> fields;    // Object: sorted by name
  SchemaPtr items;                   // Map, List
  ListKind list = ListKind::Atomic;  // List
  std::vector<std::string> keys;     // ListKind::Map: server-side apply keys
  std::string merge_key;             // strategic merge key, when the list merges by key
  bool merges = false;               // strategic merge merges this list (by merge_key, or as a set)
  bool retain_keys = false;
  bool atomic = false;            // Object or Map replaced as a whole by server-side apply
  bool preserve_unknown = false;  // Object: unknown fields stay
  bool embedded = false;          // Object: a whole API object (apiVersion, kind, metadata)
  bool nullable = false;
  // Value rules (OpenAPI v3 subset).
  std::vector<data::Value> one_of_values;  // enum
  std::string pattern;
  std::optional<double> minimum, maximum;
  bool exclusive_minimum = false, exclusive_maximum = false;
  std::optional<std::int64_t> min_length, max_length, min_items, max_items, min_properties, max_properties;
  std::optional<double> multiple_of;
  std::string format;                             // OpenAPI format; checked where Kubernetes checks it
  std::vector<SchemaPtr> all_of, any_of, one_of;  // value rules only
  SchemaPtr none_of;                              // "not"

  const api::Field* find(std::string_view name) const;
  MergeSchema::Field field(std::string_view name) const override;
};

}  // namespace slipway::api
