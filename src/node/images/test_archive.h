// Archives for tests and the fuzzer, made byte by byte, so that they can be as wrong as a stranger's.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "base/hash.h"
#include "data/json.h"

namespace slipway::node::images::test {

struct TarFile {
  std::string path, bytes = {}, target = {};
  char type = '0';
  std::uint32_t mode = 0644;
};

inline std::string octal(std::uint64_t value, int digits) {
  char text[32];
  std::snprintf(text, sizeof text, "%0*llo", digits, static_cast<unsigned long long>(value));
  return text;
}

// A header and its content; path and target of at most 100 bytes.
inline std::string tar_entry(const TarFile& f) {
  std::string h(512, '\0');
  h.replace(0, f.path.size(), f.path);
  h.replace(100, 7, octal(f.mode, 7));
  h.replace(124, 11, octal(f.bytes.size(), 11));
  h.replace(136, 11, octal(0, 11));
  h[156] = f.type;
  h.replace(157, f.target.size(), f.target);
  h.replace(257, 8,
            std::string("ustar\000"
                        "00",
                        8));
  h.replace(148, 8, "        ");
  std::uint64_t sum = 0;
  for (unsigned char c : h) sum += c;
  h.replace(148, 8, octal(sum, 6) + std::string("\0 ", 2));
  std::string body = f.bytes;
  body.resize((body.size() + 511) / 512 * 512, '\0');
  return h + body;
}

// Texts that do not fit into a header come before it, in GNU's way.
inline std::string tar_of(const std::vector<TarFile>& files) {
  std::string out;
  for (TarFile f : files) {
    for (const auto& [text, type] : {std::pair(&f.target, 'K'), std::pair(&f.path, 'L')}) {
      if (text->size() <= 100) continue;
      out += tar_entry({.path = "././@LongLink", .bytes = *text, .type = type});
      text->resize(100);
    }
    out += tar_entry(f);
  }
  return out + std::string(1024, '\0');
}

inline std::string gzip(const std::string& plain) {
  z_stream z{};
  deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&z, plain.size()), '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  z.avail_in = static_cast<uInt>(plain.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

// `docker save` of these layers.
inline std::vector<TarFile> docker_archive(const std::vector<std::string>& layers, const std::string& config) {
  std::vector<TarFile> files;
  data::Value names = data::Value::array();
  for (const std::string& layer : layers) {
    files.push_back({.path = std::to_string(files.size()) + "/layer.tar", .bytes = layer});
    names.push_back(files.back().path);
  }
  files.push_back({.path = "config.json", .bytes = config});
  const auto image = data::Value::object({{"Config", "config.json"}, {"Layers", names}});
  files.push_back({.path = "manifest.json", .bytes = data::to_json(data::Value::array({image}))});
  return files;
}

// An OCI image layout of these layers.
inline std::vector<TarFile> oci_layout(const std::vector<std::string>& layers, const std::string& config) {
  std::vector<TarFile> files{{.path = "oci-layout", .bytes = R"({"imageLayoutVersion":"1.0.0"})"}};
  const auto blob = [&](const std::string& bytes, const char* type) {
    const std::string digest = base::sha256_hex(bytes);
    files.push_back({.path = "blobs/sha256/" + digest, .bytes = bytes});
    return data::Value::object(
        {{"mediaType", type}, {"digest", "sha256:" + digest}, {"size", static_cast<std::int64_t>(bytes.size())}});
  };
  data::Value list = data::Value::array();
  for (const std::string& layer : layers) list.push_back(blob(layer, "application/vnd.oci.image.layer.v1.tar+gzip"));
  const auto manifest =
      data::Value::object({{"config", blob(config, "application/vnd.oci.image.config.v1+json")}, {"layers", list}});
  const auto index = data::Value::object(
      {{"manifests",
        data::Value::array({blob(data::to_json(manifest), "application/vnd.oci.image.manifest.v1+json")})}});
  files.push_back({.path = "index.json", .bytes = data::to_json(index)});
  return files;
}

}  // namespace slipway::node::images::test
