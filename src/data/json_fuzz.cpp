// Any bytes must parse or fail; what parses must print and parse again to the same value, in both forms.
#include <cstdint>
#include <string_view>

#include "data/json.h"

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
  return 0;
}
