// Which cluster is meant when the user says little: as kubectl looks for it.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "client/connection.h"

namespace slipway::client {

struct Choice {
  std::string kubeconfig = {};         // --kubeconfig; then nothing else is looked at
  std::string context = {};            // --context; empty: the current one
  std::vector<std::string> more = {};  // files to try before ~/.kube/config
};

// --kubeconfig; else the files of $KUBECONFIG, merged; else the first of `more` and ~/.kube/config that is there; else,
// in a pod, its service account. NotFound when there is none of these; the message says what was looked for.
base::Result<Connection> find_connection(const Choice& choice);

// Of a pod: $KUBERNETES_SERVICE_HOST and _PORT, and the token, ca.crt and namespace in `folder`.
inline constexpr const char* kServiceAccountFolder = "/var/run/secrets/kubernetes.io/serviceaccount";
base::Result<Connection> in_cluster(const std::string& folder = kServiceAccountFolder);

}  // namespace slipway::client
