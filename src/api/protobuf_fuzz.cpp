// Any bytes must decode or fail. What decodes holds only fields of its kind, is the same after JSON, and goes through
// defaults and validation, where defaults are complete at once.
#include <cstdint>
#include <string>

#include "api/scheme.h"
#include "data/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace slipway;
  const auto scheme = api::Scheme::builtin();
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  auto object = api::decode_protobuf(*scheme, bytes);
  if (!object) return 0;
  const api::Kind* kind = scheme->find_kind((*object)["apiVersion"].as_string(), (*object)["kind"].as_string());
  if (!kind) return 0;  // DeleteOptions of another group
  std::vector<std::string> unknown;
  std::vector<base::Cause> problems;
  const data::Value conformed = api::conform(*kind, *object, unknown, problems);
  SLIPWAY_CHECK(unknown.empty());
  if (!problems.empty()) return 0;
  const auto again = data::parse_json(data::to_json(conformed));
  SLIPWAY_CHECK(again.has_value() && data::to_json(*again) == data::to_json(conformed));
  const data::Value full = api::with_defaults(*kind, conformed);
  SLIPWAY_CHECK(api::with_defaults(*kind, full) == full);
  for (const base::Cause& problem : api::validate(*kind, full, {})) SLIPWAY_CHECK(!problem.message.empty());
  return 0;
}
