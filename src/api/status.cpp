#include "api/scheme.h"

namespace slipway::api {
namespace {

using data::Value;

void set_if(Value& object, std::string_view field, const std::string& text) {
  if (!text.empty()) object.set(field, text);
}

Value cause_of(const base::Cause& cause) {
  Value out = Value::object();
  set_if(out, "reason", cause.reason);
  set_if(out, "message", cause.message);
  set_if(out, "field", cause.field);
  return out;
}

Value details_of(const base::Error& error) {
  Value details;
  set_if(details, "name", error.subject.name);
  set_if(details, "group", error.subject.group);
  set_if(details, "kind", error.subject.kind);
  set_if(details, "uid", error.subject.uid);
  for (const base::Cause& cause : error.causes) details.member("causes").push_back(cause_of(cause));
  if (error.retry_after) {
    const auto whole = std::chrono::ceil<std::chrono::seconds>(*error.retry_after);
    details.set("retryAfterSeconds", static_cast<std::int64_t>(whole.count()));
  }
  return details;
}

}  // namespace

Value make_status(const base::Error& error) {
  Value status = Value::object({{"kind", "Status"},
                                {"apiVersion", "v1"},
                                {"metadata", Value::object()},
                                {"status", "Failure"},
                                {"message", error.message},
                                {"reason", base::reason_of(error.code)},
                                {"code", base::http_status_of(error.code)}});
  if (Value details = details_of(error); !details.is_null()) status.set("details", std::move(details));
  return status;
}

}  // namespace slipway::api
