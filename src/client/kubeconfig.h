// kubeconfig files (v1 Config of kubectl): where a server is, how to trust it, who we are.
//
// Understood: server, certificate-authority(-data), insecure-skip-tls-verify, tls-server-name,
// client-certificate(-data), client-key(-data), token, tokenFile, contexts with namespace. Refused with a clear error:
// exec and auth-provider plugins, proxy-url.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "data/value.h"

namespace slipway::client {

// Everything that is needed to talk to one server as one user. PEM texts, not file names.
struct Connection {
  std::string server;  // "https://127.0.0.1:6443"
  std::string ca = {};
  bool insecure = false;
  std::string server_name = {};  // to verify instead of the URL's host
  std::string certificate = {};
  std::string key = {};
  std::string token = {};
  std::string space = "default";  // namespace of the context
  std::string user_agent = "slipway";
  bool operator==(const Connection&) const = default;
};

class Kubeconfig {
 public:
  // File names inside are relative to the file's folder. NotFound when there is no such file.
  static base::Result<Kubeconfig> load(const std::string& path);
  static base::Result<Kubeconfig> parse(std::string_view text, std::string folder = ".");

  std::string current_context() const { return document_["current-context"].str(); }
  std::vector<std::string> contexts() const;
  // Of a context; empty: the current one.
  base::Result<Connection> connection(const std::string& context = {}) const;

 private:
  data::Value document_;
  std::string folder_;
};

// One cluster, user and context, all called `name`, with the data inline; the file has mode 600 and is replaced whole.
base::Result<void> save_kubeconfig(const std::string& path, const Connection& connection,
                                   const std::string& name = "slipway");

}  // namespace slipway::client
