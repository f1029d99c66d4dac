#include "delivery/plan/step_writer.h"

#include <cctype>

namespace slipway::delivery::plan {

using data::Value;

base::Duration duration_or(const Value& v, base::Duration fallback) {
  return v.is_string() ? base::parse_duration(v.as_string()).value_or(fallback) : fallback;
}

std::optional<std::int64_t> limit_of(const Value& v) { return v.is_int() ? std::optional(v.as_int()) : std::nullopt; }

Analysis analysis_of(const Value& v) {
  Analysis out;
  for (const Value& t : v["templates"].items()) out.templates.push_back(t["name"].str());
  for (const Value& a : v["args"].items()) out.args.push_back({a["name"].str(), a["value"].str()});
  return out;
}

std::string audience_name(const std::string& name) {
  std::string out = name.substr(0, 63);
  for (char& c : out)
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '.' && c != '_') c = '-';
  return out;
}

}  // namespace slipway::delivery::plan
