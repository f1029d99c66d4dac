// Answers the questions of ports (control/ports.h) over HTTPS to one client: the controller whose certificate is
// trusted now.
//
//   POST /slipway/v1/ask/<port>   {"id": "...", "what": {...}}   ->   200 and the answer, or a Status
//
// Lives on the control loop; sockets are served by a thread of its own.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "base/error.h"
#include "control/ports.h"
#include "gateway/replica_lease.h"
#include "http/server.h"
#include "runtime/loop.h"

namespace slipway::gateway {

inline constexpr std::string_view kAskPath = "/slipway/v1/ask/";

class ControlServer {
 public:
  // `listen`: "0.0.0.0:9465"; port 0: any free one. The ports outlive this.
  static base::Result<std::unique_ptr<ControlServer>> open(runtime::Loop& loop, const std::string& listen,
                                                           OwnCertificate certificate,
                                                           std::map<std::string, control::Port*> ports);
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;

  std::uint16_t port() const { return port_; }
  // Whom to answer from now on: PEM; empty: nobody. Connections of another one are cut.
  base::Result<void> trust(const std::string& certificate);

 private:
  ControlServer(runtime::Loop& loop, OwnCertificate certificate, std::map<std::string, control::Port*> ports)
      : loop_(loop), certificate_(std::move(certificate)), ports_(std::move(ports)) {}
  void handle(http::Request request, http::ResponseWriter writer);

  runtime::Loop& loop_;
  OwnCertificate certificate_;
  std::map<std::string, control::Port*> ports_;
  int listener_ = -1;  // kept over changes of trust, so that the address stays ours
  std::uint16_t port_ = 0;
  std::string trusted_ = "-";  // not yet begun
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::unique_ptr<http::Server> server_;
};

}  // namespace slipway::gateway
