#include "rehearse/behaviour.h"

#include <string>

#include "api/meta.h"
#include "base/strings.h"

namespace slipway::rehearse {

Behaviour behaviour_of(const data::Value& pod) {
  Behaviour b;
  const auto text = [&pod](std::string_view name) {
    return api::annotation(pod, std::string(kAnnotationPrefix).append(name));
  };
  if (const auto start = base::parse_duration(text("start"))) b.start = *start;
  if (const auto stop = base::parse_duration(text("stop"))) b.stop = *stop;
  if (const auto latency = base::parse_duration(text("latency"))) b.latency = *latency;
  if (const auto rate = base::parse_double(text("error-rate"))) b.error_rate = *rate;
  b.end_after = base::parse_duration(text("end-after"));
  if (const auto code = base::parse_int(text("exit-code"))) b.exit_code = static_cast<int>(*code & 0xff);
  b.crash_after = base::parse_duration(text("crash-after"));
  b.out_of_memory = text("out-of-memory") == "true";
  b.image_missing = text("image-missing") == "true";
  b.mount_fails = text("mount-fails") == "true";
  b.never_ready = text("never-ready") == "true";
  return b;
}

}  // namespace slipway::rehearse
