// Who gets the candidate by what a request says: an audience is a set of requests with a share of its own.
//
// An audience is a list of matches with "or" between them; of a match all conditions hold. Where several matches fit a
// request, all of them lead to the same share, so that which one counts makes no difference.
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

#include "data/value.h"
#include "delivery/plan/share.h"

namespace slipway::delivery::plan {

// What one header, cookie or query parameter of a request has to be. Expressions are RE2 and hold for the whole value.
struct Condition {
  enum class Of { Header, Cookie, Query };
  Of of = Of::Header;
  std::string name;
  bool regex = false;
  std::string value;
  auto operator<=>(const Condition&) const = default;
};
std::string to_text(const Condition& condition);  // "header x-beta is 1", "cookie plan matches (gold|silver)"

using Conditions = std::vector<Condition>;  // all of them hold; never empty

struct Audience {
  std::string name;             // a label value
  Share share = kWhole;         // of its requests that go to the candidate
  std::vector<Conditions> any;  // never empty
  bool operator==(const Audience&) const = default;
};
std::string to_text(const Audience& audience);

// {headers, cookies, queryParams} of a match of a Release, each [{name, value, type}].
Conditions conditions_of(const data::Value& match);

// The same for routers that know no cookies: one is a condition on the header `cookie`. Names of headers in lower case.
Condition without_cookie(Condition condition);

// Nothing of it has a meaning in an expression any more.
std::string escape_expression(std::string_view text);

}  // namespace slipway::delivery::plan
