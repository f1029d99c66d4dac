// What stands beside a step: its time, what it has done, and who let it go on.
#pragma once

#include <string>

#include "view/text.h"
#include "view/view.h"

namespace slipway::view {

std::string clock_text(Time t);          // "12:00:44" in UTC
std::string count_text(std::int64_t n);  // "23 456"

// "98s", or of what lasts as long as planned "40s of 5m", and when that is over "6m (5m planned)".
std::string time_text(const StepView& step, Time now);
// "error-rate 0.4 % (limit 1 %)   p99 182 ms (limit 300 ms)"
std::string metrics_text(const std::vector<MetricView>& metrics, std::string_view between);
// Of a blue-green release: pods of the preview, when it switches or has switched, until when the old version is kept.
std::string note_text(const ReleaseView& view, const StepView& step);
// "approved by alice, 12:04:31, "looks good""; empty: nobody had to say anything.
std::string people_text(const StepView& step);
// "by alice (undo), "too slow"", "with kubectl set"; empty: nothing is known.
std::string asked_text(const ReleaseView& view);
// "about 9m and 1 approval left"; empty: nothing is known, or nothing left.
std::string left_text(const ReleaseView& view);

}  // namespace slipway::view
