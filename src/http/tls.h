// TLS settings for a listener or for a client: what to show, and whom to trust. Immutable and shared by connections.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"

struct ssl_ctx_st;

namespace slipway::http {

class TlsContext {
 public:
  struct Server {
    std::string certificate;  // PEM, leaf first
    std::string key;          // PEM
    std::string client_ca;    // PEM; empty: clients are not asked for a certificate
  };
  struct Client {
    std::string ca;           // PEM; empty: the system's
    std::string certificate;  // PEM; empty: none
    std::string key;
    bool insecure = false;  // any server will do: only when the user said so
  };

  // TLS 1.2 and 1.3, ALPN "http/1.1". Invalid when the PEM data cannot be used; the message says which.
  static base::Result<std::shared_ptr<const TlsContext>> make(const Server& server);
  static base::Result<std::shared_ptr<const TlsContext>> make(const Client& client);

  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  ssl_ctx_st* get() const { return context_; }
  bool insecure() const { return insecure_; }

 private:
  explicit TlsContext(ssl_ctx_st* context) : context_(context) {}
  ssl_ctx_st* context_;
  bool insecure_ = false;
};

// The first error in OpenSSL's queue as text; empties the queue.
std::string tls_error();

}  // namespace slipway::http
