#include "gateway/route.h"

#include <algorithm>
#include <set>

#include "api/meta.h"
#include "base/strings.h"
#include "base/user_bucket.h"
#include "gateway/expression_check.h"

namespace slipway::gateway {
namespace {

using data::Value;

// Reads one route; remembers the first thing that cannot be used.
class Parser {
 public:
  explicit Parser(Route& route) : route_(route) {}

  void refuse(const std::string& field, const std::string& why) {
    if (!route_.problem) route_.problem = Problem{"UnsupportedValue", field + ": " + why};
  }

  std::string text(const Value& value, const std::string& field) {
    if (!is_plain_text(value.as_string())) refuse(field, "holds control characters or is too long");
    return value.str();
  }

  std::string header_name(const Value& value, const std::string& field) {
    if (!is_header_name(value.as_string())) refuse(field, "is no header name");
    return base::to_lower(value.as_string());
  }

  std::string path(const Value& value, const std::string& field) {
    std::string path = text(value, field);
    if (!path.starts_with('/')) refuse(field, "must start with /");
    return path;
  }

  MatchKind match_kind(const Value& type, std::string_view prefix, const std::string& field) {
    std::string_view name = type.as_string(prefix.empty() ? "Exact" : prefix);
    if (name == "Exact") return MatchKind::Exact;
    if (name == "RegularExpression") return MatchKind::Regex;
    if (name != prefix) refuse(field, "unknown match type " + std::string(name));
    return MatchKind::Prefix;
  }

  void check_regex(MatchKind kind, const std::string& value, const std::string& field) {
    if (kind != MatchKind::Regex) return;
    if (const std::string why = refusal_of(value); !why.empty()) refuse(field, "is no regular expression: " + why);
  }

  PathMatch path_match(const Value& v, const std::string& field) {
    PathMatch match;
    match.kind = match_kind(v["type"], "PathPrefix", field + ".type");
    if (v["value"].is_null()) return match;
    match.value = match.kind == MatchKind::Regex ? text(v["value"], field) : path(v["value"], field);
    check_regex(match.kind, match.value, field + ".value");
    while (match.kind == MatchKind::Prefix && match.value.size() > 1 && match.value.ends_with('/'))
      match.value.pop_back();
    return match;
  }

  std::vector<NamedMatch> named_matches(const Value& list, const std::string& field) {
    std::vector<NamedMatch> out;
    if (list.size() > kMostMatches) refuse(field, "can have " + std::to_string(kMostMatches) + " entries");
    std::set<std::string> seen;  // of equal names only the first counts
    for (const Value& v : list.items()) {
      NamedMatch match{
          .name = v["name"].str(), .kind = match_kind(v["type"], "", field), .value = text(v["value"], field)};
      if (match.value.empty()) refuse(field + ".value", "is empty");
      if (!is_header_name(match.name)) refuse(field + ".name", "cannot be matched: " + match.name.substr(0, 80));
      check_regex(match.kind, match.value, field + ".value");
      if (seen.insert(base::to_lower(match.name)).second) out.push_back(std::move(match));
    }
    return out;
  }

  RouteMatch match(const Value& v, const std::string& field) {
    RouteMatch match;
    match.path = path_match(v["path"], field + ".path");
    match.headers = named_matches(v["headers"], field + ".headers");
    for (NamedMatch& header : match.headers) header.name = base::to_lower(header.name);
    match.query = named_matches(v["queryParams"], field + ".queryParams");
    match.method = v["method"].str();
    if (!match.method.empty() && !is_header_name(match.method)) refuse(field + ".method", "is no method");
    return match;
  }

  BackendRef backend(const Value& v, const std::string& field) {
    BackendRef ref{.space = v["namespace"].str(route_.space),
                   .service = v["name"].str(),
                   .port = static_cast<int>(v["port"].as_int()),
                   .weight = static_cast<int>(v["weight"].as_int(1))};
    ref.is_service = v["group"].as_string("").empty() && v["kind"].as_string("Service") == "Service";
    if (ref.weight < 0 || ref.weight > 1'000'000) refuse(field + ".weight", "must be 0 to 1000000");
    if (!v["filters"].is_empty()) refuse(field + ".filters", "filters of single backends are not supported");
    return ref;
  }

