// The workload that a Release is about.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "api/resource.h"
#include "base/error.h"
#include "data/value.h"

namespace slipway::cli {

const api::Resource& resource_of_target(const data::Value& release);
std::string name_of_target(const data::Value& release);
std::string text_of_target(const data::Value& release);  // "statefulset/db"

// Cuts the revision off a name: "web@14" -> "web", 14.
base::Result<std::optional<std::int64_t>> take_revision(std::string& name);

}  // namespace slipway::cli
