// The cluster as commands see it: blocking calls over one connection. Commands know nothing of loops and sockets.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/resource.h"
#include "base/error.h"
#include "base/time.h"
#include "cli/command_line.h"
#include "client/api_client.h"
#include "data/value.h"

namespace slipway::cli {

class Api {
 public:
  virtual ~Api() = default;

  virtual base::Result<data::Value> call(client::Request request) = 0;
  // A GET of any path ("/version", "/api/v1/pods?limit=1") with this Accept header: the body of a good answer.
  virtual base::Result<std::string> fetch(const std::string& path, const std::string& accept) = 0;
  // Several at once, piece by piece (`data` is told the index of the path), until all have ended or `data` returns
  // false. The first failure ends all.
  virtual base::Result<void> stream(const std::vector<std::string>& paths,
                                    const std::function<bool(std::size_t path, std::string_view bytes)>& data) = 0;

  // Waits. False: the person pressed Ctrl-C.
  virtual bool pause(base::Duration duration) = 0;
  virtual base::Time now() = 0;

  const std::string& space() const { return space_; }    // namespace to work in
  const std::string& server() const { return server_; }  // "https://127.0.0.1:7443"
  const std::string& user() const { return user_; }      // for the record of commands

  base::Result<data::Value> get(const api::Resource& resource, const std::string& name);
  base::Result<data::Value> list(const api::Resource& resource, const std::string& label_selector = {});
  // `manager` owns the fields that it changes.
  base::Result<data::Value> patch(const api::Resource& resource, const std::string& name, client::PatchType type,
                                  data::Value body, const std::string& manager = "slipway");

 protected:
  std::string space_ = "default";
  std::string server_;
  std::string user_;
};

// Over HTTPS, with the kubeconfig that the connection names: --kubeconfig, $KUBECONFIG, the data directory's,
// ~/.kube/config.
base::Result<std::unique_ptr<Api>> connect(const Connection& connection);

}  // namespace slipway::cli
