// Rules that workloads of different kinds share.
#pragma once

#include <string_view>

#include "api/problems.h"
#include "api/schema.h"

namespace slipway::api::kinds {

// spec.selector can be read, is not empty, and matches the labels of spec.template. `who`: the kind, as messages name
// it.
void check_selector(const data::Value& spec, std::string_view who, const Path& at, Problems& problems);
// The pods always restart, and have no deadline.
void check_template(const data::Value& spec, std::string_view who, const Path& at, Problems& problems);
// An int or a percentage that can be used; `is_limit`: at most 100 %.
void check_int_or_percent(const data::Value& v, bool is_limit, const Path& at, Problems& problems);
bool is_zero_amount(const data::Value& v);  // 0 or 0%

}  // namespace slipway::api::kinds
