// Any bytes must parse or fail; what parses must print and parse again to the same value, in both forms and as YAML.
#include <cstdint>
#include <string_view>

#include "data/json.h"
#include "data/yaml.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace slipway::data;
  std::vector<Diagnostic> duplicates;
  const auto value = parse_json({reinterpret_cast<const char*>(bytes), size}, {.duplicates = &duplicates});
  if (!value) return 0;
  // Printing may turn a double into an integer's text (1.0 is 1, -0.0 is -0): from the second round on nothing changes.
  const auto second = parse_json(to_json(*value)), pretty = parse_json(to_pretty_json(*value));
  SLIPWAY_CHECK(second.has_value() && pretty.has_value() && *pretty == *second);
  const auto third = parse_json(to_json(*second));
  SLIPWAY_CHECK(third.has_value() && *third == *second);
  if (size > 4096) return 0;  // YAML's limits are tighter
  const auto yaml = parse_yaml(to_yaml(*second));
  SLIPWAY_CHECK(yaml.has_value() && to_json(*yaml) == to_json(*second));
  return 0;
}
