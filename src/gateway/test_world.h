// Real apps, real load and a loop on its own thread, for tests of the gateway against the real HAProxy on loopback
// addresses.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <future>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "data/value.h"
#include "gateway/test_objects.h"
#include "gateway/child_processes.h"
#include "runtime/child.h"
#include "runtime/real/loop.h"

namespace slipway::gateway::test {

// One running example app.
struct App {
  std::string ip;
  std::string name;
  runtime::Child child;
};

// The load generator under way.
class Load {
 public:
  Load(int port, std::vector<std::string> options);
  data::Value ask(const std::string& command);
  data::Value mark(const std::string& name) { return ask("mark " + name); }
  // Waits until a segment has so many answers, then until none of its requests is under way (a new segment has begun).
  data::Value after(const std::string& segment, std::int64_t answers);
  data::Value stop();  // the totals

 private:
  runtime::Child child_;
};

struct HttpAnswer {
  int status = 0;
  std::string head, body;
};

class World : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  template <class F>
  auto on_loop(F f) {
    std::promise<decltype(f())> result;
    loop.post([&] {
      if constexpr (std::is_void_v<decltype(f())>) {
        f();
        result.set_value();
      } else {
        result.set_value(f());
      }
    });
    return result.get_future().get();
  }

  App& start_app(const std::string& version, std::vector<std::string> environment = {});
  Pod pod(const App& app, bool ready = true, bool terminating = false) const {
    return {app.name, app.ip, ready, terminating};
  }
  std::string vip_range() const { return vips_ + "0/24"; }
  HttpAnswer request(const std::string& address, int port, const std::string& head, const std::string& body = "") const;
  HttpAnswer get(const std::string& path = "/", const std::string& headers = "") const {
    return request("127.0.0.1", port, "GET " + path + " HTTP/1.1\r\nHost: web.example\r\n" + headers);
  }
  // One UDP question and its answer; empty after 200 ms without one.
  std::string datagram(const std::string& address, int port, const std::string& bytes) const;
  std::string dir() const { return dir_; }

  runtime::real::Loop loop;
  int port = 0;
  std::map<std::string, App> apps;  // by name
  std::unique_ptr<ChildProcesses> host;

 private:
  std::string dir_, pods_, vips_;
  int app_count_ = 0;
  std::thread thread_;
};

bool has_program(const std::string& name);
// Is `hits` of `n` compatible with the probability `p`? Two-sided, by the exact binomial tails, at level 1e-6 each.
bool is_binomial(std::int64_t hits, std::int64_t n, double p);

}  // namespace slipway::gateway::test
