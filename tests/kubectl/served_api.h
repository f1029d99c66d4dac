// The API server as a test runs it: real sockets, objects in memory, its loop on a thread of its own.
//
// Identities come from seeded randomness, so that two runs of the same requests make the same objects, but for times.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "apiserver/http_front.h"
#include "client/kubeconfig.h"
#include "runtime/real/loop.h"
#include "runtime/sim/loop.h"
#include "store/memory_store.h"

namespace slipway::tests {

inline constexpr std::uint64_t kSeed = 7;

class ServedApi {
 public:
  // Writes an administrator's kubeconfig to `kubeconfig`. `seen` is told of every request, on an I/O thread.
  explicit ServedApi(const std::string& kubeconfig, std::function<void(const http::Request&, int status)> seen = {});
  ~ServedApi();
  ServedApi(const ServedApi&) = delete;

  std::uint16_t port() const { return front_->ports()[0]; }

 private:
  void on_loop(std::function<void()> task);

  runtime::real::Loop loop_;
  runtime::sim::SeededRandom random_{kSeed};
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<apiserver::LogSource> logs_;
  std::unique_ptr<apiserver::ApiServer> server_;
  std::unique_ptr<apiserver::HttpFront> front_;
  std::thread thread_;
};

}  // namespace slipway::tests
