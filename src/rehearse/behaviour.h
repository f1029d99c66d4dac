// How a modelled version behaves: read from annotations of its pods, so that a manifest says it.
//
//   rehearse.slipway.dev/start:       "800ms"   from being scheduled to ready
//   rehearse.slipway.dev/never-ready: "true"
//   rehearse.slipway.dev/crash-after: "20s"     from being ready to the first crash; ready again after `start`
//   rehearse.slipway.dev/out-of-memory: "true"  it crashes because its memory limit is too low
//   rehearse.slipway.dev/image-missing: "true"  its images are in no registry
//   rehearse.slipway.dev/mount-fails:   "true"  its volumes cannot be mounted, as Events of the node say
//   rehearse.slipway.dev/end-after:   "1s"      from being ready to its end, for pods that run to their end
//   rehearse.slipway.dev/exit-code:   "3"       with which it ends then; default 0
//   rehearse.slipway.dev/stop:        "300ms"   from being deleted to gone, at most the pod's grace period
//   rehearse.slipway.dev/error-rate:  "0.2"     share of requests answered with 500
//   rehearse.slipway.dev/latency:     "120ms"   median time of an answer
#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"
#include "data/value.h"

namespace slipway::rehearse {

struct Behaviour {
  base::Duration start = base::milliseconds(800);
  bool never_ready = false;
  std::optional<base::Duration> crash_after = {};
  bool out_of_memory = false, image_missing = false, mount_fails = false;
  std::optional<base::Duration> end_after = {};
  int exit_code = 0;
  base::Duration stop = base::milliseconds(300);
  double error_rate = 0.001;
  base::Duration latency = base::milliseconds(20);

  bool starts() const { return !image_missing && !mount_fails; }
};

inline constexpr std::string_view kAnnotationPrefix = "rehearse.slipway.dev/";

Behaviour behaviour_of(const data::Value& pod);

}  // namespace slipway::rehearse
