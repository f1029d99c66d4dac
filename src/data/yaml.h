// YAML to Value and back, with the rules of sigs.k8s.io/yaml (go-yaml v2 scalars: `yes` and `on` are booleans).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "data/json.h"
#include "data/value.h"

namespace slipway::data {

// One document of a stream, and where each of its fields stands.
struct YamlDocument {
  Value value;
  Position start;
  // Field path ("spec.containers[0].image") -> position of its key or item; sorted by path.
  std::vector<std::pair<std::string, Position>> positions;

  Position position_of(std::string_view path) const;  // of the nearest enclosing field when unknown
};

// All documents of a stream; empty documents are left out. JSON is YAML, so this reads both.
// Anchors, aliases and merge keys (`<<`) are followed; what aliases add counts against `limits.max_nodes`. Duplicate keys
// are an error unless `options.duplicates` is set. Infinite and NaN numbers, which JSON lacks, are errors; timestamps
// stay strings. Errors (BadRequest) carry line and column in the message, in libyaml's wording where it has one.
base::Result<std::vector<YamlDocument>> parse_yaml_stream(std::string_view text, const ParseOptions& options = {});
// Exactly one document.
base::Result<Value> parse_yaml(std::string_view text, const ParseOptions& options = {});

// Block style, keys in go-yaml's order (numbers in them by their size), strings quoted exactly where go-yaml would read
// them as something else, strings of several lines as literal blocks.
std::string to_yaml(const Value& value);

}  // namespace slipway::data
