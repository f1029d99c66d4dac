#include "base/hash.h"

#include <openssl/evp.h>

#include "base/error.h"
#include "base/strings.h"

namespace slipway::base {

std::string sha256_hex(std::string_view bytes) {
  unsigned char digest[32];
  unsigned size = 0;
  const int ok = EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_sha256(), nullptr);
  SLIPWAY_CHECK(ok == 1 && size == sizeof digest);
  return hex({reinterpret_cast<const char*>(digest), sizeof digest});
}

std::string safe_encode(std::uint64_t number) {
  constexpr std::string_view kLetters = "bcdfghjklmnpqrstvwxz2456789";
  std::string text = std::to_string(number);
  for (char& c : text) c = kLetters[static_cast<unsigned char>(c) % kLetters.size()];
  return text;
}

}  // namespace slipway::base
