#include "http/transport.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace slipway::http {

Transport::Transport(Socket socket, std::shared_ptr<const TlsContext> tls, bool server)
    : socket_(std::move(socket)), tls_(std::move(tls)) {
  boost::system::error_code ignored;
  socket_.non_blocking(true, ignored);
  const int fd = socket_.native_handle();
  const int on = 1, idle_s = 30, interval_s = 10, probes = 3;
  // A peer that vanished without a word is found out in a minute. On a unix socket these fail, harmlessly.
  ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof interval_s);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (!tls_) {
    shaken_ = true;
    return;
  }
  ssl_ = SSL_new(tls_->get());
  SLIPWAY_CHECK(ssl_);
  SSL_set_fd(ssl_, fd);
  server ? SSL_set_accept_state(ssl_) : SSL_set_connect_state(ssl_);
}

Transport::~Transport() { SSL_free(ssl_); }

void Transport::expect_host(const std::string& host) {
  if (!ssl_) return;
  unsigned char address[16];
  const bool is_address =
      ::inet_pton(AF_INET, host.c_str(), address) == 1 || ::inet_pton(AF_INET6, host.c_str(), address) == 1;
  if (is_address) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_), host.c_str());
  } else {
    SSL_set_tlsext_host_name(ssl_, host.c_str());
    SSL_set1_host(ssl_, host.c_str());
  }
}

Next Transport::fail_with(std::string why) {
  error_ = std::move(why);
  return Next::Failed;
}

Next Transport::classify(int result) {
  const int system_error = errno;
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
      return Next::WaitRead;
    case SSL_ERROR_WANT_WRITE:
      return Next::WaitWrite;
    case SSL_ERROR_ZERO_RETURN:
      return Next::Ended;
    case SSL_ERROR_SYSCALL:
      return fail_with(system_error ? std::strerror(system_error) : "connection closed");
    default:
      break;
  }
  const long verdict = SSL_get_verify_result(ssl_);
  std::string why = tls_error();
  if (verdict != X509_V_OK) why += std::string(": ") + X509_verify_cert_error_string(verdict);
  return fail_with(std::move(why));
}

Next Transport::handshake() {
  if (shaken_) return Next::Done;
  ERR_clear_error();
  errno = 0;
  const int result = SSL_do_handshake(ssl_);
  shaken_ = result == 1;
  return shaken_ ? Next::Done : classify(result);
}

Transport::Step Transport::read(char* to, std::size_t size) {
  errno = 0;
  if (ssl_) {
    ERR_clear_error();
    std::size_t got = 0;
    const int result = SSL_read_ex(ssl_, to, size, &got);
    return result == 1 ? Step{got, Next::Done} : Step{0, classify(result)};
  }
  const ssize_t got = ::recv(socket_.native_handle(), to, size, 0);
  if (got > 0) return {static_cast<std::size_t>(got), Next::Done};
  if (got == 0) return {0, Next::Ended};
  if (errno == EAGAIN || errno == EINTR) return {0, Next::WaitRead};
  return {0, fail_with(std::strerror(errno))};
}

Transport::Step Transport::write(const char* from, std::size_t size) {
  errno = 0;
  if (ssl_) {
    ERR_clear_error();
    std::size_t put = 0;
    const int result = SSL_write_ex(ssl_, from, size, &put);
    return result == 1 ? Step{put, Next::Done} : Step{0, classify(result)};
  }
  const ssize_t put = ::send(socket_.native_handle(), from, size, MSG_NOSIGNAL);
  if (put >= 0) return {static_cast<std::size_t>(put), Next::Done};
  if (errno == EAGAIN || errno == EINTR) return {0, Next::WaitWrite};
  return {0, fail_with(std::strerror(errno))};
}

void Transport::close() {
  if (ssl_ && shaken_ && error_.empty()) {
    ERR_clear_error();
    SSL_shutdown(ssl_);
    ERR_clear_error();
  }
  boost::system::error_code ignored;
  socket_.close(ignored);
}

bool Transport::has_buffered_input() const { return ssl_ && SSL_pending(ssl_) > 0; }

namespace {
std::vector<std::string> name_parts(X509_NAME* name, int nid) {
  std::vector<std::string> parts;
  for (int at = -1; (at = X509_NAME_get_index_by_NID(name, nid, at)) >= 0;) {
    unsigned char* text = nullptr;
    const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
    if (size >= 0) parts.emplace_back(reinterpret_cast<char*>(text), static_cast<std::size_t>(size));
    OPENSSL_free(text);
  }
  return parts;
}
}  // namespace

std::optional<Identity> Transport::peer_identity() const {
  X509* certificate = ssl_ ? SSL_get0_peer_certificate(ssl_) : nullptr;
  if (!certificate || SSL_get_verify_result(ssl_) != X509_V_OK) return std::nullopt;
  X509_NAME* name = X509_get_subject_name(certificate);
  const auto common = name_parts(name, NID_commonName);
  return Identity{common.empty() ? "" : common.back(), name_parts(name, NID_organizationName)};
}

}  // namespace slipway::http
