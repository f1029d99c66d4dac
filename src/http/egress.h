// Where a server may connect on behalf of somebody who may only name an address (a metric's URL, a webhook): the egress policy.
//
// Refused always: link-local addresses (169.254.0.0/16, fe80::/10, and IPv4 addresses written in IPv6) and the other
// addresses at which clouds tell a machine its secrets. Refused unless the administrator allows it: this machine
// itself. A name says nothing, since whoever owns it chooses where it leads: ClientOptions::may_connect asks about the
// address that is really used. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace slipway::http {

struct Egress {
  bool allow_loopback = false;
};

// `address`: an IPv4 or IPv6 literal, as the resolver gives it. Forbidden, with the reason; anything that is no literal
// is Forbidden, too.
base::Result<void> check_address(std::string_view address, const Egress& policy);
// What can be said before a name is resolved: literals, "localhost" and the like. Forbidden, with the reason.
base::Result<void> check_host(std::string_view host, const Egress& policy);

}  // namespace slipway::http
