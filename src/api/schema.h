// The schema of one kind: a tree of typed fields, made from a schema table (api/kinds/) or from a CustomResourceDefinition.
//
// One tree drives everything: strict decoding, defaulting, validation, protobuf decoding, strategic merge, server-side
// apply, OpenAPI and `explain`. Immutable after loading; usable from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/patch.h"
#include "data/value.h"

namespace slipway::api {

enum class Type : std::uint8_t {
  String, Int32, Int64, Double, Bool,
  Quantity, IntOrString, Time, MicroTime, Duration, Bytes,  // scalars with a form of their own
  Object,   // named fields
  Map,      // string keys, values of `items`
  List,     // elements of `items`
  Any,      // anything, untouched (RawExtension, x-kubernetes-preserve-unknown-fields)
};

// How server-side apply and strategic merge treat a list or map.
enum class ListKind : std::uint8_t { Atomic, Set, Map };

struct Schema;
using SchemaPtr = std::shared_ptr<const Schema>;

struct Field {
  std::string name;
  SchemaPtr type;
  int proto = 0;                    // protobuf field number; 0: not known
  bool required = false;
  bool omit_empty = true;           // an empty value is dropped on decode
  data::Value fallback = {};        // default; null: none
  std::string doc = {};             // own words, one sentence
};

struct Schema : data::MergeSchema {
  Type type = Type::Any;
  std::vector<Field> fields;        // Object: sorted by name
  SchemaPtr items;                  // Map, List
  ListKind list = ListKind::Atomic; // List
  std::vector<std::string> keys;    // ListKind::Map: server-side apply keys
  std::string merge_key;            // strategic merge key, when the list merges by key
  bool merges = false;              // strategic merge merges this list (by merge_key, or as a set)
  bool retain_keys = false;
  bool atomic = false;              // Object or Map replaced as a whole by server-side apply
  bool preserve_unknown = false;    // Object: unknown fields stay
  bool embedded = false;            // Object: a whole API object (apiVersion, kind, metadata)
  bool nullable = false;
  // Value rules (OpenAPI v3 subset).
  std::vector<data::Value> one_of_values;  // enum
  std::string pattern;
  std::optional<double> minimum, maximum;
  bool exclusive_minimum = false, exclusive_maximum = false;
  std::optional<std::int64_t> min_length, max_length, min_items, max_items;

  const Field* find(std::string_view name) const;
  MergeSchema::Field field(std::string_view name) const override;
};

}  // namespace slipway::api
