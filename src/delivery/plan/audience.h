// Who gets the candidate by what a request says: an audience is a set of requests with a share of its own.
//
// An audience is a list of matches with "or" between them; of a match all conditions hold. Where matches of several
// audiences fit a request, the one of the highest precedence counts, and among these that of the first audience.
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

// A part of a request that says something about whose it is.
struct Source {
  Condition::Of of = Condition::Of::Header;
  std::string name;  // headers in lower case
  auto operator<=>(const Source&) const = default;
};
std::string to_text(const Source& source);  // "header x-user-id"

// What one variant of an A/B test gets. Once it is stopped its share goes to the stable version, in its place: where
// users are told apart by a hash, nobody else changes sides.
struct Part {
  Share share;
  bool stopped = false;
  bool operator==(const Part&) const = default;
};
// In the order of Routing::variants. Empty: what the candidate gets goes to one version.
using Parts = std::vector<Part>;
// Of those that are not stopped.
Share sum_of(const Parts& parts);

struct Audience {
  std::string name;             // a label value
  Share share = kWhole;         // of its requests that go to the candidate
  std::vector<Conditions> any;  // never empty
  Parts parts = {};             // of whom the share consists
  bool operator==(const Audience&) const = default;
};
std::string to_text(const Audience& audience);

// Which of two matches counts: the one with more headers, among which all cookies are one, then the one with more query
// parameters (Gateway API v1, HTTPRouteRule).
struct Precedence {
  std::size_t headers = 0, queries = 0;
  auto operator<=>(const Precedence&) const = default;
};
Precedence precedence(const Conditions& conditions);

// {headers, cookies, queryParams} of a match of a Release, each [{name, value, type}].
Conditions conditions_of(const data::Value& match);

// The same for routers that know no cookies: one is a condition on the header `cookie`. Names of headers in lower case.
Condition without_cookie(Condition condition);

// Nothing of it has a meaning in an expression any more.
std::string escape_expression(std::string_view text);

}  // namespace slipway::delivery::plan
