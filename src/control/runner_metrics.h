// What the controllers of a process do, as metrics (docs/metrics.md): decisions by rule, Events, failures, refusals.
//
// Add it to the Runner as an observer; the label values are those of code (rules, reasons, names of controllers), so
// they are few. Control loop only.
#pragma once

#include "control/runner.h"
#include "runtime/metrics.h"

namespace slipway::control {

class RunnerMetrics final : public RunnerObserver {
 public:
  explicit RunnerMetrics(runtime::Metrics& metrics);

  void decided(const Controller&, const ObjectName&, base::Time, const Decision&) override;
  void refused(const Controller&, const ObjectName&, const Violation&) override;
  void finished(const Controller&, const ObjectName&, base::Time, const Decision&, const base::Error*) override;
  void told(const Controller&, const Note&) override;
  void led(bool leads) override;

 private:
  runtime::Family<runtime::Counter>&reconciles_, &decisions_, &events_, &failures_, &refusals_;
  runtime::Gauge& leader_;
};

}  // namespace slipway::control
