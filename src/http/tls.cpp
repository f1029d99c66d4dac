#include "http/tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <string_view>

namespace slipway::http {
using base::Code;
using base::fail;

namespace {

struct Free {
  void operator()(BIO* p) const { BIO_free(p); }
  void operator()(X509* p) const { X509_free(p); }
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

Owned<BIO> reader(const std::string& text) {
  return Owned<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

base::Result<void> bad(const char* what) { return fail(Code::Invalid, std::string(what) + ": " + tls_error()); }

base::Result<void> use_identity(SSL_CTX* context, const std::string& certificate, const std::string& key) {
  auto certs = reader(certificate);
  Owned<X509> leaf(PEM_read_bio_X509(certs.get(), nullptr, nullptr, nullptr));
  if (!leaf || SSL_CTX_use_certificate(context, leaf.get()) != 1) return bad("certificate");
  while (X509* more = PEM_read_bio_X509(certs.get(), nullptr, nullptr, nullptr))
    if (SSL_CTX_add0_chain_cert(context, more) != 1) return X509_free(more), bad("certificate chain");
  ERR_clear_error();  // the end of the PEM data counts as one
  auto keys = reader(key);
  Owned<EVP_PKEY> private_key(PEM_read_bio_PrivateKey(keys.get(), nullptr, nullptr, nullptr));
  if (!private_key || SSL_CTX_use_PrivateKey(context, private_key.get()) != 1) return bad("private key");
  return {};
}

// The certificates that may sign a peer's. For a server also the list that it sends, by which clients choose theirs.
base::Result<void> trust(SSL_CTX* context, const std::string& pem, bool announce) {
  auto certs = reader(pem);
  int count = 0;
  while (X509* cert = PEM_read_bio_X509(certs.get(), nullptr, nullptr, nullptr)) {
    Owned<X509> owned(cert);
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), cert) != 1) return bad("CA certificate");
    if (announce) SSL_CTX_add_client_CA(context, cert);
    ++count;
  }
  if (count == 0) return bad("CA certificate");
  ERR_clear_error();
  return {};
}

constexpr std::string_view kAlpn("\x08http/1.1", 9);

int choose_protocol(SSL*, const unsigned char** out, unsigned char* size, const unsigned char* in, unsigned in_size,
                    void*) {
  unsigned char* chosen = nullptr;
  const auto* ours = reinterpret_cast<const unsigned char*>(kAlpn.data());
  const int found = SSL_select_next_proto(&chosen, size, ours, kAlpn.size(), in, in_size);
  *out = chosen;
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

SSL_CTX* new_context(const SSL_METHOD* method) {
  SSL_CTX* context = SSL_CTX_new(method);
  SLIPWAY_CHECK(context);
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  // An idle connection keeps no record buffers; writes may be retried from another address.
  SSL_CTX_set_mode(context,
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  return context;
}

}  // namespace

std::string tls_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "unknown TLS error";
  const char* reason = ERR_reason_error_string(code);
  return reason ? reason : "TLS error " + std::to_string(code);
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

base::Result<std::shared_ptr<const TlsContext>> TlsContext::make(const Server& server) {
  std::shared_ptr<TlsContext> made(new TlsContext(new_context(TLS_server_method())));
  SSL_CTX* context = made->get();
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  SSL_CTX_set_num_tickets(context, 0);  // no resumption: every connection shows its certificate
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  if (auto ok = use_identity(context, server.certificate, server.key); !ok) return fail(ok.error());
  if (!server.client_ca.empty()) {
    if (auto ok = trust(context, server.client_ca, true); !ok) return fail(ok.error());
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);  // asked for, not demanded
  }
  return made;
}

base::Result<std::shared_ptr<const TlsContext>> TlsContext::make(const Client& client) {
  std::shared_ptr<TlsContext> made(new TlsContext(new_context(TLS_client_method())));
  SSL_CTX* context = made->get();
  SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(kAlpn.data()), kAlpn.size());
  made->insecure_ = client.insecure;
  SSL_CTX_set_verify(context, client.insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
  if (!client.ca.empty()) {
    if (auto ok = trust(context, client.ca, false); !ok) return fail(ok.error());
  } else if (!client.insecure) {
    SSL_CTX_set_default_verify_paths(context);
  }
  if (!client.certificate.empty())
    if (auto ok = use_identity(context, client.certificate, client.key); !ok) return fail(ok.error());
  return made;
}

}  // namespace slipway::http
