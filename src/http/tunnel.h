// The way through a proxy: CONNECT (RFC 9110 section 9.3.6), before TLS begins. Includes Asio: for the .cpp files of
// http/ only.
#pragma once

#include <functional>
#include <string>

#include "base/error.h"
#include "http/endpoint.h"
#include "http/transport.h"

namespace slipway::http {

// On a socket that is connected to the proxy. `done` runs once, when bytes reach `target` ("host:port"): Unavailable
// when the proxy does not open the way, with what it says; also when the socket is closed meanwhile. The socket must
// live until then.
void open_tunnel(Socket& socket, const std::string& target, const Proxy& proxy,
                 std::move_only_function<void(base::Result<void>)> done);

}  // namespace slipway::http
