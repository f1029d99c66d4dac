// What our gateway and the releases have to agree on about an HTTPRoute.
#pragma once

#include <string_view>

namespace slipway::api {

// Annotations: what says who a user is, so that he stays with a version; a header or a cookie.
inline constexpr std::string_view kStickyHeader = "slipway.dev/sticky-header";
inline constexpr std::string_view kStickyCookie = "slipway.dev/sticky-cookie";
// Users are dealt out anew when it changes; by default the route's namespace and name.
inline constexpr std::string_view kStickySalt = "slipway.dev/sticky-salt";

// The request header that a rule of an audience sets, with the audience's name: by it the rule is known again
// (docs/decisions/0012), and its requests are counted apart.
inline constexpr const char* kAudienceHeader = "slipway-audience";

}  // namespace slipway::api
