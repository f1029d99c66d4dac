#include "gateway/webhook_signature.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/error.h"
#include "base/strings.h"

namespace slipway::gateway {
namespace {

constexpr std::string_view kEncoded = "whsec_";

}  // namespace

std::string webhook_signature(std::string_view key, std::string_view id, std::string_view timestamp,
                              std::string_view body) {
  std::string bytes(key);
  if (key.starts_with(kEncoded)) bytes = base::base64_decode(key.substr(kEncoded.size())).value_or("");
  if (bytes.empty()) return "";
  std::string signed_text;
  signed_text.append(id).append(".").append(timestamp).append(".").append(body);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  const auto* made =
      HMAC(EVP_sha256(), bytes.data(), static_cast<int>(bytes.size()),
           reinterpret_cast<const unsigned char*>(signed_text.data()), signed_text.size(), digest, &size);
  SLIPWAY_CHECK(made != nullptr && size == 32);
  return "v1," + base::base64_encode({reinterpret_cast<const char*>(digest), size});
}

}  // namespace slipway::gateway
