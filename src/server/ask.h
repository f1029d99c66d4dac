// Ports over HTTPS, so that controllers in a process of their own ask the same questions (control/ports.h).
//
//   POST /slipway/v1/ask/<port>   {"id": "...", "what": {...}}   ->   200 and the answer, or a Status
//
// The caller needs the verb `post` on that path (RBAC nonResourceURLs).
#pragma once

#include <map>
#include <memory>
#include <string>

#include "apiserver/server.h"
#include "client/https_client.h"
#include "control/ports.h"

namespace slipway::server {

inline constexpr std::string_view kAskPath = "/slipway/v1/ask/";

// The server's side. The ports must outlive the API server's requests.
void serve_ports(apiserver::ApiServer& api, std::map<std::string, control::Port*> ports);

// The other side: a port whose questions go to a server. The client outlives it.
class RemotePort final : public control::Port {
 public:
  RemotePort(client::HttpsClient& client, std::string name) : client_(client), name_(std::move(name)) {}
  void perform(const std::string& id, const data::Value& what, Done done) override;

 private:
  client::HttpsClient& client_;
  std::string name_;
};

}  // namespace slipway::server
