// Effects and statuses as API requests. Pure: the runner sends what comes out of here and nothing else.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "client/api_client.h"
#include "client/cache.h"
#include "control/decision.h"

namespace slipway::control {

// The object an effect changes.
struct Target {
  api::Resource resource;
  client::ObjectName name;
  std::string uid = {};  // empty where the effect makes the object
};

// Nullopt for Ask, Tell and Forget, which do not go to the API.
std::optional<Target> target_of(const Effect& effect);
// The request for an effect that has a target. `manager` becomes the field manager.
client::Request request_of(const Effect& effect, std::string_view manager);

// What the refusal of an effect means. That something is not as it was seen, a server calls a request it cannot
// process.
base::Error refusal_of(const Effect& effect, base::Error error);

// Writes the difference between the observed status and `desired` as a merge patch on /status, with the uid and
// `version` of the object as preconditions: a status computed from an old picture is refused with Conflict instead of
// covering a newer one, and fields that others own inside the status stay untouched.
client::Request status_request(const api::Resource& resource, const data::Value& observed, std::string_view version,
                               const data::Value& desired, std::string_view manager);
client::Request get_request(const Target& target);

// "patch replicasets shop/web-7d9f": for logs and events.
std::string describe(const Effect& effect);

}  // namespace slipway::control
