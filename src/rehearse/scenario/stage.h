// Where a scenario is played: a world that has an API, controllers that work on it, and pods and routes that are
// modelled.
//
// The player needs no more than this, so a further world is one more implementation: start it, give its API and a way
// to crash its controllers. `VirtualStage` is here; those in real time are in tests/scenario/.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "client/api_client.h"
#include "runtime/loop.h"

namespace slipway::rehearse::scenario {

class Stage {
 public:
  virtual ~Stage() = default;
  virtual client::ApiClient& api() = 0;  // with an administrator's rights
  virtual runtime::Loop& loop() = 0;
  virtual runtime::Random& random() = 0;
  // Kills the controllers' process, whatever it is doing, and has another one begin. `done` comes on the loop.
  virtual void crash_controllers(std::function<void(base::Result<void>)> done) = 0;
  // A safety rule that the world itself saw broken.
  virtual std::optional<std::string> violation() const { return {}; }
};

}  // namespace slipway::rehearse::scenario
