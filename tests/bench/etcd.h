// etcd as the peer for durable writes: one member on the same disk, and h2load (of nghttp2) as its gRPC client.
//
// h2load sends the same body again and again, so every put overwrites one key; etcd stores each as a revision of its own and syncs
// its log before it answers, as for new keys. How many were acknowledged is read from etcd's own revision afterwards.
#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "runtime/child.h"

namespace slipway::bench {

class Etcd {
 public:
  // NotFound when etcd or h2load is not installed. `tls`: serve gRPC over TLS with a certificate of its own.
  static base::Result<Etcd> start(const std::string& folder, bool tls);
  ~Etcd();
  Etcd(Etcd&&) = default;

  const std::string& url() const { return url_; }
  // Puts per second over gRPC with one kept connection per client, each with one put under way.
  base::Result<double> grpc_puts(int clients, int seconds, int bytes) const;

 private:
  Etcd() = default;
  base::Result<std::uint64_t> revision() const;
  std::string folder_, url_;
  std::optional<runtime::Child> server_;
};

}  // namespace slipway::bench
