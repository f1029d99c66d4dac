// Releases as Prometheus metrics (docs/metrics.md).
//
//   ReleaseMetrics evidence(metrics, loop);   // outlives the runner
//   runner.add_observer(evidence);
//
// What is true now (phase, traffic, pods, waits) follows from the caches: it is right again after a restart, and goes
// with its Release. What is counted begins anew with each process. Only the process that leads shows and counts, so
// that the sum over all processes is right. A change of a Release costs some microseconds, Releases at rest cost
// nothing, and a scrape copies lines that are there already.
//
// Threads: the observer's calls on the control loop, `write` on any.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "control/runner.h"
#include "delivery/evidence/figures.h"
#include "runtime/loop.h"
#include "runtime/metrics.h"

namespace slipway::delivery::evidence {

class ReleaseMetrics final : public control::RunnerObserver, public runtime::MetricSource {
 public:
  ReleaseMetrics(runtime::Metrics& metrics, const runtime::Loop& loop);
  ~ReleaseMetrics() override;
  ReleaseMetrics(const ReleaseMetrics&) = delete;

  void changed(const api::Resource& resource, const data::Value& before, const data::Value& after) override;
  void led(bool leads) override;
  void write(std::string& out) const override;

 private:
  // What is remembered of a Release, on the control loop.
  struct Known {
    Ends ends;
    std::string wait;  // evidence::wait_of
    base::MonoTime waits_since = {};
  };
  using Histograms = runtime::Family<runtime::Histogram>;
  using Counters = runtime::Family<runtime::Counter>;
  using Kind = std::pair<std::string, std::string>;  // strategy, phase

  void release_changed(const data::Value& before, const data::Value& after);
  void count_release(Known& known, const data::Value& before, const data::Value& after);
  void count_end(Known& known, const data::Value& release, const data::Value& entry);
  void count_way_back(const data::Value& before, const data::Value& after);
  void count_wait(Known& known, const data::Value& after);
  void begin_series(const data::Value& release);
  void show(const client::ObjectName& name, std::shared_ptr<const Figures> figures);
  void drop_space(const std::string& space);
  void count_run(const data::Value& before, const data::Value& after);
  void policy_changed(const data::Value& policy);

  runtime::Metrics& metrics_;
  const runtime::Loop& loop_;
  Histograms &durations_, &ways_back_, &verifications_, &waits_;
  Counters &measurements_, &runs_;
  bool counts_ = false;  // this process leads
  std::map<client::ObjectName, Known> known_;
  std::map<std::string, std::size_t> spaces_;  // how many Releases each namespace has

  mutable std::mutex mutex_;  // of what `write` reads
  bool leads_ = false;
  std::map<client::ObjectName, std::shared_ptr<const Figures>> figures_;
  std::map<Kind, std::size_t> kinds_;
  data::Value policy_;
};

}  // namespace slipway::delivery::evidence
