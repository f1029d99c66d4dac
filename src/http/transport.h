// A connected stream socket, plain or TLS, driven by readiness: every call does what it can at once and says what to
// wait for.
//
// TLS works on the descriptor itself (no memory BIOs), so that an idle connection costs about 16 KB instead of 78.
// Includes Asio: for the .cpp files of http/ only.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <memory>
#include <optional>
#include <string>

#include "http/message.h"
#include "http/tls.h"

struct ssl_st;

namespace slipway::http {

using Socket = boost::asio::generic::stream_protocol::socket;

enum class Next {
  Done,       // call again for more
  WaitRead,   // when the socket is readable
  WaitWrite,  // when it is writable
  Ended,      // the peer has closed its side
  Failed,     // the connection is unusable; see `error`
};

class Transport {
 public:
  struct Step {
    std::size_t bytes;
    Next next;
  };

  Transport(Socket socket, std::shared_ptr<const TlsContext> tls, bool server);
  ~Transport();
  Transport(const Transport&) = delete;

  // Client: the name to ask for and to verify (a DNS name or an IP address).
  void expect_host(const std::string& host);

  Next handshake();  // at once Done without TLS
  Step read(char* to, std::size_t size);
  Step write(const char* from, std::size_t size);  // size > 0
  void close();                                    // says good-bye where TLS can, without waiting

  Socket& socket() { return socket_; }
  bool is_tls() const { return ssl_ != nullptr; }
  bool has_buffered_input() const;                // decrypted bytes that no readiness will announce
  std::optional<Identity> peer_identity() const;  // of the verified certificate
  std::string error() const { return error_; }

 private:
  Next classify(int result);
  Next fail_with(std::string why);

  Socket socket_;
  std::shared_ptr<const TlsContext> tls_;
  ssl_st* ssl_ = nullptr;
  bool shaken_ = false;
  std::string error_;
};

}  // namespace slipway::http
