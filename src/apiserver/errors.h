// The failures of the API with the texts and details that kubectl and client libraries expect.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/scheme.h"
#include "apiserver/request.h"
#include "base/error.h"
#include "data/value.h"

namespace slipway::apiserver {

base::Error not_found(const api::Resource& resource, std::string_view name);
base::Error already_exists(const api::Resource& resource, std::string_view name);
base::Error conflict(const api::Resource& resource, std::string_view name, std::string_view why);
base::Error modified(const api::Resource& resource, std::string_view name);  // resourceVersion did not match
base::Error invalid(const api::Resource& resource, std::string_view name, std::vector<base::Cause> causes);
base::Error forbidden(const api::Resource& resource, std::string_view name, std::string_view why);
base::Error unknown_path();
base::Error method_not_allowed(std::string_view verb);
base::Error bad_request(std::string message);
// A resourceVersion that lies in the future of `current`.
base::Error too_large_version(std::uint64_t asked, std::uint64_t current);

base::Cause invalid_value(std::string field, std::string_view value, std::string_view why);
base::Cause required_value(std::string field, std::string_view why);

// metav1.Status of a success about one object.
data::Value success_status(const api::Resource& resource, std::string_view name, std::string_view uid);

}  // namespace slipway::apiserver
