#include "client/status.h"

namespace slipway::client {

base::Error error_of_status(const data::Value& status, int http_status) {
  int code = static_cast<int>(status["code"].as_int(http_status));
  base::Error error{.code = base::code_of(status["reason"].as_string(), code), .message = status["message"].str()};
  if (error.message.empty()) error.message = "the server answered with status " + std::to_string(code);
  const data::Value& details = status["details"];
  error.subject = {.group = details["group"].str(),
                   .kind = details["kind"].str(),
                   .name = details["name"].str(),
                   .uid = details["uid"].str()};
  for (const data::Value& cause : details["causes"].items())
    error.causes.push_back({cause["reason"].str(), cause["message"].str(), cause["field"].str()});
  if (details["retryAfterSeconds"].as_int() > 0)
    error.retry_after = base::seconds(details["retryAfterSeconds"].as_int());
  return error;
}

}  // namespace slipway::client
