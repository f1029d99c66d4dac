// Port metrics/prometheus: instant queries over HTTP, to servers that templates name and, where there is one, to the
// cluster's own. The same for `slipway up` and for controllers beside a cluster that others run.
//
//   {"query", "address"?, "secret"?: {"namespace", "name"}} -> {"value": number | [numbers] | null}
//
// `address` ("https://prometheus.example:9090/base") asks that server; without it the own one. `secret` is a Secret
// that is read with the rights of `secrets` each time, so that a password that changes, or rights that are taken away,
// count at once; its data:
//   username and password, or token    sent only over TLS, and only to `address`
//   ca.crt                             PEM that signs the server's certificate; without it the system's
// Errors: Invalid (the query, with the server's words; a Secret that cannot be used), Unavailable, Unauthorized,
// Forbidden (an address that the egress policy refuses, a Secret that may not be read). Control loop only.
#pragma once

#include <memory>
#include <string>

#include "client/api_client.h"
#include "control/ports.h"
#include "http/client.h"
#include "runtime/real/loop.h"

namespace slipway::gateway {

struct PrometheusQueryOptions {
  bool allow_loopback = false;                             // may `address` name this machine?
  client::ApiClient* secrets = nullptr;                    // null: questions with a Secret are refused
  std::string no_own = "Prometheus has not been started";  // says why a question without `address` has no answer
};

class PrometheusQuery final : public control::Port {
 public:
  PrometheusQuery(runtime::real::Loop& loop, PrometheusQueryOptions options);
  ~PrometheusQuery() override;
  // From now on questions without `address` go there.
  void set_own(http::Endpoint endpoint, http::ClientOptions options);
  void perform(const std::string& id, const data::Value& what, Done done) override;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

// The value of an answer to /api/v1/query: a scalar, or the samples of a vector: null for none, a number for one, else
// a list.
base::Result<data::Value> read_query_answer(int status, const std::string& body);

}  // namespace slipway::gateway
