#include "data/footprint.h"

namespace slipway::data {
namespace {

constexpr std::size_t kHeader = 8;      // count and size of a string
constexpr std::size_t kContainer = 32;  // count and vector of an array or object

// As glibc's malloc takes it: a word of its own, in steps of two words, at least four.
std::size_t allocated(std::size_t wanted) {
  const std::size_t whole = (wanted + 8 + 15) / 16 * 16;
  return whole < 32 ? 32 : whole;
}

}  // namespace

std::size_t heap_bytes(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::String:
      return allocated(kHeader + value.as_string().size());
    case Value::Kind::Array: {
      std::size_t sum = allocated(kContainer) + allocated(value.size() * sizeof(Value));
      for (const Value& item : value.items()) sum += heap_bytes(item);
      return sum;
    }
    case Value::Kind::Object: {
      std::size_t sum = allocated(kContainer) + allocated(value.size() * sizeof(Member));
      for (const Member& member : value.members()) sum += heap_bytes(member.value);
      return sum;
    }
    default:
      return 0;
  }
}

}  // namespace slipway::data
