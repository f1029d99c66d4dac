// How to reach one server as one user: plain data, as a kubeconfig or a pod's service account says it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "data/value.h"

namespace slipway::client {

// A program that prints credentials (client.authentication.k8s.io, v1 or v1beta1).
struct ExecPlugin {
  enum class Interactive { Never, IfAvailable, Always };
  std::string command;  // a path, or a name to look up in PATH; empty: there is no plugin
  std::vector<std::string> arguments = {};
  std::vector<std::string> environment = {};  // "NAME=value", added to ours
  std::string api_version = "client.authentication.k8s.io/v1";
  std::string install_hint = {};  // for the user, when the command is not there
  Interactive interactive = Interactive::IfAvailable;
  bool provide_cluster = false;
  data::Value cluster = {};  // ExecCredential.spec.cluster
  bool operator==(const ExecPlugin&) const = default;
};

// Where the parts were written, for messages to the user. Says nothing of what they are: all are equal.
struct Origin {
  std::string file, context, cluster, user;
  std::string ca, credentials;  // "certificate-authority-data", "client-certificate /home/me/cert.pem", ...
  bool operator==(const Origin&) const { return true; }
};

// PEM texts, not file names.
struct Connection {
  std::string server;  // "https://127.0.0.1:6443"
  std::string ca = {};
  bool insecure = false;
  std::string server_name = {};  // to verify instead of the URL's host
  std::string proxy = {};        // "http://user:password@proxy:3128": reached by HTTP CONNECT
  std::string certificate = {};
  std::string key = {};
  std::string token = {};
  std::string token_file = {};  // path; read again as time goes by, and used instead of `token` when it can be read
  ExecPlugin exec = {};
  std::string as = {};  // impersonation
  std::vector<std::string> as_groups = {};
  std::string space = "default";  // namespace of the context
  std::string user_agent = "slipway";
  Origin origin = {};
  bool operator==(const Connection&) const = default;
};

}  // namespace slipway::client
