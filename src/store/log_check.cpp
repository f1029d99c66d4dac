#include "store/log_check.h"

#include <bit>
#include <cstdint>
#include <cstring>

namespace slipway::store {
namespace {

constexpr std::size_t kHeader = 32, kFrameHeader = 24;
constexpr std::uint32_t kMagic = 0x377f0682;  // the lowest bit says that checksums read words big-endian

std::uint32_t big(std::string_view bytes, std::size_t at) {
  std::uint32_t word;
  std::memcpy(&word, bytes.data() + at, 4);
  return std::byteswap(word);
}

struct Sums {
  std::uint32_t a = 0, b = 0;
  bool operator==(const Sums&) const = default;

  void add(std::string_view bytes, bool big_endian) {
    for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
      std::uint32_t x, y;
      std::memcpy(&x, bytes.data() + at, 4);
      std::memcpy(&y, bytes.data() + at + 4, 4);
      a += (big_endian ? std::byteswap(x) : x) + b;
      b += (big_endian ? std::byteswap(y) : y) + a;
    }
  }
};

Sums sums_at(std::string_view bytes, std::size_t at) { return {big(bytes, at), big(bytes, at + 4)}; }

// The two salts of a header or frame: equal in all frames that belong together.
std::string_view salts(std::string_view bytes, std::size_t at) { return bytes.substr(at, 8); }

}  // namespace

LogReport inspect_log(std::string_view log) {
  LogReport report;
  if (log.size() < kHeader + kFrameHeader) return report;
  const std::uint32_t page = big(log, 8);
  const bool big_endian = big(log, 0) & 1;
  Sums sums;
  sums.add(log.substr(0, 24), big_endian);
  bool sound = (big(log, 0) & ~1u) == kMagic && sums == sums_at(log, 24);
  // Behind a damaged header nothing is read: the first frame says what belonged together, if the page size can be
  // guessed.
  const std::size_t frame = kFrameHeader + (sound ? page : 4096);
  const std::string_view ours = sound ? salts(log, 16) : salts(log, kHeader + 8);
  for (std::size_t at = kHeader; at + frame <= log.size(); at += frame) {
    const bool same_log = salts(log, at + 8) == ours;
    if (sound) {
      sums.add(log.substr(at, 8), big_endian);
      sums.add(log.substr(at + kFrameHeader, frame - kFrameHeader), big_endian);
      sound = same_log && sums == sums_at(log, at + 16);
    }
    const bool is_commit = big(log, at + 4) != 0;
    if (same_log && is_commit) (sound ? report.commits : report.commits_lost)++;
  }
  return report;
}

}  // namespace slipway::store
