// One connection of the server, and the exchange (one request and its answer) that runs on it.
//
// A Connection lives on one I/O thread and does everything there. An Exchange is where other threads hand over answers:
// they put pieces into its queue, and the connection takes them. Includes Asio: for the .cpp files of http/ only.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

#include "http/request_reader.h"
#include "http/server.h"
#include "http/transport.h"

namespace slipway::http {

class Connection;

// What all connections of one server share.
struct ServerCore {
  Handler handler;
  Limits limits;
  std::atomic<bool> stopping = false;
  std::atomic<std::size_t> connections = 0;
  std::atomic<std::uint64_t> accepted = 0, refused = 0, requests = 0, overflows = 0;
};

// An I/O thread. Exchanges may outlive it: what they post afterwards is dropped.
struct IoThread {
  boost::asio::io_context io{1};
  std::thread thread;
  std::unordered_set<Connection*> connections;  // on the thread only

  void post(std::move_only_function<void()> task);
  void refuse_posts();

 private:
  std::mutex mutex_;
  bool open_ = true;
};

// Bytes on their way out. A counted piece belongs to the stream's backlog.
struct Piece {
  Bytes bytes;
  bool counted = false;
};

class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(std::shared_ptr<IoThread> thread, std::shared_ptr<Connection> connection, std::size_t backlog_limit)
      : thread_(std::move(thread)), connection_(std::move(connection)), backlog_limit_(backlog_limit) {}

  // Any thread.
  void respond(int status, Headers headers, Bytes body);
  void respond(std::move_only_function<WholeAnswer()> make);
  void begin(int status, Headers headers);
  bool write(Bytes piece);
  void end();
  void abandon();  // the writer is gone
  void on_gone(std::move_only_function<void()> gone);
  void on_drained(std::move_only_function<void()> drained);
  std::size_t backlog() const { return backlog_; }

  // I/O thread.
  std::vector<Bytes> take_queue();
  void taken(std::size_t bytes);  // by the operating system
  void mark_gone();

 private:
  void post(void (Connection::*what)(Exchange&));

  std::shared_ptr<IoThread> thread_;
  std::shared_ptr<Connection> connection_;
  const std::size_t backlog_limit_;
  std::atomic<std::size_t> backlog_ = 0;
  bool begun_ = false, ended_ = false;  // the writer's side only

  std::mutex mutex_;  // guards what follows
  std::vector<Bytes> queue_;
  bool scheduled_ = false;
  bool gone_ = false, overflown_ = false;
  std::move_only_function<void()> when_gone_, when_drained_;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<ServerCore> core, std::shared_ptr<IoThread> thread, Socket socket,
             std::shared_ptr<const TlsContext> tls, std::string address);
  ~Connection();

  void start();
  void close();
  void stop_soon();  // the server is stopping

  // From the exchange, on the I/O thread.
  bool current(const Exchange& exchange) const { return !closed_ && exchange_.get() == &exchange; }
  void respond(Exchange& exchange, int status, Headers headers, Bytes body);
  void begin(Exchange& exchange, int status, const Headers& headers);
  void take_pieces(Exchange& exchange);
  void end(Exchange& exchange);
  void cut(Exchange& exchange);       // ends the connection without ending the answer
  void cut_slow(Exchange& exchange);  // the same, because the client does not keep up

 private:
  enum class Phase { Handshake, Idle, Head, Body, Answering, Sending, Lingering };

  void pump();
  bool shake_hands();
  void receive();
  void took_in(std::size_t bytes);
  void parse();
  void dispatch();
  void reject(const base::Error& why);
  void peer_ended();
  void flush();
  Transport::Step send_front();
  void sent(std::size_t bytes);
  void all_sent();
  void send_head(int status, const Headers& headers, std::string framing);
  void send_text(std::string text) { send(bytes_of(std::move(text)), false); }
  void send(Bytes bytes, bool counted);
  void answered();
  void linger();

  void wait_for(Next next);
  Phase phase() const;
  base::Duration time_of(Phase phase) const;
  void watch_time();
  void arm_timer();

  std::shared_ptr<ServerCore> core_;
  std::shared_ptr<IoThread> thread_;
  Transport transport_;
  Peer peer_;
  RequestReader reader_;
  std::string input_;                   // received, not yet parsed
  std::vector<Piece> output_;           // to send, from output_at_
  std::size_t output_at_ = 0;           // first piece that is not fully sent
  std::size_t output_offset_ = 0;       // bytes of it already sent
  std::shared_ptr<Exchange> exchange_;  // the request being answered
  std::size_t discarded_ = 0;           // while lingering

  boost::asio::steady_timer timer_;
  std::chrono::steady_clock::time_point deadline_ = std::chrono::steady_clock::time_point::max();
  Phase phase_ = Phase::Handshake;
  bool phase_renewed_ = true;  // progress that gives the phase its full time again
  bool timer_armed_ = false;

  bool shaken_ = false, closed_ = false;
  bool read_armed_ = false, write_armed_ = false;
  bool peer_ended_ = false;
  bool head_only_ = false;  // the request was HEAD
  bool accepts_gzip_ = false;
  bool chunked_ = false, streaming_ = false;
  bool keep_alive_ = true;  // after the current answer
  bool close_when_sent_ = false, linger_when_sent_ = false, lingering_ = false;
};

}  // namespace slipway::http
