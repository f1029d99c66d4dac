// The containers of all modelled pods at once: a little HTTP server on port 80 of every address of this network, which
// answers with the address that was asked. Threads of its own.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>

namespace slipway::tests {

class Pods {
 public:
  Pods();
  ~Pods();
  Pods(const Pods&) = delete;

  void fail_on(const std::set<std::string>& addresses);  // 500 there from now on
  std::int64_t answered_by(const std::string& address) const;

 private:
  void serve();
  void answer(int connection);

  int listener_ = -1, stop_ = -1;
  mutable std::mutex mutex_;
  std::set<std::string> failing_;
  std::map<std::string, std::int64_t> answered_;
  std::thread thread_;
};

// One request with a connection of its own; `user` becomes x-user-id when it is not empty.
struct Got {
  int status = 0;   // 0: no answer
  std::string pod;  // the address that answered
};
Got request(const std::string& address, int port, const std::string& host, const std::string& user = {});

// One request after the other for as long as it lives, from a thread of its own.
class Load {
 public:
  Load(std::string address, int port, std::string host);
  ~Load();
  Load(const Load&) = delete;
  std::map<int, std::int64_t> end();  // answers by status, 0: none

 private:
  std::atomic<bool> stop_ = false;
  std::mutex mutex_;
  std::map<int, std::int64_t> answers_;
  std::thread thread_;
};

}  // namespace slipway::tests
