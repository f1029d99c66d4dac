// Commands to a running load generator, one a line, over a unix socket (--control PATH) or standard input. Each is
// answered by one line of JSON:
//
//   mark NAME            begins a new segment of counting                       {"marked":NAME}
//   snapshot [NAME]      counters of a segment, of the newest without NAME
//   totals               all segments since `reset`, added up
//   users NAME VERSION   which users (numbers) were shown VERSION in a segment
//   reset                forgets all segments                                   {"reset":true}
//   rate N               requests per second from now on; 0: closed loop
//   stop                 finishes the requests under way, prints the totals, ends the program
//
// A snapshot: {"name","started_ns","now_ns","sent","answered","in_flight","get","post","ok","failed" (status >= 400,
// and broken),
// "first_bad_ns","last_bad_ns","status":{"200":n},"errors":{"connect","reset","closed","timeout","protocol"},"first_error",
// "versions":{V ("-" without
// X-Version):{"requests","ok","failed","get","post","with_user","without_user","users","first_seen_ns","last_seen_ns",
// "first_bad_ns","last_bad_ns","status","latency_ms"}},"users":{"seen","mixed" (shown more than one
// version),"returns"}, "latency_ms":{"p50","p95","p99","max","mean"}}. Times are ns of the real-time clock, 0 for
// never.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "generator.h"

namespace load {

class Control {
 public:
  static constexpr unsigned long long kFirstId = 1ull << 32;  // epoll ids below belong to connections

  Control(Generator& generator, int poll, const std::string& path);
  ~Control();
  void event(unsigned long long id);
  std::string perform(std::string_view line);

 private:
  void accept_one();
  void read_from(int fd);
  void watch(int fd);

  Generator& generator_;
  int poll_;
  std::string path_;
  int listener_ = -1;
  std::map<int, std::string> buffers_;  // of open inputs, by descriptor
};

}  // namespace load
