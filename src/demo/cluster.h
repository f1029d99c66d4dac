// The API as the demo sees it: over HTTPS, with the kubeconfig that `slipway up` wrote. Blocking calls on a loop in a
// thread of its own.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "api/resource.h"
#include "base/error.h"
#include "client/api_client.h"
#include "data/value.h"

namespace slipway::demo {

class Cluster {
 public:
  static base::Result<std::unique_ptr<Cluster>> connect(const std::string& kubeconfig);
  ~Cluster();

  base::Result<data::Value> call(client::Request request);
  base::Result<data::Value> get(const api::Resource& resource, const std::string& space, const std::string& name);
  // Any path, as text: /metrics.
  base::Result<std::string> text(const std::string& path);
  // Server-side apply as the field manager "demo".
  base::Result<data::Value> apply(const api::Resource& resource, const data::Value& object);
  // Asks every 20 ms until `holds` says so; Timeout with `what` after `limit`.
  base::Result<data::Value> wait(const api::Resource& resource, const std::string& space, const std::string& name,
                                 const std::string& what, base::Duration limit,
                                 const std::function<bool(const data::Value&)>& holds);

 private:
  struct Impl;
  explicit Cluster(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace slipway::demo
