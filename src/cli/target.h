// The workload that a Release is about.
#pragma once

#include <string>

#include "api/resource.h"
#include "data/value.h"

namespace slipway::cli {

const api::Resource& resource_of_target(const data::Value& release);
std::string name_of_target(const data::Value& release);
std::string text_of_target(const data::Value& release);  // "statefulset/db"

}  // namespace slipway::cli
