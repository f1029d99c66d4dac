// Hashes. FNV for names that must be stable, SHA-256 for content addresses.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace slipway::base {

constexpr std::uint32_t kFnv32Basis = 2166136261u;

// 32-bit FNV-1a, continued from `seed` (http://www.isthe.com/chongo/tech/comp/fnv/).
constexpr std::uint32_t fnv1a32(std::string_view bytes, std::uint32_t seed = kFnv32Basis) {
  for (unsigned char c : bytes) seed = (seed ^ c) * 16777619u;
  return seed;
}

// Hexadecimal SHA-256, 64 lower-case digits.
std::string sha256_hex(std::string_view bytes);

// The decimal digits of a number in the 27-letter alphabet that Kubernetes uses for generated names (no vowels, no
// 0, 1, 3), one letter a digit: the form of pod-template-hash.
std::string safe_encode(std::uint64_t number);

}  // namespace slipway::base
