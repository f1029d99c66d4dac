// An HTTP/1.1 server (RFC 9112), with or without TLS, on TCP and unix sockets.
//
//   auto server = Server::start({.listeners = {{.address = "127.0.0.1", .port = 0, .tls = tls}}},
//                               [&](Request request, ResponseWriter writer) {
//     loop.post([..., writer = std::move(writer)]() mutable { writer.respond(200, {}, bytes_of("hello")); });
//   });
//
// Sockets, TLS, parsing and compression run on `io_threads` threads of the server's own; the handler is called there
// and must not block. An answer may come later and from any thread. Requests of one connection are handled one after
// another. Slow or silent peers are limited in time and memory by `Limits`.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "http/message.h"
#include "http/request_reader.h"
#include "http/tls.h"

namespace slipway::http {

class Exchange;

struct WholeAnswer {
  int status = 200;
  Headers headers = {};
  Bytes body = {};
};

// The way to answer one request. Movable; its calls may come from any thread, one at a time. Destroying it unanswered
// answers 500, or cuts a stream that was begun (the client sees that it is incomplete). Outliving the server is fine.
class ResponseWriter {
 public:
  ResponseWriter() = default;  // of nothing
  explicit ResponseWriter(std::shared_ptr<Exchange> exchange);
  ResponseWriter(ResponseWriter&&) noexcept = default;
  ResponseWriter& operator=(ResponseWriter&& other) noexcept;
  ~ResponseWriter();
  explicit operator bool() const { return exchange_ != nullptr; }

  // A whole answer; Content-Length is added, and the body is compressed when it is large and the client accepts that.
  void respond(int status, Headers headers, Bytes body);
  // The same, made by `make` on the I/O thread; not called when the client is gone. Spares the caller's thread the
  // rendering of large documents.
  void respond(std::move_only_function<WholeAnswer()> make);

  // A streamed answer: begin, any number of writes, end.
  void begin(int status, Headers headers);
  // Sends one piece. False: the client is gone, or was cut off because more than `Limits::stream_backlog` bytes waited.
  bool write(Bytes piece);
  void end();

  // Bytes written and not yet taken by the operating system.
  std::size_t backlog() const;
  // `gone` runs once, on an I/O thread, when the client goes away before the answer is complete.
  void on_gone(std::move_only_function<void()> gone);
  // `drained` runs on an I/O thread each time the backlog falls to zero: the way to follow a slow client's pace.
  void on_drained(std::move_only_function<void()> drained);

 private:
  std::shared_ptr<Exchange> exchange_;
};

using Handler = std::function<void(Request, ResponseWriter)>;

struct Limits {
  ReadLimits read = {};
  std::size_t connections = 20'000;               // lowered to what RLIMIT_NOFILE allows
  std::size_t stream_backlog = 8u << 20;          // per stream
  base::Duration head_time = base::seconds(15);   // handshake, or first to last byte of a header
  base::Duration body_time = base::seconds(60);   // for a whole request body
  base::Duration idle_time = base::seconds(180);  // kept alive without a request
  base::Duration stall_time = base::seconds(60);  // the client takes nothing though bytes wait
  std::size_t compress_from = 128u << 10;         // smaller bodies are sent as they are
  bool compress_loopback = false;                 // copying beats compressing within one machine
};

struct Listener {
  std::string address = "127.0.0.1";  // IPv4 or IPv6; or the path of a unix socket, when it contains a '/'
  std::uint16_t port = 0;             // 0: any free one; see Server::ports
  std::shared_ptr<const TlsContext> tls = {};
  int fd = -1;  // a listening socket that somebody else has opened; taken over
};

struct ServerOptions {
  std::vector<Listener> listeners;
  int io_threads = 0;  // 0: one per processor, four at most
  Limits limits = {};
};

class Server {
 public:
  struct Stats {
    std::size_t connections = 0;  // open now
    std::uint64_t accepted = 0;
    std::uint64_t refused = 0;  // over the limit
    std::uint64_t requests = 0;
    std::uint64_t overflows = 0;  // streams cut for their backlog
  };

  // Unavailable when an address is in use or not ours; the message names it. Raises the soft RLIMIT_NOFILE to the hard
  // one.
  static base::Result<std::unique_ptr<Server>> start(ServerOptions options, Handler handler);
  // Cuts all connections and joins the threads. No handler or callback runs afterwards.
  virtual ~Server() = default;

  virtual const std::vector<std::uint16_t>& ports() const = 0;  // as bound, by listener; 0 for unix sockets
  // Accepts no more, ends idle connections and streams; requests that are being answered get their answers.
  virtual void begin_stop() = 0;
  virtual Stats stats() const = 0;
};

}  // namespace slipway::http
