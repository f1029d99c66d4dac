// What Events say, where the objects themselves do not say why they wait. Asked for one object of a Release at a time
// (decide/troubles.h).
#pragma once

#include "delivery/observation.h"

namespace slipway::delivery {

// The id under which the answer is recorded.
std::string warnings_fact(const data::Value& release);
void observe_warnings(const control::World& world, Observation& o);

// Of a version: pods that are looked at closer.
bool is_ailing(const data::Value& pod);

}  // namespace slipway::delivery
