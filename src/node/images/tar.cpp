#include "node/images/tar.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/strings.h"

namespace slipway::node::images {

using base::Code;
using base::Result;

namespace {

constexpr std::size_t kBlock = 512;
constexpr std::uint64_t kMostText = 1u << 20;  // of a long name or a pax header

std::unexpected<base::Error> damaged(std::string what) {
  return base::fail(Code::Invalid, "the archive is damaged: " + std::move(what));
}

std::string_view field(const char* header, std::size_t at, std::size_t size) {
  std::string_view text(header + at, size);
  return text.substr(0, text.find('\0'));
}

// Octal digits, or GNU's base 256 when the first bit is set.
Result<std::uint64_t> number(const char* header, std::size_t at, std::size_t size) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(header + at);
  std::uint64_t value = 0;
  if ((bytes[0] & 0x80) != 0) {
    value = bytes[0] & 0x3f;
    for (std::size_t i = 1; i < size; ++i) {
      if (value >> 55 != 0) return damaged("a number is too large");
      value = value << 8 | bytes[i];
    }
    return value;
  }
  for (char c : base::trim(field(header, at, size))) {
    if (c < '0' || c > '7' || value >> 60 != 0) return damaged("a number is not octal");
    value = value << 3 | static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

bool checksum_fits(const char* header) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < kBlock; ++i) sum += i >= 148 && i < 156 ? ' ' : static_cast<unsigned char>(header[i]);
  const auto written = number(header, 148, 8);
  return written && *written == sum;
}

TarEntry::Type type_of(char flag) {
  switch (flag) {
    case '0':
    case '\0':
    case '7':
      return TarEntry::Type::File;
    case '1':
      return TarEntry::Type::HardLink;
    case '2':
      return TarEntry::Type::Link;
    case '5':
      return TarEntry::Type::Folder;
    default:
      return TarEntry::Type::Other;
  }
}

std::string written_path(const char* header) {
  const std::string name(field(header, 0, 100));
  const bool ustar =
      std::memcmp(header + 257, "ustar\0", 6) == 0;  // GNU's "ustar " has other things where the prefix would be
  const std::string prefix(ustar ? field(header, 345, 155) : "");
  return prefix.empty() ? name : prefix + "/" + name;
}

}  // namespace

Result<bool> TarReader::fill(char* into, std::size_t size) {
  std::size_t have = 0;
  while (have < size) {
    auto n = bytes_.read(into + have, size - have);
    if (!n) return base::fail(n.error());
    if (*n == 0 && have == 0) return false;
    if (*n == 0) return damaged("it is cut off");
    have += *n;
  }
  return true;
}

Result<std::size_t> TarReader::read(char* into, std::size_t size) {
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(size, left_));
  if (wanted == 0) return std::size_t(0);
  auto n = bytes_.read(into, wanted);
  if (!n) return n;
  if (*n == 0) return damaged("it is cut off");
  left_ -= *n;
  return n;
}

Result<void> TarReader::skip_rest() {
  left_ += std::exchange(padding_, 0);
  char buffer[65536];
  while (left_ > 0)
    if (auto n = read(buffer, sizeof buffer); !n) return base::fail(n.error());
  return {};
}

Result<std::string> TarReader::read_text() {
  if (left_ > kMostText) return damaged("a header is too large");
  std::string text(static_cast<std::size_t>(left_), '\0');
  for (std::size_t have = 0; have < text.size();) {
    auto n = read(text.data() + have, text.size() - have);
    if (!n) return base::fail(n.error());
    have += *n;
  }
  return text;
}

// "LENGTH KEY=VALUE\n" records, the length counting the whole record.
Result<void> TarReader::apply_pax(const std::string& records) {
  std::string_view rest = records;
  while (!rest.empty()) {
    const auto space = rest.find(' ');
    const auto length = base::parse_uint(rest.substr(0, space));
    if (space == rest.npos || !length || *length <= space + 2 || *length > rest.size() || rest[*length - 1] != '\n')
      return damaged("a pax record is malformed");
    const std::string_view pair = rest.substr(space + 1, *length - space - 2);
    const auto equals = pair.find('=');
    if (equals == pair.npos) return damaged("a pax record is malformed");
    const std::string_view key = pair.substr(0, equals), value = pair.substr(equals + 1);
    if (key == "path") long_path_ = value;
    if (key == "linkpath") long_target_ = value;
    if (key == "size") {
      pax_size_ = base::parse_uint(value);
      if (!pax_size_) return damaged("a pax size is no number");
    }
    if (key.starts_with("GNU.sparse")) return base::fail(Code::Invalid, "sparse files are not supported");
    rest.remove_prefix(static_cast<std::size_t>(*length));
  }
  return {};
}

Result<std::optional<TarEntry>> TarReader::entry_of(const Header& header) {
  TarEntry entry{.type = type_of(header[156])};
  const auto mode = number(header, 100, 8);
  if (!mode) return base::fail(mode.error());
  entry.path = long_path_.empty() ? written_path(header) : std::exchange(long_path_, {});
  entry.target = long_target_.empty() ? std::string(field(header, 157, 100)) : std::exchange(long_target_, {});
  if (header[156] == '\0' && entry.path.ends_with("/")) entry.type = TarEntry::Type::Folder;  // before ustar
  entry.mode = static_cast<std::uint32_t>(*mode & 07777);
  if (pax_size_) left_ = *std::exchange(pax_size_, std::nullopt);
  if (entry.type != TarEntry::Type::File) left_ = 0;
  entry.size = left_;
  padding_ = (kBlock - left_ % kBlock) % kBlock;
  return std::optional(std::move(entry));
}

Result<std::optional<TarEntry>> TarReader::next() {
  while (true) {
    if (auto skipped = skip_rest(); !skipped) return base::fail(skipped.error());
    Header header;
    auto filled = fill(header, sizeof header);
    if (!filled) return base::fail(filled.error());
    if (!*filled || std::all_of(header, header + kBlock, [](char c) { return c == '\0'; })) return std::nullopt;
    if (!checksum_fits(header)) return damaged("a checksum is wrong");
    const auto size = number(header, 124, 12);
    if (!size) return base::fail(size.error());
    left_ = *size;
    padding_ = (kBlock - left_ % kBlock) % kBlock;
    const char flag = header[156];
    if (flag != 'L' && flag != 'K' && flag != 'x' && flag != 'g') return entry_of(header);
    auto text = read_text();
    if (!text) return base::fail(text.error());
    const std::string name = text->substr(0, text->find('\0'));
    if (flag == 'L') long_path_ = name;
    if (flag == 'K') long_target_ = name;
    if (flag == 'x')
      if (auto applied = apply_pax(*text); !applied) return base::fail(applied.error());
  }
}

}  // namespace slipway::node::images
