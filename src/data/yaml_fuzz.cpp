// Any bytes must parse or fail; what parses must print as YAML and read back the same.
#include <cstdint>
#include <string_view>

#include "data/yaml.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace slipway::data;
  const ParseOptions options{.limits = {.max_nodes = 10'000}};
  const auto documents = parse_yaml_stream({reinterpret_cast<const char*>(bytes), size}, options);
  if (!documents) return 0;
  for (const YamlDocument& document : *documents) {
    for (const auto& [path, at] : document.positions) SLIPWAY_CHECK(at.line > 0 && at.column > 0);
    const auto again = parse_yaml(to_yaml(document.value));
    SLIPWAY_CHECK(again.has_value() && to_json(*again) == to_json(document.value));
  }
  return 0;
}
