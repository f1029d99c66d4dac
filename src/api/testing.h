// What the tests of this module share: short ways to make objects, and the conformance data where it is present.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "api/scheme.h"
#include "data/json.h"
#include "data/yaml.h"

namespace slipway::api::testing {

inline data::Value json(std::string_view text) {
  auto value = data::parse_json(text);
  if (!value) ADD_FAILURE() << value.error().message << " in " << text;
  return value.value_or(data::Value());
}

inline data::Value yaml(std::string_view text) {
  auto value = data::parse_yaml(text);
  if (!value) ADD_FAILURE() << value.error().message << " in " << text;
  return value.value_or(data::Value());
}

inline const Kind& kind(const Resource& r) {
  const Kind* found = Scheme::builtin()->find(r.group, r.version, r.plural);
  SLIPWAY_CHECK(found);
  return *found;
}

// conform without problems
inline data::Value conformed(const Kind& kind, const data::Value& object) {
  std::vector<std::string> unknown;
  std::vector<base::Cause> problems;
  data::Value out = conform(kind, object, unknown, problems);
  for (const auto& field : unknown) ADD_FAILURE() << "unknown field " << field;
  for (const auto& p : problems) ADD_FAILURE() << p.field << ": " << p.message;
  return out;
}

// "field: message" of each problem, sorted
inline std::vector<std::string> lines(const std::vector<base::Cause>& problems) {
  std::vector<std::string> out;
  for (const auto& p : problems) out.push_back(p.field + ": " + p.message);
  std::sort(out.begin(), out.end());
  return out;
}

// The folder of the conformance data, or empty: then the test says so and skips.
inline std::filesystem::path conformance() {
  const char* set = std::getenv("SLIPWAY_CONFORMANCE");
  std::filesystem::path dir = set ? set : "../shared/conformance";
  return std::filesystem::exists(dir) ? dir : std::filesystem::path();
}

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace slipway::api::testing
