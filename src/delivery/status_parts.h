// The small parts of which statuses are made: what is empty or has its default is left out, and reads as that again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/time.h"
#include "data/value.h"
#include "delivery/state.h"

namespace slipway::delivery::status_parts {

inline std::optional<base::Time> read_time(const data::Value& v) {
  return v.is_string() ? base::parse_time(v.as_string()) : std::nullopt;
}
inline void put(data::Value& out, const char* key, const std::string& text) {
  if (!text.empty()) out.set(key, text);
}
inline void put(data::Value& out, const char* key, const std::optional<base::Time>& t) {
  if (t) out.set(key, stamp(*t));
}
inline void put_number(data::Value& out, const char* key, std::int64_t n, std::int64_t left_out = 0) {
  if (n != left_out) out.set(key, n);
}
inline void put_if(data::Value& out, const char* key, data::Value v) {
  if (!v.is_empty()) out.set(key, std::move(v));
}

}  // namespace slipway::delivery::status_parts
