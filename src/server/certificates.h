// The cluster's own certificate authority and everybody's credentials, kept in the data folder and renewed at start.
#pragma once

#include <string>

#include "base/error.h"
#include "base/time.h"
#include "http/pki.h"
#include "server/data_dir.h"

namespace slipway::server {

struct Certificates {
  std::string ca;                 // PEM, certificate only
  http::pki::Credential server;   // for localhost, 127.0.0.1, ::1 and the kubernetes Service
  http::pki::Credential admin;    // system:masters, in the kubeconfig
  http::pki::Credential metrics;  // may read /metrics, for Prometheus
};

// Loads what is there and makes what is missing, expired or about to expire (30 days). Keys are files of mode 600; a
// key that others may read is refused with the command that mends it. Writes the kubeconfig too.
base::Result<Certificates> ensure_certificates(const DataDir& dir, int api_port, base::Time now);

}  // namespace slipway::server
