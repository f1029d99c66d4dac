// JSON text to Value and back (RFC 8259), as the Kubernetes API server reads and writes it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "data/value.h"

namespace slipway::data {

// Where in a document something stands: 1-based line and column (column counts bytes), 0 when unknown.
struct Position {
  int line = 0;
  int column = 0;
  bool operator==(const Position&) const = default;
};

// One problem of a document. `path` is the field ("spec.containers[0].image"), when it is about one.
struct Diagnostic {
  Position at;
  std::string path;
  std::string message;
  bool operator==(const Diagnostic&) const = default;
};

struct ParseLimits {
  int max_depth = 100;                          // nesting of arrays and objects
  std::size_t max_bytes = 16u << 20;
  std::size_t max_nodes = 1'000'000;            // after alias expansion, for YAML
};

struct ParseOptions {
  ParseLimits limits = {};
  // When set, duplicate keys are reported here with their paths and the last one wins; otherwise silently so.
  std::vector<Diagnostic>* duplicates = nullptr;
};

// The whole text must be one JSON value. Integers that fit int64 stay integers, all other numbers become the
// nearest double; numbers beyond double's range, bad UTF-8 and lone surrogates are errors (BadRequest, with line and column).
base::Result<Value> parse_json(std::string_view text, const ParseOptions& options = {});

// Compact, keys sorted, Go's number format; `<`, `>`, `&`, U+2028 and U+2029 escaped as Go does, bytes that are no
// UTF-8 as U+FFFD. NaN and the infinities, which JSON lacks, become null.
std::string to_json(const Value& value);
void append_json(std::string& out, const Value& value);
// Indented by two spaces, for people.
std::string to_pretty_json(const Value& value);
// A double as Go's encoding/json prints it ("0.1", "1e+21", "100").
std::string format_double(double d);

}  // namespace slipway::data
