// The controllers of a cluster, with their invariants: one list, for the embedded server, for `slipway controller` and for rehearsal.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "control/runner.h"
#include "control/runner_metrics.h"
#include "delivery/evidence/notification_metrics.h"
#include "delivery/evidence/release_metrics.h"
#include "delivery/observation.h"

namespace slipway::controllers {

// Ports that these controllers ask; whoever runs them must offer all (control/ports.h).
std::vector<std::string> port_names();

// Before `runner.start()`.
// `sources`: asked for each decision; null: all there are.
void add_to(control::Runner& runner, std::function<delivery::MetricSources()> sources = {});
// For clusters that have controllers for everything else: Releases and analyses only.
void add_releases_to(control::Runner& runner, std::function<delivery::MetricSources()> sources = {});
// What a process that runs them shows to Prometheus about releases and about its own work (docs/metrics.md). Outlives the
// runner that it watches.
class Evidence {
 public:
  Evidence(runtime::Metrics& metrics, const runtime::Loop& loop) : work_(metrics), releases_(metrics, loop), notifications_(metrics) {}
  void watch(control::Runner& runner) {  // before runner.start()
    runner.add_observer(work_);
    runner.add_observer(releases_);
    runner.add_observer(notifications_);
  }

 private:
  control::RunnerMetrics work_;
  delivery::evidence::ReleaseMetrics releases_;
  delivery::evidence::NotificationMetrics notifications_;
};

// What the caches of those keep (RunnerOptions::keep).
client::Projection kept_by_releases(const api::Resource& resource);

}  // namespace slipway::controllers
