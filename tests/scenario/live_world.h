// Worlds in real time: real processes of this program on this machine, pods and traffic modelled.
//
// A further world is one more `LiveWorld`: start it, name a kubeconfig, and say how its controllers are killed. The
// rest (`LiveStage`) is the same for all of them.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "client/https_client.h"
#include "rehearse/scenario/stage.h"
#include "runtime/real/loop.h"

namespace slipway::tests {

// Blocking calls. Destroying it ends everything that it started.
class LiveWorld {
 public:
  virtual ~LiveWorld() = default;
  virtual base::Result<void> start() = 0;              // until its API answers and its controllers run
  virtual std::string kubeconfig() const = 0;          // of an administrator
  virtual base::Result<void> crash_controllers() = 0;  // kill -9, and begin again
};

// `slipway up --modelled`: everything in one process.
std::unique_ptr<LiveWorld> make_embedded_world(std::string folder);
// `slipway up --modelled --no-controllers`, and `slipway controller` with the rights of its role.
std::unique_ptr<LiveWorld> make_https_world(std::string folder);

class LiveStage final : public rehearse::scenario::Stage {
 public:
  // The world has been started.
  static base::Result<std::unique_ptr<LiveStage>> open(LiveWorld& world, runtime::real::Loop& loop,
                                                       runtime::Random& random);

  client::ApiClient& api() override { return *api_; }
  runtime::Loop& loop() override { return loop_; }
  runtime::Random& random() override { return random_; }
  void crash_controllers(std::function<void(base::Result<void>)> done) override;

 private:
  LiveStage(LiveWorld& world, runtime::real::Loop& loop, runtime::Random& random)
      : world_(world), loop_(loop), random_(random) {}

  LiveWorld& world_;
  runtime::real::Loop& loop_;
  runtime::Random& random_;
  std::unique_ptr<client::HttpsClient> api_;
};

}  // namespace slipway::tests
