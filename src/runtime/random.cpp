#include <limits>
#include <string_view>

#include "base/error.h"
#include "runtime/loop.h"

namespace slipway::runtime {
namespace {
// The alphabet of Kubernetes' generated names: no vowels, so no words; no 0, 1 and 3, so no confusion.
constexpr std::string_view kNameAlphabet = "bcdfghjklmnpqrstvwxz2456789";
constexpr std::string_view kHexDigits = "0123456789abcdef";
}  // namespace

std::uint64_t Random::below(std::uint64_t bound) {
  SLIPWAY_CHECK(bound > 0);
  // Values over the largest multiple of `bound` are drawn again, so that no remainder is favoured.
  const std::uint64_t limit = std::numeric_limits<std::uint64_t>::max() / bound * bound;
  for (;;)
    if (const std::uint64_t value = next(); value < limit) return value % bound;
}

double Random::unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

std::string make_uid(Random& random) {
  std::uint64_t high = random.next();
  std::uint64_t low = random.next();
  high = (high & ~0xf000ull) | 0x4000ull;                        // version 4
  low = (low & ~0xc000000000000000ull) | 0x8000000000000000ull;  // RFC 9562 variant
  std::string uid;
  uid.reserve(36);
  for (int digit = 0; digit < 32; ++digit) {
    if (digit == 8 || digit == 12 || digit == 16 || digit == 20) uid += '-';
    const std::uint64_t word = digit < 16 ? high : low;
    uid += kHexDigits[(word >> (60 - 4 * (digit % 16))) & 0xf];
  }
  return uid;
}

std::string make_suffix(Random& random, int length) {
  std::string suffix;
  for (int i = 0; i < length; ++i) suffix += kNameAlphabet[random.below(kNameAlphabet.size())];
  return suffix;
}

}  // namespace slipway::runtime
