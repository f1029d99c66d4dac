#include "api/problems.h"

#include <fmt/format.h>

#include "data/json.h"

namespace slipway::api {
namespace {

// What a message shows of a value; long ones are cut.
std::string shown(const data::Value& value) {
  constexpr std::size_t kLimit = 1000;
  std::string text = data::to_json(value);
  if (text.size() > kLimit) text = text.substr(0, kLimit) + "...";
  return text;
}

std::string_view json_type(const data::Value& value) {
  if (value.is_null()) return "null";
  if (value.is_bool()) return "boolean";
  if (value.is_int()) return "integer";
  if (value.is_number()) return "number";
  if (value.is_string()) return "string";
  return value.is_array() ? "array" : "object";
}

}  // namespace

base::Cause required(const Path& at, std::string_view detail) {
  std::string message = "Required value";
  if (!detail.empty()) message.append(": ").append(detail);
  return {"FieldValueRequired", std::move(message), at.text()};
}

base::Cause invalid(const Path& at, const data::Value& value, std::string_view detail) {
  return {"FieldValueInvalid", fmt::format("Invalid value: {}: {}", shown(value), detail), at.text()};
}

base::Cause unsupported(const Path& at, const data::Value& value, const std::vector<data::Value>& supported) {
  std::string list;
  for (const data::Value& each : supported) list += (list.empty() ? "" : ", ") + data::to_json(each);
  return {"FieldValueNotSupported", fmt::format("Unsupported value: {}: supported values: {}", shown(value), list),
          at.text()};
}

base::Cause duplicate(const Path& at, const data::Value& value) {
  return {"FieldValueDuplicate", "Duplicate value: " + shown(value), at.text()};
}

base::Cause forbidden(const Path& at, std::string_view detail) {
  return {"FieldValueForbidden", fmt::format("Forbidden: {}", detail), at.text()};
}

base::Cause too_long(const Path& at, std::int64_t limit) {
  return {"FieldValueTooLong", fmt::format("Too long: may not be more than {} bytes", limit), at.text()};
}

base::Cause too_many(const Path& at, std::size_t count, std::int64_t limit) {
  return {"FieldValueTooMany", fmt::format("Too many: {}: must have at most {} items", count, limit), at.text()};
}

base::Cause wrong_type(const Path& at, const data::Value& value, std::string_view wanted) {
  const std::string field = at.text();
  return {"FieldValueTypeInvalid",
          fmt::format("Invalid value: \"{}\": {} in body must be of type {}: \"{}\"", json_type(value), field, wanted,
                      json_type(value)),
          field};
}

}  // namespace slipway::api