  void header_changes(RouteRule& rule, const Value& v, bool response, const std::string& field) {
    using Op = HeaderChange::Op;
    for (auto [key, op] : {std::pair("set", Op::Set), std::pair("add", Op::Add)}) {
      for (const Value& h : v[key].items()) {
        if (h["value"].as_string().empty()) refuse(field, "a header needs a value");
        rule.changes.push_back({response, op, header_name(h["name"], field), text(h["value"], field)});
      }
    }
    for (const Value& h : v["remove"].items())
      rule.changes.push_back({response, Op::Remove, header_name(h, field), ""});
  }

  std::string hostname(const Value& v, const std::string& field) {
    std::string name = base::to_lower(v.as_string());
    if (!is_hostname(name)) refuse(field, "is no host name");
    return name;
  }

  std::optional<PathChange> path_change(const Value& v, const std::string& field) {
    if (v.is_null()) return std::nullopt;
    bool whole = v["type"].as_string() == "ReplaceFullPath";
    if (!whole && v["type"].as_string() != "ReplacePrefixMatch") refuse(field + ".type", "unknown");
    std::string_view key = whole ? "replaceFullPath" : "replacePrefixMatch";
    std::string value = v[key].str();
    if (value.empty()) value = "/";
    auto plain = [](unsigned char c) {
      return std::isalnum(c) ||
             std::string_view("-._~!$&'()*+,;=:@/%?").find(static_cast<char>(c)) != std::string::npos;
    };
    bool good = value.starts_with('/') && value.size() <= 1024 && std::all_of(value.begin(), value.end(), plain);
    if (!good) refuse(field, "must be a path that starts with /");
    return PathChange{whole, value};
  }

  Redirect redirect(const Value& v, const std::string& field) {
    Redirect r{.scheme = v["scheme"].str(),
               .hostname = hostname(v["hostname"], field + ".hostname"),
               .port = static_cast<int>(v["port"].as_int()),
               .path = path_change(v["path"], field + ".path"),
               .status = static_cast<int>(v["statusCode"].as_int(302))};
    if (r.scheme != "" && r.scheme != "http" && r.scheme != "https") refuse(field + ".scheme", "must be http or https");
    if (r.port < 0 || r.port > 65535) refuse(field + ".port", "must be 1 to 65535");
    static const std::set<int> kCodes{301, 302, 303, 307, 308};
    if (!kCodes.contains(r.status)) refuse(field + ".statusCode", "must be 301, 302, 303, 307 or 308");
    return r;
  }

  void filter(RouteRule& rule, const Value& v, const std::string& field) {
    std::string_view type = v["type"].as_string();
    if (type == "RequestHeaderModifier") {
      header_changes(rule, v["requestHeaderModifier"], false, field);
    } else if (type == "ResponseHeaderModifier") {
      header_changes(rule, v["responseHeaderModifier"], true, field);
    } else if (type == "RequestRedirect") {
      rule.redirect = redirect(v["requestRedirect"], field + ".requestRedirect");
    } else if (type == "URLRewrite") {
      const Value& rewrite = v["urlRewrite"];
      rule.rewrite =
          Rewrite{hostname(rewrite["hostname"], field), path_change(rewrite["path"], field + ".urlRewrite.path")};
    } else {
      refuse(field + ".type", std::string(type) + " is not supported");
    }
  }

  base::Duration timeout(const Value& v, const std::string& field) {
    base::Duration shortest{0};
    for (auto key : {"request", "backendRequest"}) {
      if (v[key].is_null()) continue;
      auto parsed = base::parse_duration(v[key].as_string());
      if (!parsed || *parsed < base::Duration(0))
        refuse(field + "." + key, "is no duration");
      else if (parsed->count() > 0 && (shortest.count() == 0 || *parsed < shortest))
        shortest = *parsed;
    }
    return shortest;
  }

