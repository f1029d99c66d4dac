#include "http/compress.h"

#include <zlib.h>

namespace slipway::http {
namespace {
constexpr int kGzipWindow = 15 + 16;  // the largest window, with a gzip header (zlib.h, deflateInit2)
Bytef* input(std::string_view bytes) { return reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data())); }
}  // namespace

std::string gzip(std::string_view bytes) {
  z_stream stream{};
  SLIPWAY_CHECK(deflateInit2(&stream, 1, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = input(bytes);
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  SLIPWAY_CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

base::Result<std::string> gunzip(std::string_view bytes, std::size_t limit) {
  z_stream stream{};
  SLIPWAY_CHECK(inflateInit2(&stream, kGzipWindow) == Z_OK);
  stream.next_in = input(bytes);
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string out;
  int result = Z_OK;
  while (result == Z_OK && out.size() <= limit) {
    const std::size_t before = out.size();
    out.resize(before + (64u << 10));
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    stream.avail_out = static_cast<uInt>(out.size() - before);
    result = inflate(&stream, Z_NO_FLUSH);
    out.resize(out.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  if (out.size() > limit) return base::fail(base::Code::TooLarge, "decompressed body is too large");
  if (result != Z_STREAM_END) return base::fail(base::Code::BadRequest, "damaged gzip body");
  return out;
}

}  // namespace slipway::http
