#include "base/error.h"

#include <array>
#include <cstdio>
#include <cstdlib>

namespace slipway::base {
namespace {

struct Row {
  Code code;
  std::string_view reason;
  int status;
  Retry retry;
};

constexpr std::array kRows = {
    Row{Code::BadRequest, "BadRequest", 400, Retry::Never},
    Row{Code::Unauthorized, "Unauthorized", 401, Retry::Backoff},
    Row{Code::Forbidden, "Forbidden", 403, Retry::Backoff},
    Row{Code::NotFound, "NotFound", 404, Retry::Refresh},
    Row{Code::MethodNotAllowed, "MethodNotAllowed", 405, Retry::Never},
    Row{Code::NotAcceptable, "NotAcceptable", 406, Retry::Never},
    Row{Code::AlreadyExists, "AlreadyExists", 409, Retry::Refresh},
    Row{Code::Conflict, "Conflict", 409, Retry::Refresh},
    Row{Code::Expired, "Expired", 410, Retry::Refresh},
    Row{Code::TooLarge, "RequestEntityTooLarge", 413, Retry::Never},
    Row{Code::UnsupportedMediaType, "UnsupportedMediaType", 415, Retry::Never},
    Row{Code::Invalid, "Invalid", 422, Retry::Never},
    Row{Code::TooManyRequests, "TooManyRequests", 429, Retry::Backoff},
    Row{Code::Internal, "InternalError", 500, Retry::Backoff},
    Row{Code::Unavailable, "ServiceUnavailable", 503, Retry::Backoff},
    Row{Code::Timeout, "Timeout", 504, Retry::Backoff},
    Row{Code::Canceled, "Canceled", 499, Retry::Never},
};

const Row& row_of(Code code) {
  for (const Row& row : kRows)
    if (row.code == code) return row;
  bug("error code without a row", __FILE__, __LINE__);
}

}  // namespace

std::string_view reason_of(Code code) { return row_of(code).reason; }
int http_status_of(Code code) { return row_of(code).status; }
Retry retry_of(Code code) { return row_of(code).retry; }

Code code_of(std::string_view reason, int http_status) {
  for (const Row& row : kRows)
    if (row.reason == reason) return row.code;
  if (reason == "Gone") return Code::Expired;
  for (const Row& row : kRows)
    if (row.status == http_status && row.code != Code::AlreadyExists) return row.code;
  return http_status >= 400 && http_status < 500 ? Code::BadRequest : Code::Internal;
}

void bug(std::string_view what, const char* file, int line) {
  std::fprintf(stderr, "slipway: bug: %.*s (%s:%d)\n", static_cast<int>(what.size()), what.data(), file, line);
  std::abort();
}

}  // namespace slipway::base
