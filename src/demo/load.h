// The load generator (examples/load) as a child process. Blocking.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "data/value.h"
#include "demo/report.h"
#include "runtime/child.h"

namespace slipway::demo {

struct LoadOptions {
  std::string program;  // path of slipway-load
  std::string target;   // "127.0.0.1:8080"
  std::string host;     // Host header
  int rate = 600;       // requests per second
  int users = 1500;
};

class Load {
 public:
  static base::Result<Load> start(const LoadOptions& options);

  // Begins a new segment; requests sent from now on belong to it.
  base::Result<void> mark(const std::string& name);
  base::Result<data::Value> snapshot(const std::string& name);
  // Waits, at most `limit`, until no request of the segment is under way, so that its counters are final.
  base::Result<data::Value> settled(const std::string& name, base::Duration limit);
  // Forgets what was counted; `totals` adds up all segments since, a moment later.
  base::Result<void> reset();
  base::Result<data::Value> totals();
  // Users that saw `version` in the segment.
  base::Result<std::int64_t> users_of(const std::string& name, const std::string& version);
  base::Result<void> stop();

 private:
  explicit Load(runtime::Child child) : child_(std::move(child)) {}
  base::Result<data::Value> ask(const std::string& command);
  runtime::Child child_;
};

Counted counted(const data::Value& segment);
// The share of `version` in one segment.
StepShare share_of(const data::Value& segment, const std::string& version, double weight,
                   std::int64_t users_on_version);

}  // namespace slipway::demo
