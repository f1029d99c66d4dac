// Which bucket a user is in, wherever that is asked: by our gateway's proxy, which computes it for each request, and by
// those who say beforehand whom a share will let in.
//
// The proxy's rule (HAProxy: `concat(:,salt),xxh32,mod(10000)`): XXH32 with seed 0 of the user's key, a colon and the
// salt, modulo 10000. Tested against the proxy in gateway/driver_test.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace slipway::base {

inline constexpr std::int64_t kUserBuckets = 10'000;

// 0 to 9999.
std::int64_t user_bucket(std::string_view key, std::string_view salt);

// Of the route namespace/name: what its annotation slipway.dev/sticky-salt asks for, else its own name. The same salt
// deals the same users out alike.
std::string sticky_salt(std::string_view annotation, std::string_view space, std::string_view route);

// The candidate has the upper end: with so many hundredths of a percent.
inline bool is_among(std::int64_t bucket, std::int64_t points) { return bucket >= kUserBuckets - points; }

}  // namespace slipway::base
