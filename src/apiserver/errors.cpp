#include "apiserver/errors.h"

namespace slipway::apiserver {
namespace {

using base::Code;
using base::Error;
using data::Value;

std::string quoted(const api::Resource& resource, std::string_view name) {
  return resource.qualified() + " \"" + std::string(name) + "\"";
}

base::Subject about(const api::Resource& resource, std::string_view name) {
  return {.group = resource.group, .kind = resource.plural, .name = std::string(name)};
}

std::string joined(const std::vector<base::Cause>& causes) {
  std::string out;
  for (const base::Cause& cause : causes) {
    if (!out.empty()) out += ", ";
    out += cause.field.empty() ? cause.message : cause.field + ": " + cause.message;
  }
  return causes.size() > 1 ? "[" + out + "]" : out;
}

}  // namespace

Error not_found(const api::Resource& resource, std::string_view name) {
  return {.code = Code::NotFound, .message = quoted(resource, name) + " not found", .subject = about(resource, name)};
}

Error already_exists(const api::Resource& resource, std::string_view name) {
  return {.code = Code::AlreadyExists,
          .message = quoted(resource, name) + " already exists",
          .subject = about(resource, name)};
}

Error conflict(const api::Resource& resource, std::string_view name, std::string_view why) {
  return {.code = Code::Conflict,
          .message = "Operation cannot be fulfilled on " + quoted(resource, name) + ": " + std::string(why),
          .subject = about(resource, name)};
}

Error modified(const api::Resource& resource, std::string_view name) {
  return conflict(resource, name,
                  "the object has been modified; please apply your changes to the latest version and try again");
}

Error invalid(const api::Resource& resource, std::string_view name, std::vector<base::Cause> causes) {
  std::string kind = resource.group.empty() ? resource.kind : resource.kind + "." + resource.group;
  Error error{.code = Code::Invalid,
              .message = kind + " \"" + std::string(name) + "\" is invalid: " + joined(causes),
              .subject = {.group = resource.group, .kind = resource.kind, .name = std::string(name)}};
  error.causes = std::move(causes);
  return error;
}

Error forbidden(const api::Resource& resource, std::string_view name, std::string_view why) {
  return {.code = Code::Forbidden,
          .message = quoted(resource, name) + " is forbidden: " + std::string(why),
          .subject = about(resource, name)};
}

Error unknown_path() { return {.code = Code::NotFound, .message = "the server could not find the requested resource"}; }

Error method_not_allowed(std::string_view verb) {
  return {.code = Code::MethodNotAllowed,
          .message = "the server does not allow this method on the requested resource (" + std::string(verb) + ")"};
}

Error bad_request(std::string message) { return {.code = Code::BadRequest, .message = std::move(message)}; }

Error too_large_version(std::uint64_t asked, std::uint64_t current) {
  return {.code = Code::Timeout,
          .message = "Too large resource version: " + std::to_string(asked) + ", current: " + std::to_string(current),
          .causes = {{"ResourceVersionTooLarge", "Too large resource version", ""}},
          .retry_after = base::seconds(1)};
}

base::Cause invalid_value(std::string field, std::string_view value, std::string_view why) {
  return {"FieldValueInvalid", "Invalid value: \"" + std::string(value) + "\": " + std::string(why), std::move(field)};
}

base::Cause required_value(std::string field, std::string_view why) {
  return {"FieldValueRequired", "Required value" + (why.empty() ? "" : ": " + std::string(why)), std::move(field)};
}

Value success_status(const api::Resource& resource, std::string_view name, std::string_view uid) {
  Value details = Value::object({{"name", name}, {"kind", resource.plural}});
  if (!resource.group.empty()) details.set("group", resource.group);
  if (!uid.empty()) details.set("uid", uid);
  return Value::object({{"apiVersion", "v1"},
                        {"kind", "Status"},
                        {"metadata", Value::object()},
                        {"status", "Success"},
                        {"details", std::move(details)}});
}

}  // namespace slipway::apiserver
