// The logs of a node whose every container has said the same three lines.
#pragma once

#include <algorithm>
#include <memory>
#include <string>

#include "apiserver/hooks.h"
#include "runtime/loop.h"

namespace slipway::tests {

class ThreeLines final : public apiserver::LogSource {
 public:
  explicit ThreeLines(runtime::Loop& loop) : loop_(loop) {}

  base::Result<std::unique_ptr<apiserver::LogReading>> open(const apiserver::LogRequest& request,
                                                            apiserver::LogSink& sink) override {
    class Reading final : public apiserver::LogReading {
     public:
      std::shared_ptr<bool> alive = std::make_shared<bool>(true);
    };
    auto reading = std::make_unique<Reading>();
    std::int64_t first = 4 - std::clamp<std::int64_t>(request.tail_lines.value_or(3), 0, 3);
    loop_.post([&sink, first, container = request.container, alive = std::weak_ptr(reading->alive)] {
      for (std::int64_t i = first; i <= 3 && !alive.expired(); ++i)
        sink.data("line " + std::to_string(i) + " of " + container + "\n");
      if (!alive.expired()) sink.ended({});
    });
    return reading;
  }

 private:
  runtime::Loop& loop_;
};

}  // namespace slipway::tests
