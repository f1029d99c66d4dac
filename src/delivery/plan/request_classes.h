// The values of one header, cookie or query parameter, sorted by what difference they make. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "delivery/plan/audience.h"
#include "expr/predicate.h"

namespace slipway::delivery::plan {

// Values that make the same difference. The first class of a source is always that of all other values, or of none.
struct RequestClass {
  std::vector<expr::Comparison> true_here;  // what holds for them
  bool present = false;                     // there is a value; false: there may be one
  // How a router tells them from the other classes' values: one of these, or nothing at all. A value may fit a class
  // that comes earlier in the list as well: the later one counts.
  std::vector<Condition> conditions;
  bool holds(const expr::Comparison& c) const;
};

// What is asked about a source.
struct Questions {
  std::vector<expr::Comparison> comparisons;
  bool presence = false;  // it makes a difference whether there is a value
};

// `problem`: why they cannot be told apart.
std::vector<RequestClass> classes_of(const Source& source, const Questions& questions, std::string& problem);
// Values of class `value` also fit the condition of `other`.
bool also_fits(const RequestClass& value, const RequestClass& other);

// An expression for the whole numbers from `least` to `most`, as they are written without leading zeros.
std::string number_expression(std::int64_t least, std::int64_t most);

}  // namespace slipway::delivery::plan
