// A fast 64-bit checksum against accidents, not against attackers. Its values are part of the file format.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace slipway::store {

class Checksum {
 public:
  Checksum& add(std::uint64_t word) {
    sum_ = (sum_ ^ word) * 0x9fb21c651e98df25ull;  // odd, so that no word is lost
    sum_ ^= std::rotl(sum_, 29);
    sum_ = std::rotl(sum_, 32) + kStep;
    return *this;
  }
  // The length goes in too, so that ("ab", "c") and ("a", "bc") differ.
  Checksum& add(std::string_view bytes) {
    add(bytes.size());
    for (; bytes.size() >= 8; bytes.remove_prefix(8)) add(word_at(bytes, 8));
    return bytes.empty() ? *this : add(word_at(bytes, bytes.size()));
  }
  std::uint64_t value() const { return Checksum(*this).add(kStep).sum_; }

 private:
  static constexpr std::uint64_t kStep = 0xd6e8feb86659fd93ull;
  static std::uint64_t word_at(std::string_view bytes, std::size_t size) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), size);  // little-endian, as all machines that this runs on
    return word;
  }
  std::uint64_t sum_ = kStep;
};
static_assert(std::endian::native == std::endian::little);

}  // namespace slipway::store
