// From tokens to the syntax tree: precedence climbing.
#pragma once

#include <set>
#include <string>

#include "base/error.h"
#include "expr/ast.h"

namespace slipway::expr {

struct Parsed {
  NodePtr root;
  std::set<std::string> names;
};

base::Result<Parsed> parse_expression(std::string_view text);

}  // namespace slipway::expr
