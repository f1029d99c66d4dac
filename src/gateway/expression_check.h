// Can an expression of an HTTPRoute be a match of the proxy?
//
// It must be RE2's, which promise linear time, and the proxy's library (PCRE2) must take it too, as the proxy puts it
// (config.h): what that refuses would make the whole configuration refused, for all routes. Both know things that the
// other does not: RE2 takes "\Qa" to the end of the text, "[[=a=]]" and names of groups that begin with a digit.
#pragma once

#include <string>
#include <string_view>

namespace slipway::gateway {

std::string full_match(std::string_view expression);  // "^(?:...)$"
// Why not, or "".
std::string refusal_of(std::string_view expression);

}  // namespace slipway::gateway
