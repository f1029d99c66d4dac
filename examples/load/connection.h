// One keep-alive connection of the load generator: sends a request, reads its answer, says what became of it.
#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <string>

#include "counters.h"

namespace load {

struct Sent {
  bool post = false;
  int user = -1;
  std::size_t segment = 0;
  std::int64_t since_ns = 0;  // monotonic: latency counts from here
};

class Connection {
 public:
  enum class Event { None, Answered, Broken, ClosedIdle };

  Connection() = default;
  Connection(Connection&& other) noexcept { *this = std::move(other); }
  Connection& operator=(Connection&& other) noexcept;
  ~Connection() { drop(); }

  bool idle() const { return !busy_; }
  bool open() const { return fd_ >= 0; }
  int fd() const { return fd_; }
  const Sent& sent() const { return sent_; }
  int status() const { return status_; }
  const std::string& version() const { return version_; }
  Fault fault() const { return fault_; }
  const std::string& detail() const { return detail_; }

  // Begins to connect when not open. False when that fails at once (then `fault` says so).
  bool start(const sockaddr_in& target, std::string request, Sent sent);
  Event readable();
  Event writable();
  bool wants_write() const { return busy_ && written_ < request_.size(); }
  Event give_up(Fault fault, std::string detail);  // drops the connection
  void drop();

 private:
  Event take_answer();

  int fd_ = -1;
  bool busy_ = false, connected_ = false, reused_ = false;
  std::string request_, in_;
  std::size_t written_ = 0;
  Sent sent_;
  int status_ = 0;
  std::string version_;
  Fault fault_ = Fault::Connect;
  std::string detail_;
};

}  // namespace load
