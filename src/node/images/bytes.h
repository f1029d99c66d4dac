// Where an archive's bytes come from: a file, as it is or through gzip (RFC 1952).
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace slipway::node::images {

class Bytes {
 public:
  virtual ~Bytes() = default;
  // As many as there are, up to `size`; 0 at the end.
  virtual base::Result<std::size_t> read(char* into, std::size_t size) = 0;
};

// Looks at the first two bytes: gzip is unpacked on the way.
base::Result<std::unique_ptr<Bytes>> open_bytes(const std::string& path);
std::unique_ptr<Bytes> bytes_in_memory(std::string_view bytes);  // the text must outlive it; unpacked likewise

base::Result<std::string> sha256_of_file(const std::string& path);

}  // namespace slipway::node::images
