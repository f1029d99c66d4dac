// An event of a Release as a CloudEvent, structured mode. Pure; the same event gives the same document.
// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
// "sequence": https://github.com/cloudevents/spec/blob/main/cloudevents/extensions/sequence.md
#pragma once

#include "data/value.h"

namespace slipway::delivery::notify {

inline constexpr std::string_view kSchema = "slipway.dev/release-event/v1";

// `event`: an entry of status.events. `id` is unique among all Releases of all clusters and the same each time.
data::Value cloud_event(const data::Value& release, const data::Value& event);

}  // namespace slipway::delivery::notify
