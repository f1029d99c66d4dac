// Fuzzes decode_protobuf: any bytes give a value or an error, never a crash, and a decoded object survives conform and
// JSON.
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
  if (problems.empty()) SLIPWAY_CHECK(data::parse_json(data::to_json(conformed)).has_value());
  return 0;
}
