#include "delivery/plan/audience.h"

#include <fmt/format.h>

#include <cctype>
#include <set>

#include "base/error.h"
#include "base/strings.h"

namespace slipway::delivery::plan {
namespace {

using data::Value;

std::string_view name_of(Condition::Of of) {
  switch (of) {
    case Condition::Of::Header:
      return "header";
    case Condition::Of::Cookie:
      return "cookie";
    case Condition::Of::Query:
      return "query parameter";
  }
  base::bug("unknown part of a request", __FILE__, __LINE__);
}

}  // namespace

std::string to_text(const Source& s) { return fmt::format("{} {}", name_of(s.of), s.name); }

std::string to_text(const Condition& c) {
  return fmt::format("{} {} {} {}", name_of(c.of), c.name, c.regex ? "matches" : "is", c.value);
}

std::string to_text(const Audience& audience) {
  std::string out = audience.name;
  if (audience.share != kWhole) out += " " + to_text(audience.share);
  for (std::size_t i = 0; i < audience.any.size(); ++i) {
    out += i == 0 ? ": " : " or ";
    for (std::size_t k = 0; k < audience.any[i].size(); ++k)
      out += (k == 0 ? "" : " and ") + to_text(audience.any[i][k]);
  }
  return out;
}

Share sum_of(const Parts& parts) {
  Share out = kNone;
  for (const Part& part : parts)
    if (!part.stopped) out.points += part.share.points;
  return out;
}

Precedence precedence(const Conditions& conditions) {
  Precedence out;
  std::set<std::string> headers;
  for (const Condition& c : conditions)
    if (c.of == Condition::Of::Query)
      ++out.queries;
    else
      headers.insert(without_cookie(c).name);
  out.headers = headers.size();
  return out;
}

Conditions conditions_of(const Value& match) {
  Conditions out;
  const auto add = [&](const char* key, Condition::Of of) {
    for (const Value& c : match[key].items())
      out.push_back({of, c["name"].str(), c["type"].as_string() == "RegularExpression", c["value"].str()});
  };
  add("headers", Condition::Of::Header);
  add("cookies", Condition::Of::Cookie);
  add("queryParams", Condition::Of::Query);
  return out;
}

Condition without_cookie(Condition c) {
  if (c.of == Condition::Of::Header) c.name = base::to_lower(c.name);
  if (c.of != Condition::Of::Cookie) return c;
  const std::string value = c.regex ? "(" + c.value + ")" : escape_expression(c.value);
  return {Condition::Of::Header, "cookie", true,
          fmt::format(R"((.*;[ \t]*)?{}={}([ \t]*;.*)?)", escape_expression(c.name), value)};
}

std::string escape_expression(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80 && !std::isalnum(byte) && c != '_' && c != ' ') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace slipway::delivery::plan
