// Expected failures are values: `Result<T>` holds a T or an `Error`.
//
// The codes are the reasons of the Kubernetes API ("Status errors" in the API concepts pages), because
// nearly every failure ends up as one: towards kubectl, in a condition, or in an exit code. Retry
// behaviour is derived from the code in one place (`retry_of`). Bugs are not Errors: they abort.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace slipway::base {

enum class Code {
  BadRequest,            // 400 the request cannot be understood
  Unauthorized,          // 401 no or wrong credentials
  Forbidden,             // 403 understood, but not allowed
  NotFound,              // 404
  MethodNotAllowed,      // 405
  NotAcceptable,         // 406
  AlreadyExists,         // 409 create of a name that is taken
  Conflict,              // 409 resourceVersion, uid or field-manager conflict
  Expired,               // 410 resourceVersion or continue token was compacted
  TooLarge,              // 413 body over the limit
  UnsupportedMediaType,  // 415
  Invalid,               // 422 understood, but a field is wrong; causes say which
  TooManyRequests,       // 429
  Internal,              // 500 our fault
  Unavailable,           // 503 try later: server stopping, disk full, peer absent
  Timeout,               // 504 no answer in time; the effect is unknown
  Canceled,              // given up by the caller; never sent over the wire
};

// What the caller may do about a failure.
enum class Retry {
  Never,     // the same request fails again: somebody must change something
  Refresh,   // our picture is old: read again, decide again
  Backoff,   // passing trouble: the same request may succeed later
};

// One problem with one field: what kubectl prints as a line under "is invalid".
struct Cause {
  std::string reason;   // FieldValueInvalid, FieldValueRequired, FieldManagerConflict ...
  std::string message;
  std::string field;    // "spec.template.spec.containers[0].image"; empty when not about a field
  bool operator==(const Cause&) const = default;
};

// The object an error is about. Any part may be empty.
struct Subject {
  std::string group;
  std::string kind;  // in Status.details this is the resource name for most errors: "deployments"
  std::string name;
  std::string uid;
  bool operator==(const Subject&) const = default;
};

struct Error {
  Code code = Code::Internal;
  std::string message;
  std::vector<Cause> causes = {};
  Subject subject = {};
  std::optional<Duration> retry_after = {};
  bool operator==(const Error&) const = default;
};

template <class T>
using Result = std::expected<T, Error>;

// Shorthand: `return fail(Code::NotFound, "pod web-1 is not there");`
inline std::unexpected<Error> fail(Code code, std::string message) {
  return std::unexpected(Error{.code = code, .message = std::move(message)});
}
inline std::unexpected<Error> fail(Error error) { return std::unexpected(std::move(error)); }

std::string_view reason_of(Code code);            // "NotFound", "AlreadyExists" ...
int http_status_of(Code code);                    // 404, 409 ...
Code code_of(std::string_view reason, int http_status);  // the reverse; the reason wins when it is known
Retry retry_of(Code code);

// Stops the program with a message: for states that only a bug can produce.
[[noreturn]] void bug(std::string_view what, const char* file, int line);

}  // namespace slipway::base

// Checks an invariant in every build; the condition must be free of side effects.
#define SLIPWAY_CHECK(condition) \
  (static_cast<bool>(condition) ? void(0) : ::slipway::base::bug(#condition, __FILE__, __LINE__))
