// Keeps one helper process running through the ProcessHost: adopts it when it runs already, starts it again (with
// growing delays) when it ends. The process outlives this object. Control loop only.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "control/ports.h"
#include "runtime/loop.h"

namespace slipway::gateway {

class ChildKeeper {
 public:
  // `spec` is asked for each start; its error is the problem that is reported. `log`: where the process's own words go.
  ChildKeeper(runtime::Loop& loop, control::ProcessHost& host, std::string id, std::string log,
              std::function<base::Result<control::ProcessSpec>()> spec);
  ~ChildKeeper();
  ChildKeeper(const ChildKeeper&) = delete;

  // With `fresh`, a process that runs already is ended and started anew (its configuration has changed).
  void start(bool fresh = false);
  void signal(int number);  // when it runs
  bool running() const { return running_; }
  const std::string& problem() const { return problem_; }

 private:
  void spawn();
  void later(std::string problem);

  runtime::Loop& loop_;
  control::ProcessHost& host_;
  std::string id_, log_;
  std::function<base::Result<control::ProcessSpec>()> spec_;
  bool running_ = false;
  int failures_ = 0;
  std::string problem_;
  runtime::Timer retry_, well_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace slipway::gateway
