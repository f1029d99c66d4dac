// An HTTP/1.1 client for one server, on a loop: connections are kept and used again.
//
//   Client client(loop, {.host = "127.0.0.1", .port = 6443}, {.tls = tls, .headers = {{"Authorization", "Bearer
//   ..."}}}); call_ = client.send({.target = "/api/v1/pods"}, [this](base::Result<Response> response) { ... });
//
// Everything runs on the loop's thread. No callback runs before the function that takes it has returned, and none
// after its `Call` is destroyed. Failures: Unavailable (no connection, or it was lost; the message says why and names
// the server; the request may have taken effect), Timeout, TooLarge, TooManyRequests (too many calls wait already; not
// sent). An HTTP status is not a failure. A GET or HEAD on
// a kept connection that the server has closed meanwhile is sent once more on a fresh one; nothing else is repeated.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time.h"
#include "http/endpoint.h"
#include "http/message.h"
#include "http/tls.h"
#include "runtime/real/loop.h"

namespace slipway::http {

struct Outgoing {
  std::string method = "GET";
  std::string target = "/";
  Headers headers = {};  // Host, Content-Length and the client's own are added
  Bytes body = {};
  // Whole answers: from the call to the last byte. Streams: to the header.
  base::Duration timeout = base::seconds(30);
  // Streams: the longest time without a byte; zero: any.
  base::Duration silence{0};
};

struct Response {
  int status = 0;
  Headers headers;
  std::string body;
};

class StreamSink {
 public:
  virtual ~StreamSink() = default;
  virtual void head(const Response& response) = 0;  // once, first; without a body
  virtual void data(std::string_view bytes) = 0;    // at most 16 KB at a time; nothing is read while it runs
  virtual void ended(base::Result<void> how) = 0;   // once, last; an error also when the body is incomplete
};

// A request under way. Destroying it gives it up.
class Call {
 public:
  virtual ~Call() = default;
};

struct ClientOptions {
  std::shared_ptr<const TlsContext> tls = {};  // null: plain text
  std::string server_name = {};                // the name to verify, when it is not the endpoint's host
  std::optional<Proxy> proxy = {};             // the way to the endpoint
  Headers headers = {};                        // on every request: Authorization, User-Agent ...
  std::size_t connections = 32;                // for whole answers; further calls wait. Streams are not counted
  std::size_t waiting = 100'000;               // calls; a further one is refused with TooManyRequests
  std::size_t body_bytes = 256u << 20;         // of a whole answer
  std::size_t header_bytes = 64u << 10;
  base::Duration connect_time = base::seconds(10);  // to the end of the handshake
  base::Duration idle_time = base::seconds(60);     // a kept connection without use; below the server's
  // A TCP connection whose other end does not acknowledge (a host that vanished, a path that was forgotten) is given up
  // after about this long, also when nothing is sent on it. Zero: when the system likes.
  base::Duration dead_time = base::seconds(30);
  // Asked about each IP address before it is connected to (egress.h); what it refuses is not, and when nothing is left
  // the call fails with its words. Null: any. Not asked about a proxy, nor about unix sockets.
  std::function<base::Result<void>(const std::string& address)> may_connect = {};
};

class Client {
 public:
  Client(runtime::real::Loop& loop, Endpoint endpoint, ClientOptions options = {});
  ~Client();  // gives up all calls
  Client(const Client&) = delete;

  [[nodiscard]] std::unique_ptr<Call> send(Outgoing request,
                                           std::move_only_function<void(base::Result<Response>)> done);
  [[nodiscard]] std::unique_ptr<Call> stream(Outgoing request, StreamSink& sink);

  std::size_t connections_open() const;
  std::uint64_t connections_made() const;

 private:
  class Pool;
  std::shared_ptr<Pool> pool_;
};

}  // namespace slipway::http
