// The API server on the network: HTTPS sockets in front of an ApiServer.
//
// Reads are answered on the I/O thread that parsed them; writes and streams pass through the control loop.
// Authentication: a client certificate (CN is the user, each O a group), or a bearer token of the table; who shows
// nothing is system:anonymous.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apiserver/request.h"
#include "apiserver/server.h"
#include "base/error.h"
#include "http/server.h"
#include "runtime/loop.h"

namespace slipway::apiserver {

struct FrontOptions {
  std::vector<http::Listener> listeners;
  int io_threads = 0;                           // as http::ServerOptions
  std::map<std::string, Identity> tokens = {};  // bearer token to identity; system:authenticated is added
  // Who a caller without TLS is. Only for sockets that nobody else can reach; none: anonymous.
  std::optional<Identity> plain_caller = {};
  // Told of every request when its answer begins, on whatever thread that is: for access logs and recordings.
  std::function<void(const http::Request&, int status)> seen = {};
};

class HttpFront {
 public:
  // `server` and `loop` must outlive it; `Settings::wall_clock` must be set. Unavailable when an address cannot be
  // bound. Made and destroyed on the control loop's thread, or while the loop does not run.
  static base::Result<std::unique_ptr<HttpFront>> start(ApiServer& server, runtime::Loop& loop, FrontOptions options);
  ~HttpFront();
  HttpFront(const HttpFront&) = delete;

  const std::vector<std::uint16_t>& ports() const;
  void begin_stop();  // no more connections; what is under way ends
  http::Server::Stats stats() const;

 private:
  class Impl;
  explicit HttpFront(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Who sent this; Unauthorized for a token that is not in the table.
base::Result<Identity> authenticate(const http::Request& request, const FrontOptions& options);

}  // namespace slipway::apiserver
