// A measurement by a pod that runs to its end: its exit code is the verdict. Pure.
//
// The pod is made from the metric's template, belongs to its AnalysisRun, and has a name that follows from the run, the
// metric and the number of the measurement, so that a repeated decision makes it once. It is a bare pod, not a
// batch/v1 Job, since one run of it is one measurement: whether it is tried again is for the metric's limits to say.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "control/decision.h"
#include "delivery/analysis/measurement.h"

namespace slipway::delivery::analysis {

bool is_job(const data::Value& metric);

// "web-2-1-3-m0-1": metric 0, measurement 1. At most 63 bytes.
std::string job_pod_name(const data::Value& run, std::size_t index, std::int64_t number);
// The pod about the run's candidate. restartPolicy is Never; a container that says nothing about it leaves the last
// lines of its log when it fails.
data::Value job_pod(const data::Value& run, std::size_t index, std::int64_t number);

// What came of it; nullopt: it has neither ended nor taken longer than `patience` from being made.
// Passed (value 1): all containers ended with 0. Failed (value 0): a container ended otherwise, or the deadline of its
// own spec (activeDeadlineSeconds) passed. Inconclusive: patience is at its end. Error: it could not be run to its end
// by no fault of its own (evicted, no such image).
std::optional<Measurement> measure_job(const data::Value& pod, base::Duration patience, base::Time now);
// When the pod has taken longer than `patience`.
base::Time end_of_patience(const data::Value& pod, base::Duration patience, base::Time now);

// Which of the run's pods are of no use any more: all but those of measurements under way, and of the last one of each
// metric as far as that has ended, so that its log can be read. `over`: nothing is under way.
std::vector<control::Effect> sweep_pods(const data::Value& run, const std::vector<data::Value>& pods, bool over);

}  // namespace slipway::delivery::analysis
