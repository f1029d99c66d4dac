// What keeps a cache from being current, said on standard error with what to do about it (client::CacheOptions).
#pragma once

#include <string>

#include "api/resource.h"
#include "base/error.h"

namespace slipway::server {

void tell_trouble(const api::Resource& resource, const std::string& space, const base::Error* trouble);

}  // namespace slipway::server
