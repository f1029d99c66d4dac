#include "node/images/bytes.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/strings.h"
#include "node/posix.h"

namespace slipway::node::images {

using base::Code;
using base::Result;

namespace {

class FileBytes final : public Bytes {
 public:
  explicit FileBytes(UniqueFd file) : file_(std::move(file)) {}
  Result<std::size_t> read(char* into, std::size_t size) override {
    const ssize_t n = ::read(file_.get(), into, size);
    if (n < 0) return os_fail("read archive");
    return static_cast<std::size_t>(n);
  }

 private:
  UniqueFd file_;
};

class MemoryBytes final : public Bytes {
 public:
  explicit MemoryBytes(std::string_view bytes) : bytes_(bytes) {}
  Result<std::size_t> read(char* into, std::size_t size) override {
    const std::size_t n = std::min(size, bytes_.size());
    if (n > 0) std::memcpy(into, bytes_.data(), n);
    bytes_.remove_prefix(n);
    return n;
  }

 private:
  std::string_view bytes_;
};

class GzipBytes final : public Bytes {
 public:
  explicit GzipBytes(std::unique_ptr<Bytes> packed) : packed_(std::move(packed)) {
    SLIPWAY_CHECK(inflateInit2(&stream_, 15 + 16) == Z_OK);
  }
  ~GzipBytes() override { inflateEnd(&stream_); }

  Result<std::size_t> read(char* into, std::size_t size) override {
    stream_.next_out = reinterpret_cast<Bytef*>(into);
    stream_.avail_out = static_cast<uInt>(std::min<std::size_t>(size, 1u << 30));
    const std::size_t wanted = stream_.avail_out;
    while (stream_.avail_out == wanted && !ended_)
      if (auto stepped = step(); !stepped) return base::fail(stepped.error());
    return wanted - stream_.avail_out;
  }

 private:
  Result<void> step() {
    if (stream_.avail_in == 0) {
      auto n = packed_->read(buffer_.data(), buffer_.size());
      if (!n) return base::fail(n.error());
      if (*n == 0) {
        if (!between_) return base::fail(Code::Invalid, "the gzip data is cut off");
        ended_ = true;
        return {};
      }
      stream_.next_in = reinterpret_cast<Bytef*>(buffer_.data());
      stream_.avail_in = static_cast<uInt>(*n);
    }
    const int result = inflate(&stream_, Z_NO_FLUSH);
    between_ = result == Z_STREAM_END;  // another member may follow
    if (between_) inflateReset(&stream_);
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
      return base::fail(Code::Invalid, "the gzip data is damaged");
    return {};
  }

  std::unique_ptr<Bytes> packed_;
  z_stream stream_{};
  std::array<char, 65536> buffer_;
  bool ended_ = false, between_ = false;
};

bool is_gzip(std::string_view head) { return head.starts_with("\x1f\x8b"); }

}  // namespace

Result<std::unique_ptr<Bytes>> open_bytes(const std::string& path) {
  UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return os_fail("open " + path);
  char head[2] = {};
  const ssize_t n = pread(file.get(), head, sizeof head, 0);
  std::unique_ptr<Bytes> plain = std::make_unique<FileBytes>(std::move(file));
  if (n == 2 && is_gzip({head, 2})) return std::make_unique<GzipBytes>(std::move(plain));
  return plain;
}

std::unique_ptr<Bytes> bytes_in_memory(std::string_view bytes) {
  auto plain = std::make_unique<MemoryBytes>(bytes);
  if (is_gzip(bytes)) return std::make_unique<GzipBytes>(std::move(plain));
  return plain;
}

Result<std::string> sha256_of_file(const std::string& path) {
  UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file) return os_fail("open " + path);
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> hash(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  EVP_DigestInit_ex(hash.get(), EVP_sha256(), nullptr);
  char buffer[65536];
  for (ssize_t n = 0; (n = read(file.get(), buffer, sizeof buffer)) != 0;) {
    if (n < 0) return os_fail("read " + path);
    EVP_DigestUpdate(hash.get(), buffer, static_cast<std::size_t>(n));
  }
  unsigned char digest[32];
  EVP_DigestFinal_ex(hash.get(), digest, nullptr);
  return base::hex({reinterpret_cast<char*>(digest), sizeof digest});
}

}  // namespace slipway::node::images
