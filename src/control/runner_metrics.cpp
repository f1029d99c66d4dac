#include "control/runner_metrics.h"

namespace slipway::control {

RunnerMetrics::RunnerMetrics(runtime::Metrics& metrics)
    : reconciles_(metrics.counter("slipway_controller_reconciles_total", "Times that a controller looked at an object.",
                                  {"controller"})),
      decisions_(metrics.counter("slipway_controller_decisions_total", "Decisions carried out, by rule.",
                                 {"controller", "rule"})),
      events_(metrics.counter("slipway_controller_events_total", "Events written for people.",
                              {"controller", "type", "reason"})),
      failures_(metrics.counter("slipway_controller_failures_total",
                                "Decisions that could not be carried out to their end, by what stopped them.",
                                {"controller", "code"})),
      refusals_(metrics.counter("slipway_controller_refusals_total", "Decisions refused by a safety invariant.",
                                {"controller", "invariant"})),
      leader_(metrics.gauge("slipway_controller_leader", "1 in the process that leads.").with({})) {}

void RunnerMetrics::decided(const Controller& controller, const ObjectName&, base::Time, const Decision&) {
  reconciles_.with({std::string(controller.name())}).add();
}

void RunnerMetrics::refused(const Controller& controller, const ObjectName&, const Violation& violation) {
  refusals_.with({std::string(controller.name()), violation.invariant}).add();
}

void RunnerMetrics::finished(const Controller& controller, const ObjectName&, base::Time, const Decision& decision,
                             const base::Error* error) {
  const std::string name(controller.name());
  if (error != nullptr) return failures_.with({name, std::string(base::reason_of(error->code))}).add();
  for (const Reason& reason : decision.reasons) decisions_.with({name, reason.rule}).add();
}

void RunnerMetrics::told(const Controller& controller, const Note& note) {
  events_.with({std::string(controller.name()), note.kind == Note::Kind::Warning ? "Warning" : "Normal", note.reason})
      .add();
}

void RunnerMetrics::led(bool leads) { leader_.set(leads ? 1 : 0); }

}  // namespace slipway::control
