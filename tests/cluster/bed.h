// A real Kubernetes control plane for tests: etcd, kube-apiserver and kube-controller-manager as processes on free
// loopback ports, with a certificate authority and a folder of their own. No kubelet, no scheduler, no images: pods run
// on modelled nodes (`slipway node
// --modelled`).
//
//   auto bed = Bed::start(assets);                      // ready when it returns
//   auto api = (*bed)->api();                           // blocking client of the administrator
//   (*bed)->kill(Part::ApiServer); (*bed)->start_part(Part::ApiServer);
//
// Authentication by client certificate and service account token, authorization by RBAC, every request in an audit log.
// The processes die with the thread that started the bed. One thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "assets.h"
#include "base/error.h"
#include "cli/api.h"
#include "client/kubeconfig.h"
#include "http/pki.h"
#include "runtime/child.h"

namespace slipway::tests {

enum class Part { Etcd, ApiServer, ControllerManager };

struct BedOptions {
  std::vector<std::string> api_server_flags = {};  // added to ours
  std::vector<std::string> controller_manager_flags = {};
};

// One line of the audit log.
struct AuditedRequest {
  std::string user, verb, group, resource, subresource, space, name, uri, user_agent;
  int code = 0;
  bool allowed = true;
};

// A loopback port that nobody has now.
std::uint16_t free_port();

class Bed {
 public:
  // Unavailable when a part does not become ready; the message ends with what its log says.
  static base::Result<std::unique_ptr<Bed>> start(const Assets& assets, BedOptions options = {});
  ~Bed();
  Bed(const Bed&) = delete;

  const Assets& assets() const { return assets_; }
  const std::string& folder() const { return folder_; }  // deleted at the end, unless SLIPWAY_KEEP_BED is set
  std::string server() const;                            // "https://127.0.0.1:40123"
  std::uint16_t port() const { return api_port_; }
  const http::pki::Credential& authority() const { return ca_; }

  // With a client certificate of this user.
  client::Connection connection(const http::Identity& who) const;
  client::Connection admin() const { return connection({"admin", {"system:masters"}}); }
  // The same as a file in `folder`, called after the user.
  std::string kubeconfig(const http::Identity& who) const;
  std::string admin_kubeconfig() const { return kubeconfig({"admin", {"system:masters"}}); }
  std::unique_ptr<cli::Api> api() const;
  std::unique_ptr<cli::Api> api(const http::Identity& who) const;

  // The real kubectl as the administrator; NotFound when the assets have none. stderr is ours.
  base::Result<runtime::Finished> kubectl(std::vector<std::string> arguments) const;

  void kill(Part part, int signal = 9);      // and wait until it is gone
  base::Result<void> start_part(Part part);  // after `kill`; ready when it returns
  std::string log_of(Part part) const;       // path
  // Makes etcd forget everything before now, as the API server has it done every few minutes.
  base::Result<void> compact() const;

  // Whole lines of the audit log so far, of this user; empty: of all.
  std::vector<AuditedRequest> audited(const std::string& user = {}) const;

 private:
  Bed(const Assets& assets, BedOptions options);
  base::Result<void> prepare();
  base::Result<void> launch(Part part);
  base::Result<void> await(Part part);
  bool ready(Part part);
  base::Result<void> write(const std::string& name, const std::string& text) const;
  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  std::vector<std::string> arguments_of(Part part) const;

  Assets assets_;
  BedOptions options_;
  std::string folder_;
  http::pki::Credential ca_;
  std::uint16_t api_port_ = 0, etcd_port_ = 0, etcd_peer_port_ = 0;
  std::map<Part, runtime::Child> running_;
};

}  // namespace slipway::tests
