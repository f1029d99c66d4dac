// What proves to a server who we are: fixed, from a token file that is read again, or from a plugin that is asked
// again.
//
// Specification: Kubernetes documentation "Authenticating", section "client-go credential plugins" (ExecCredential).
// Token files are read again once a minute, and at once after a refusal, because projected tokens are replaced under
// us.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "client/connection.h"
#include "runtime/real/loop.h"

namespace slipway::client {

struct Credential {
  std::string token = {}, certificate = {}, key = {};
  bool operator==(const Credential&) const = default;
};

// One loop.
class Credentials {
 public:
  virtual ~Credentials() = default;
  // What to show now; null while it must be fetched first.
  virtual const Credential* current() = 0;
  // Fetches it when `current` is null. `done` runs later, on the loop; not after this is destroyed. The error is for
  // the user.
  virtual void fetch(std::move_only_function<void(base::Result<void>)> done) = 0;
  // The server does not accept what `current` gave: it is not shown again.
  virtual void refused() = 0;
};

std::unique_ptr<Credentials> make_credentials(runtime::real::Loop& loop, const Connection& connection);

// --- the plugin's side of the protocol, pure ---

// What the plugin finds in KUBERNETES_EXEC_INFO.
std::string exec_info(const ExecPlugin& plugin, bool interactive);

struct ExecAnswer {
  Credential credential;
  std::optional<base::Time> expires;
};
// What it printed. Invalid when that is no ExecCredential of the version that was asked for, or has nothing to show.
base::Result<ExecAnswer> read_exec_answer(const ExecPlugin& plugin, std::string_view output);

}  // namespace slipway::client
