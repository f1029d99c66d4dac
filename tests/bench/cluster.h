// A real `slipway up` in a folder of its own, as the benchmarks need it: without Prometheus, on free ports.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "client/kubeconfig.h"
#include "http/client.h"
#include "http/tls.h"
#include "runtime/child.h"

namespace slipway::bench {

class Cluster {
 public:
  // Returns when /readyz says 200. `controllers`: run them, too.
  static base::Result<std::unique_ptr<Cluster>> start(const std::string& program, const std::string& data_dir,
                                                      bool controllers);
  ~Cluster();  // stops the server, its gateway and pods; the folder stays

  double ready_ms() const { return ready_ms_; }  // from before exec to the first 200 of /readyz over TLS
  pid_t pid() const { return server_->pid(); }
  const std::string& url() const { return connection_.server; }
  const std::shared_ptr<const http::TlsContext>& tls() const { return tls_; }  // as the administrator

  // One request on a connection of its own.
  base::Result<http::Response> ask(http::Outgoing request) const;

 private:
  Cluster() = default;
  std::string program_, data_dir_;
  std::optional<runtime::Child> server_;
  client::Connection connection_;
  std::shared_ptr<const http::TlsContext> tls_;
  double ready_ms_ = 0;
};

// Runs the loop until the answer to one request is there.
base::Result<http::Response> ask_once(const std::string& url, std::shared_ptr<const http::TlsContext> tls,
                                      http::Outgoing request);

}  // namespace slipway::bench
