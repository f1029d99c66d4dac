// Any bytes must parse or fail; what parses must print and parse again to the same value, in both forms.
#include <cstdint>
#include <string_view>

#include "data/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace slipway::data;
  std::vector<Diagnostic> duplicates;
  const auto value = parse_json({reinterpret_cast<const char*>(bytes), size}, {.duplicates = &duplicates});
  if (!value) return 0;
  const std::string text = to_json(*value);
  // Doubles without a fraction come back as integers: compare texts.
  const auto again = parse_json(text), pretty = parse_json(to_pretty_json(*value));
  SLIPWAY_CHECK(again.has_value() && to_json(*again) == text);
  SLIPWAY_CHECK(pretty.has_value() && *pretty == *again);
  return 0;
}
