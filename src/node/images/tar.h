// Reads tar archives: ustar, pax extensions (POSIX.1-2001) and GNU long names, one entry after the other.
//
//   TarReader tar(bytes);
//   while (auto entry = tar.next()) { if (!*entry) break;  ... tar.read(...) ... }
//
// Only says what is written there; whether it may be unpacked is decided elsewhere (draft.h). Checksums are verified.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/error.h"
#include "node/images/bytes.h"

namespace slipway::node::images {

struct TarEntry {
  enum class Type { File, Folder, Link, HardLink, Other };
  Type type = Type::File;
  std::string path, target;  // as written
  std::uint32_t mode = 0;
  std::uint64_t size = 0;
};

class TarReader {
 public:
  explicit TarReader(Bytes& bytes) : bytes_(bytes) {}

  // Skips what is left of the entry before. nullopt at the end of the archive; Invalid when it is damaged.
  base::Result<std::optional<TarEntry>> next();
  // Content of the current entry: 0 at its end.
  base::Result<std::size_t> read(char* into, std::size_t size);

 private:
  using Header = char[512];
  base::Result<bool> fill(char* into, std::size_t size);  // false: clean end before the first byte
  base::Result<std::string> read_text();                  // a whole small entry (long name, pax)
  base::Result<void> skip_rest();
  base::Result<std::optional<TarEntry>> entry_of(const Header& header);
  base::Result<void> apply_pax(const std::string& records);

  Bytes& bytes_;
  std::uint64_t left_ = 0, padding_ = 0;
  std::string long_path_, long_target_;
  std::optional<std::uint64_t> pax_size_;
};

}  // namespace slipway::node::images
