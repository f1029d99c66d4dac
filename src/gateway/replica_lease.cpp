#include "gateway/replica_lease.h"

#include <algorithm>

#include "api/meta.h"

namespace slipway::gateway {
namespace {

using data::Value;

constexpr base::Duration kValid = base::hours(24 * 365 * 10);  // longer than any process lives
// Not a name that a certificate below it could have: that would then look as if it had signed itself.
constexpr const char* kAuthority = "slipway, made at this start";

}  // namespace

std::string replica_lease_name(const std::string& identity) {
  std::string name;
  for (const char c : identity) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
    name += plain ? c : (c >= 'A' && c <= 'Z') ? static_cast<char>(c - 'A' + 'a') : '-';
  }
  const std::string prefix = std::string(kLeaderLease) + "-";
  return name.starts_with(prefix) ? name : prefix + name;
}

Value replica_lease(const std::string& space, const ReplicaFacts& facts, base::Time now) {
  return Value::object(
      {{"apiVersion", "coordination.k8s.io/v1"},
       {"kind", "Lease"},
       {"metadata", Value::object({{"name", replica_lease_name(facts.identity)},
                                   {"namespace", space},
                                   {"labels", Value::object({{kReplicaLabel, "true"}})},
                                   {"annotations", Value::object({{kControlAddress, facts.address},
                                                                  {kServerCertificate, facts.certificate}})}})},
       {"spec",
        Value::object({{"holderIdentity", facts.identity},
                       {"leaseDurationSeconds", static_cast<std::int64_t>(kReplicaLeaseTime / base::seconds(1))},
                       {"renewTime", base::format_micro_time(now)}})}});
}

std::optional<ReplicaFacts> replica_of(const Value& lease) {
  if (api::label(lease, kReplicaLabel) != "true") return std::nullopt;
  ReplicaFacts facts{.identity = lease["spec"]["holderIdentity"].str(),
                     .address = std::string(api::annotation(lease, kControlAddress)),
                     .certificate = std::string(api::annotation(lease, kServerCertificate))};
  if (facts.identity.empty() || facts.address.empty() || facts.certificate.empty()) return std::nullopt;
  return facts;
}

std::string controller_certificate(const Value& lease) {
  if (lease["spec"]["holderIdentity"].as_string().empty()) return "";
  return std::string(api::annotation(lease, kClientCertificate));
}

OwnCertificate make_server_certificate(base::Time now) {
  const auto ca = http::pki::make_ca(kAuthority, now, kValid);
  auto own = http::pki::issue_server(ca, {kServerName}, now, kValid);
  SLIPWAY_CHECK(own.has_value());
  return {ca.certificate, std::move(*own)};
}

OwnCertificate make_client_certificate(const std::string& identity, base::Time now) {
  const auto ca = http::pki::make_ca(kAuthority, now, kValid);
  auto own = http::pki::issue_client(ca, {identity.substr(0, 64), {}}, now, kValid);
  SLIPWAY_CHECK(own.has_value());
  return {ca.certificate, std::move(*own)};
}

}  // namespace slipway::gateway
