// What differs between two documents, for people: one line a value. Pure.
#pragma once

#include <string>
#include <vector>

#include "data/value.h"

namespace slipway::cli {

struct Difference {
  std::string field;     // "spec.containers[web].image"; elements of lists that have names go by these
  data::Value from, to;  // null: not there
  bool operator==(const Difference&) const = default;
};

// In the order of `from`, then of what only `to` has.
std::vector<Difference> differences(const data::Value& from, const data::Value& to);

// "shop/web:v1", 8080, {"cpu":"1"}; "-" for what is not there.
std::string short_text(const data::Value& v);

}  // namespace slipway::cli
