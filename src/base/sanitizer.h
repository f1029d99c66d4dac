// For tests that repeat one thing many times (seeds, kills): under a sanitizer each round takes ten times as long, and what
// the sanitizer looks for shows in the first rounds.
#pragma once

namespace slipway::base {

#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

// `rounds`, or a tenth of them, at least one, in a sanitized build.
constexpr int rounds_here(int rounds) { return kSanitized ? (rounds + 9) / 10 : rounds; }

}  // namespace slipway::base