  RouteRule rule(const Value& v, const std::string& field) {
    RouteRule rule;
    for (const Value& m : v["matches"].items()) rule.matches.push_back(match(m, field + ".matches"));
    if (rule.matches.empty()) rule.matches.emplace_back();
    for (const Value& b : v["backendRefs"].items()) rule.backends.push_back(backend(b, field + ".backendRefs"));
    for (const Value& f : v["filters"].items()) filter(rule, f, field + ".filters");
    rule.timeout = timeout(v["timeouts"], field + ".timeouts");
    for (auto key : {"retry", "sessionPersistence"}) {
      if (!v[key].is_null()) refuse(field + "." + key, "is not supported");
    }
    if (rule.redirect && rule.rewrite) refuse(field + ".filters", "a redirect and a rewrite exclude each other");
    return rule;
  }

  void parents(const Value& list) {
    for (const Value& v : list.items()) {
      route_.parents.push_back({.group = v["group"].str("gateway.networking.k8s.io"),
                                .kind = v["kind"].str("Gateway"),
                                .space = v["namespace"].str(route_.space),
                                .name = v["name"].str(),
                                .port = static_cast<int>(v["port"].as_int()),
                                .section = v["sectionName"].str(),
                                .raw = v});
    }
  }

  void sticky(const Value& object) {
    const std::string_view header = api::annotation(object, kStickyHeader),
                           cookie = api::annotation(object, kStickyCookie);
    const auto field = [](std::string_view name) { return "metadata.annotations[" + std::string(name) + "]"; };
    if (!header.empty() && !is_header_name(header)) return refuse(field(kStickyHeader), "is no header name");
    if (!cookie.empty() && !is_header_name(cookie)) return refuse(field(kStickyCookie), "is no cookie name");
    if (!header.empty() && !cookie.empty())
      return refuse(field(kStickyCookie), "users stay by a header or by a cookie, not by both");
    route_.sticky = {base::to_lower(header), std::string(cookie)};
  }

  void read(const Value& object) {
    const Value& spec = object["spec"];
    for (const Value& v : spec["hostnames"].items()) route_.hostnames.push_back(hostname(v, "spec.hostnames"));
    parents(spec["parentRefs"]);
    for (std::size_t i = 0; i < spec["rules"].size(); ++i) {
      route_.rules.push_back(rule(spec["rules"].at(i), "spec.rules[" + std::to_string(i) + "]"));
    }
    if (route_.rules.empty()) route_.rules.push_back(rule(Value::object(), "spec.rules"));
    sticky(object);
  }

 private:
  Route& route_;
};

}  // namespace

bool is_header_name(std::string_view name) {
  auto good = [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_' || c == '.'; };
  return !name.empty() && name.size() <= 256 && std::all_of(name.begin(), name.end(), good);
}

bool is_hostname(std::string_view name) {
  auto plain = [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '.'; };
  std::string_view rest = name.substr(name.starts_with("*.") ? 2 : 0);
  return name.size() <= 253 && std::all_of(rest.begin(), rest.end(), plain);
}

bool is_plain_text(std::string_view text) {
  auto good = [](unsigned char c) { return c >= 0x20 && c != 0x7f; };
  return text.size() <= kMaxText && std::all_of(text.begin(), text.end(), good);
}

Route parse_route(const data::Value& object) {
  Route route{.space = std::string(api::space_of(object)),
              .name = std::string(api::name_of(object)),
              .uid = std::string(api::uid_of(object)),
              .generation = api::generation_of(object),
              .created = object["metadata"]["creationTimestamp"].str()};
  Parser(route).read(object);
  route.salt = base::sticky_salt(api::annotation(object, kStickySalt), route.space, route.name);
  return route;
}

}  // namespace slipway::gateway
