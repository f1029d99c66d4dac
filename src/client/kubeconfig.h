// kubeconfig files (v1 Config of kubectl): where a server is, how to trust it, who we are.
//
// Understood: server, certificate-authority(-data), insecure-skip-tls-verify, tls-server-name, proxy-url (http),
// client-certificate(-data), client-key(-data), token, tokenFile, exec, as, as-groups, contexts with namespace; several
// files merged as kubectl merges them. Refused with a clear error: auth-provider and username/password, which
// Kubernetes itself no longer knows, and other proxies. Specification: Kubernetes documentation "Organizing Cluster
// Access Using kubeconfig Files", "Authenticating".
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "client/connection.h"
#include "data/value.h"

namespace slipway::client {

class Kubeconfig {
 public:
  // File names inside are relative to the file's folder. NotFound when there is no such file.
  static base::Result<Kubeconfig> load(const std::string& path);
  static base::Result<Kubeconfig> parse(std::string_view text, std::string folder = ".",
                                        std::string path = "kubeconfig");
  // Merged: of two entries with one name, and of two current contexts, the first counts. Files that are not there are
  // passed over; NotFound when none is.
  static base::Result<Kubeconfig> load_all(const std::vector<std::string>& paths);

  const std::string& current_context() const { return current_; }
  std::vector<std::string> contexts() const;
  // Of a context; empty: the current one.
  base::Result<Connection> connection(const std::string& context = {}) const;

 private:
  struct Entry {
    std::string name;
    data::Value content;
    std::string file, folder;  // where it was written
  };
  void take_over(const Kubeconfig& more);
  static base::Result<Entry> named(const std::vector<Entry>& entries, const char* what, const std::string& name);

  std::string path_;
  std::string current_;
  std::vector<Entry> clusters_, users_, contexts_;
};

// One cluster, user and context, all called `name`, with the data inline; the file has mode 600 and is replaced whole.
base::Result<void> save_kubeconfig(const std::string& path, const Connection& connection,
                                   const std::string& name = "slipway");

}  // namespace slipway::client
