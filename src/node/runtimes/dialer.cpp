#include "node/runtimes/dialer.h"

#include <openssl/ssl.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include "base/strings.h"
#include "runtime/real/asio_loop.h"

namespace slipway::node {

using Tcp = boost::asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::size_t kMostAnswer = 16384;  // the status line is all that counts; some of the body goes into the event
constexpr std::size_t kMostShown = 256;

// Just enough TLS for a probe: a client that verifies nothing, over memory.
class Tls {
 public:
  Tls() : context_(SSL_CTX_new(TLS_client_method())), ssl_(SSL_new(context_)) {
    SSL_set_bio(ssl_, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(ssl_);
  }
  ~Tls() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
  }
  Tls(const Tls&) = delete;

  void received(const char* bytes, std::size_t size) { BIO_write(SSL_get_rbio(ssl_), bytes, static_cast<int>(size)); }
  // Goes on with the handshake; true when it is done. `failed` when it never will be.
  bool shake(bool& failed) {
    const int result = SSL_do_handshake(ssl_);
    failed = result != 1 && SSL_get_error(ssl_, result) != SSL_ERROR_WANT_READ;
    return result == 1;
  }
  void write(const std::string& text) { SSL_write(ssl_, text.data(), static_cast<int>(text.size())); }
  std::string read() {
    std::string out;
    char buffer[4096];
    for (int n = 0; (n = SSL_read(ssl_, buffer, sizeof buffer)) > 0;) out.append(buffer, static_cast<std::size_t>(n));
    return out;
  }
  std::string to_send() {
    std::string out;
    char buffer[4096];
    for (int n = 0; (n = BIO_read(SSL_get_wbio(ssl_), buffer, sizeof buffer)) > 0;)
      out.append(buffer, static_cast<std::size_t>(n));
    return out;
  }

 private:
  SSL_CTX* context_;
  SSL* ssl_;
};

class Dialing : public std::enable_shared_from_this<Dialing> {
 public:
  Dialing(runtime::real::Loop& loop, UniqueFd socket, base::Duration limit, Checked done)
      : loop_(loop), socket_(runtime::real::io_of(loop)), done_(std::move(done)), limit_(limit) {
    error_code error;
    socket_.assign(Tcp::v4(), socket.release(), error);
  }

  // `request` empty: connecting is all.
  void start(const std::string& ip, int port, std::string request, bool tls) {
    request_ = std::move(request);
    if (tls) tls_ = std::make_unique<Tls>();
    timer_ = loop_.after(limit_, [self = shared_from_this()] { self->finish({false, "timed out"}); });
    error_code error;
    const Tcp::endpoint to(boost::asio::ip::make_address(ip, error), static_cast<unsigned short>(port));
    if (error) return loop_.post([self = shared_from_this()] { self->finish({false, "the pod has no address"}); });
    socket_.async_connect(to, [self = shared_from_this(), where = ip + ":" + std::to_string(port)](error_code e) {
      e ? self->finish({false, "dial tcp " + where + ": " + e.message()}) : self->connected();
    });
  }

 private:
  void connected() {
    if (request_.empty()) return finish({true, ""});
    if (!tls_) {
      send(request_);
    } else {
      step_tls();
    }
    read();
  }

  void step_tls() {
    bool failed = false;
    if (!secure_ && tls_->shake(failed)) {
      secure_ = true;
      tls_->write(request_);
    }
    if (failed) return finish({false, "TLS handshake failed"});
    send(tls_->to_send());
  }

  void send(std::string bytes) {
    if (bytes.empty()) return;
    auto kept = std::make_shared<std::string>(std::move(bytes));
    boost::asio::async_write(socket_, boost::asio::buffer(*kept),
                             [kept, self = shared_from_this()](error_code, std::size_t) {});
  }

  void read() {
    socket_.async_read_some(boost::asio::buffer(buffer_), [self = shared_from_this()](error_code e, std::size_t n) {
      if (!self->done_) return;
      self->take(n);
      if (e || self->answer_.size() >= kMostAnswer) return self->judge(e);
      self->read();
    });
  }

  void take(std::size_t n) {
    if (!tls_) {
      answer_.append(buffer_.data(), n);
    } else {
      tls_->received(buffer_.data(), n);
      step_tls();
      answer_ += tls_->read();
    }
    if (answer_.find("\r\n\r\n") != answer_.npos && status() >= 200 && status() < 400) judge({});
  }

  int status() const {
    if (!answer_.starts_with("HTTP/1.") || answer_.size() < 12) return 0;
    return static_cast<int>(base::parse_int(std::string_view(answer_).substr(9, 3)).value_or(0));
  }

  void judge(error_code e) {
    const int code = status();
    if (code == 0) return finish({false, e ? "no HTTP answer: " + e.message() : "no HTTP answer"});
    if (code >= 200 && code < 400) return finish({true, ""});
    const auto body = answer_.find("\r\n\r\n");
    finish({false, "HTTP probe failed with statuscode: " + std::to_string(code) +
                       (body == answer_.npos ? "" : " " + answer_.substr(body + 4, kMostShown))});
  }

  void finish(CheckResult result) {
    if (!done_) return;
    timer_.cancel();
    error_code error;
    socket_.close(error);
    auto done = std::move(done_);
    done_ = nullptr;
    done(std::move(result));
  }

  runtime::real::Loop& loop_;
  Tcp::socket socket_;
  Checked done_;
  base::Duration limit_;
  runtime::Timer timer_;
  std::unique_ptr<Tls> tls_;
  bool secure_ = false;
  std::string request_, answer_;
  std::array<char, 4096> buffer_;
};

std::string request_of(const HttpCheck& check) {
  std::string host = check.ip + ":" + std::to_string(check.port), agent = "kube-probe/1.33", rest;
  for (const auto& [name, value] : check.headers) {
    if (base::equals_ignoring_case(name, "Host"))
      host = value;
    else if (base::equals_ignoring_case(name, "User-Agent"))
      agent = value;
    else
      rest += name + ": " + value + "\r\n";
  }
  const std::string path = check.path.starts_with("/") ? check.path : "/" + check.path;
  return "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: " + agent +
         "\r\nAccept: */*\r\nConnection: close\r\n" + rest + "\r\n";
}

}  // namespace

void dial_tcp(runtime::real::Loop& loop, UniqueFd socket, const std::string& ip, int port, base::Duration limit,
              Checked done) {
  std::make_shared<Dialing>(loop, std::move(socket), limit, std::move(done))->start(ip, port, "", false);
}

void dial_http(runtime::real::Loop& loop, UniqueFd socket, const HttpCheck& check, base::Duration limit, Checked done) {
  std::make_shared<Dialing>(loop, std::move(socket), limit, std::move(done))
      ->start(check.ip, check.port, request_of(check), base::equals_ignoring_case(check.scheme, "HTTPS"));
}

}  // namespace slipway::node
