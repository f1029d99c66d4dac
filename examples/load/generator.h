// Sends requests over a fixed number of connections and counts what comes back. One thread, epoll.
//
// Closed loop (no rate): each connection sends as soon as it has its answer. With a rate, requests fall due at even
// distances and wait for a free connection; with `open_loop` the latency counts from the due time, so that a stalled
// server is not flattered.
#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "connection.h"
#include "counters.h"

namespace load {

struct Options {
  std::string address = "127.0.0.1";
  int port = 8080;
  std::string host;  // Host header; empty: address:port
  std::string path = "/", post_path = "/order";
  int connections = 16;
  double rate = 0;  // requests per second; 0: as fast as answers come
  bool open_loop = false;
  double post_share = 0.2, user_share = 0.5;
  int users = 2000;
  std::string user_prefix = "user-";
  int timeout_ms = 10000;
  double seconds = 0;      // 0: until `stop`
  std::uint64_t seed = 0;  // 0: random
  std::string control;     // path of a unix socket; empty: standard input
};

std::int64_t real_ns();
std::int64_t mono_ns();

class Generator {
 public:
  Generator(Options options, int poll);

  Counters& counters() { return counters_; }
  void set_rate(double rate);
  void stop() { stopping_ = true; }
  bool done() const { return stopping_ && busy_ == 0; }
  int next_wait_ms() const;
  void turn();                                   // sends what is due, drops what took too long
  void event(std::size_t index, unsigned what);  // epoll event of a connection

 private:
  void send(std::size_t index, std::int64_t due);
  std::string compose(const Sent& sent);
  int pick_user();
  void finished(std::size_t index, Connection::Event event);
  void watch(std::size_t index);

  Options options_;
  int poll_;
  sockaddr_in target_{};
  Counters counters_;
  std::vector<Connection> connections_;
  std::vector<int> watched_;  // descriptor that epoll knows, per connection
  std::vector<std::size_t> free_;
  std::vector<char> user_busy_;
  std::mt19937_64 random_;
  std::int64_t next_due_;
  std::int64_t end_;
  int busy_ = 0;
  bool stopping_ = false;
};

}  // namespace load
