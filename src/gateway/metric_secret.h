// The Secret that a metric names: what it holds, and how it is read. Read with the rights of `secrets` each time, so
// that a password that changes, or rights that are taken away, count at once; nothing of it is kept.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "client/api_client.h"
#include "runtime/loop.h"

namespace slipway::gateway {

// What a server is shown, and what it is expected to show.
struct MetricAccess {
  std::string authorization = {};  // value of the header
  std::string ca = {};             // PEM; empty: the system's authorities
};

// username and password, or token; ca.crt. Invalid when they cannot be used, with the reason; none of them is Invalid
// only where one `must` be there.
base::Result<MetricAccess> read_access(const data::Value& secret, bool must = true);
// One key as text, without the white space around it; nullopt when it is absent.
std::optional<std::string> secret_text(const data::Value& secret, std::string_view key);

// Gets the Secret `named` {"namespace", "name"}; `field` is the field of the metric that names it, for people:
// "provider.web.secret". `done` runs on the loop, later. Forbidden and NotFound say what to do; Unavailable without
// `secrets`.
void read_metric_secret(client::ApiClient* secrets, runtime::Loop& loop, const data::Value& named, std::string field,
                        std::move_only_function<void(base::Result<data::Value>)> done);

}  // namespace slipway::gateway
