#include "cli/exit.h"

namespace slipway::cli {

ExitCode exit_code_of(const base::Error& error) {
  switch (error.code) {
    case base::Code::Unauthorized:
    case base::Code::Forbidden:
      return ExitCode::NotAllowed;
    case base::Code::BadRequest:
    case base::Code::Invalid:
    case base::Code::TooLarge:
      return ExitCode::Usage;
    case base::Code::Canceled:
      return ExitCode::Interrupted;
    default:
      return ExitCode::Failed;
  }
}

std::string_view exit_codes_help() {
  return R"(Exit codes, the same for every command:

    0   the goal was reached (--until paused: a pause counts)
    1   the command failed: server, network, or something unexpected
    2   wrong usage, or a manifest that does not pass validation
    3   the release ended badly: it was aborted or rolled back
    4   not signed in, or not allowed
    5   the wait took too long; the release goes on
    6   the release waits for a person, and the goal was more than that
  130   interrupted; watching ends, the release is not touched

Example:
  slipway deploy web --image web=shop/web:1.9.0 --until healthy || echo "ended with $?"
)";
}

}  // namespace slipway::cli
