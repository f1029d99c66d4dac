// The embedded cluster: everything wired together, visibly, in one place.
//
// One control loop on the calling thread runs the API server's writes, all controllers, the node agent and the gateway;
// I/O threads belong to http, the disk thread to store. Pods, proxy, name server and Prometheus are processes of the
// shim: they outlive this object, and the next server adopts them.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "cli/cli.h"
#include "data/value.h"
#include "server/data_dir.h"

namespace slipway::server {

class Server {
 public:
  // Everything up to an API that answers. The error is fit for the user.
  static base::Result<std::unique_ptr<Server>> start(const cli::UpOptions& options, const DataDir& dir);
  ~Server();

  // Runs until `stop` or a signal to end.
  void run();

  // Addresses and facts for people and scripts: {"api", "gateway", "prometheus", "metrics", "kubeconfig", "pid",
  // "runtime", "readyMs"}.
  const data::Value& endpoints() const;

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace slipway::server
