#include "base/user_bucket.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/strings.h"

namespace slipway::base {

std::int64_t user_bucket(std::string_view key, std::string_view salt) {
  const std::string text = std::string(key) + ":" + std::string(salt);
  return static_cast<std::int64_t>(XXH32(text.data(), text.size(), 0)) % kUserBuckets;
}

// It reaches a map of the proxy, which is made of words.
std::string sticky_salt(std::string_view annotation, std::string_view space, std::string_view route) {
  return annotation.empty() ? std::string(space) + "/" + std::string(route) : hex(annotation.substr(0, 64));
}

}  // namespace slipway::base
