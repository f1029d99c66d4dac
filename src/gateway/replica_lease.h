// How a gateway's replicas and the controllers of Releases find and trust each other: by what they publish in Leases of
// one namespace (docs/decisions/0009). Pure, but for the making of certificates.
//
// A replica has a Lease of its own with the label below, renewed as a heartbeat. It says where its control port is and
// which certificate it shows there. The leading controller's certificate stands on the Lease by which it leads. Who may
// write there is decided by RBAC; nothing else is trusted, and no secret is stored.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "data/value.h"
#include "http/pki.h"

namespace slipway::gateway {

inline constexpr std::string_view kReplicaLabel = "slipway.dev/gateway-replica";           // "true"
inline constexpr std::string_view kControlAddress = "slipway.dev/control-address";         // "10.244.0.9:9465"
inline constexpr std::string_view kServerCertificate = "slipway.dev/control-certificate";  // PEM
inline constexpr std::string_view kClientCertificate = "slipway.dev/client-certificate";   // PEM
inline constexpr const char* kLeaderLease = "slipway-gateway";         // of the replica that writes statuses
inline constexpr const char* kControllerLease = "slipway-controller";  // of the leading controller
inline constexpr base::Duration kReplicaLeaseTime = base::seconds(15);
inline constexpr base::Duration kHeartbeat = base::seconds(5);
// The name in every replica's certificate: what is trusted is the certificate, not an address.
inline constexpr const char* kServerName = "slipway-gateway";

struct ReplicaFacts {
  std::string identity, address, certificate;
  bool operator==(const ReplicaFacts&) const = default;
};

std::string replica_lease_name(const std::string& identity);
data::Value replica_lease(const std::string& space, const ReplicaFacts& facts, base::Time now);
// nullopt: not the Lease of a replica, or one that says too little.
std::optional<ReplicaFacts> replica_of(const data::Value& lease);
// Of the controller that leads; empty: nobody does, or it publishes none.
std::string controller_certificate(const data::Value& lease);

// A certificate that signs nothing but one other, whose key is forgotten: who trusts `published` trusts exactly
// `credential`.
struct OwnCertificate {
  std::string published;  // PEM
  http::pki::Credential credential;
};
OwnCertificate make_server_certificate(base::Time now);
OwnCertificate make_client_certificate(const std::string& identity, base::Time now);

}  // namespace slipway::gateway
