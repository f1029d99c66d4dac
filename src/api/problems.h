// The causes of an Invalid answer, in the words of Kubernetes' field errors ("spec.replicas: Invalid value: -1: must be
// ...").
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/schema.h"
#include "base/error.h"
#include "data/value.h"

namespace slipway::api {

using Problems = std::vector<base::Cause>;

base::Cause required(const Path& at, std::string_view detail = {});
base::Cause invalid(const Path& at, const data::Value& value, std::string_view detail);
base::Cause unsupported(const Path& at, const data::Value& value, const std::vector<data::Value>& supported);
base::Cause duplicate(const Path& at, const data::Value& value);
base::Cause forbidden(const Path& at, std::string_view detail);
base::Cause too_long(const Path& at, std::int64_t limit);
base::Cause too_many(const Path& at, std::size_t count, std::int64_t limit);
base::Cause wrong_type(const Path& at, const data::Value& value, std::string_view wanted);

}  // namespace slipway::api
