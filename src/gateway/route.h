// An HTTPRoute (gateway.networking.k8s.io/v1) as typed data, checked so that nothing in it can hurt the proxy's
// configuration.
//
// Pure. Supported: matches on path (exact, prefix, regular expression), headers, query parameters and method; filters
// RequestHeaderModifier, ResponseHeaderModifier, RequestRedirect and URLRewrite on rules; timeouts; weighted Service
// backends. Anything else makes the whole route unaccepted with reason UnsupportedValue and a message that names the
// field.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/route_marks.h"
#include "base/time.h"
#include "data/value.h"

namespace slipway::gateway {

enum class MatchKind { Exact, Prefix, Regex };

struct PathMatch {
  MatchKind kind = MatchKind::Prefix;
  std::string value = "/";
  bool operator==(const PathMatch&) const = default;
};

struct NamedMatch {  // a header or a query parameter
  std::string name;
  MatchKind kind = MatchKind::Exact;
  std::string value;
  bool operator==(const NamedMatch&) const = default;
};

struct RouteMatch {
  PathMatch path;
  std::vector<NamedMatch> headers;
  std::vector<NamedMatch> query;
  std::string method;  // empty: any
  bool operator==(const RouteMatch&) const = default;
};

struct BackendRef {
  std::string space;  // of the Service; the route's own unless it says otherwise
  std::string service;
  int port = 0;
  int weight = 1;
  bool is_service = true;  // group "" and kind Service
  bool operator==(const BackendRef&) const = default;
};

struct HeaderChange {
  enum class Op { Set, Add, Remove };
  bool response = false;
  Op op = Op::Set;
  std::string name;
  std::string value;
  bool operator==(const HeaderChange&) const = default;
};

struct PathChange {
  bool whole = true;  // ReplaceFullPath, else ReplacePrefixMatch
  std::string value;
  bool operator==(const PathChange&) const = default;
};

struct Redirect {
  std::string scheme;    // empty: as the request
  std::string hostname;  // empty: as the request
  int port = 0;          // 0: by the scheme, or the listener's
  std::optional<PathChange> path;
  int status = 302;
  bool operator==(const Redirect&) const = default;
};

struct Rewrite {
  std::string hostname;  // empty: unchanged
  std::optional<PathChange> path;
  bool operator==(const Rewrite&) const = default;
};

struct RouteRule {
  std::vector<RouteMatch> matches;  // never empty; any of them
  std::vector<BackendRef> backends;
  std::vector<HeaderChange> changes;
  std::optional<Redirect> redirect;
  std::optional<Rewrite> rewrite;
  base::Duration timeout{0};  // for an answer; 0: the gateway's default
  bool operator==(const RouteRule&) const = default;
};

struct ParentRef {
  std::string group, kind, space, name;
  int port = 0;         // 0: any
  std::string section;  // of a listener; empty: any
  data::Value raw;
};

struct Problem {
  std::string reason;  // CamelCase, for a condition
  std::string message;
  bool operator==(const Problem&) const = default;
};

// What says who a user is, so that he stays with a version.
struct Sticky {
  std::string header, cookie;  // at most one; a header in lower case; none: random
  bool operator==(const Sticky&) const = default;
};

struct Route {
  std::string space, name, uid;
  std::int64_t generation = 0;
  std::string created;  // metadata.creationTimestamp: sorts as text
  std::vector<std::string> hostnames;
  std::vector<ParentRef> parents;
  std::vector<RouteRule> rules;
  Sticky sticky;
  std::string salt;  // of the sticky hash
  std::optional<Problem> problem;
};

using api::kAudienceHeader;
using api::kStickyCookie;
using api::kStickyHeader;
using api::kStickySalt;

Route parse_route(const data::Value& object);

// Letters, digits and the marks of an HTTP token (RFC 9110, 5.6.2) that are harmless in the proxy's configuration.
bool is_header_name(std::string_view name);
// "web.shop", "*.shop", or empty: letters, digits, dashes and dots, at most 253.
bool is_hostname(std::string_view name);
// No control characters; at most `kMaxText` bytes.
bool is_plain_text(std::string_view text);
inline constexpr std::size_t kMaxText = 4096;
// Headers of one match, and query parameters (HTTPRouteMatch, maxItems): with both the condition has 56 words, and a
// line of the proxy can have 64.
inline constexpr std::size_t kMostMatches = 16;

}  // namespace slipway::gateway
