// Notifications as Prometheus metrics (docs/metrics.md): what was delivered, and which receiver does not take events.
//
// As release_metrics.h: what is true now follows from the status, only the process that leads shows and counts. Control
// loop only.
#pragma once

#include <map>

#include "control/runner.h"
#include "runtime/metrics.h"

namespace slipway::delivery::evidence {

class NotificationMetrics final : public control::RunnerObserver {
 public:
  explicit NotificationMetrics(runtime::Metrics& metrics);
  void changed(const api::Resource& resource, const data::Value& before, const data::Value& after) override;
  void led(bool leads) override;

 private:
  void count(const data::Value& before, const data::Value& after);
  void show(const client::ObjectName& name, const data::Value& status);
  void hide(const client::ObjectName& name);

  runtime::Family<runtime::Counter>&events_, &failures_;
  runtime::Family<runtime::Gauge>&waiting_, &failing_;
  bool leads_ = false;
  std::map<client::ObjectName, data::Value> statuses_;
};

}  // namespace slipway::delivery::evidence
