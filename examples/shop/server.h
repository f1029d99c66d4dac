// An HTTP/1.1 server on one thread (epoll): keep-alive, delayed answers, graceful stop.
//
// A handler answers each request at once and may ask for the answer to be sent later. Limits: 16 KB of header, 1 MB of
// body, bodies with Content-Length only.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace shop {

using Clock = std::chrono::steady_clock;

struct Request {
  std::string method;
  std::string path;  // without the query
  std::string body;
  std::string head;  // request line and headers as they came
};

struct Answer {
  int status = 200;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::chrono::microseconds delay{0};
};

class Server {
 public:
  using Handler = std::function<Answer(const Request&)>;

  // Binds; exits the program with a message when it cannot.
  Server(const std::string& address, int port, Handler handler);
  // Serves until SIGTERM or SIGINT, then finishes the requests under way and returns.
  void run();
  bool stopping() const { return stopping_; }

 private:
  struct Connection {
    int fd;
    std::uint64_t serial;
    std::string in = {};
    std::string out = {};
    bool answering = false;  // an answer is delayed or being written
    bool close_after = false;
  };
  using Due = std::multimap<Clock::time_point, std::pair<int, std::uint64_t>>;

  void accept_all();
  void stop_accepting();
  void read_from(Connection& c);
  void parse(Connection& c);
  void refuse(Connection& c, int status);
  void answer(Connection& c, const Request& request);
  void send_due();
  void write_to(Connection& c);
  void close(Connection& c);
  void close_idle();
  int wait_ms() const;

  Handler handler_;
  int listener_ = -1, poll_ = -1, signals_ = -1;
  std::uint64_t next_serial_ = 1;
  std::map<int, Connection> connections_;
  Due due_;
  bool stopping_ = false;
  Clock::time_point idle_until_ = {};
};

}  // namespace shop
