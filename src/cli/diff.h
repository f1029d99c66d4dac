// What differs between two versions, as commands show it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "cli/command_line.h"
#include "view/difference.h"

namespace slipway::cli {

using view::comparable;
using view::Difference;
using view::differences;
using view::short_text;

// The two that `diff` compares, by what was typed and how the release stands: after a rollback the stable one and the
// one that is held.
struct Compared {
  std::int64_t from = 0;
  std::optional<std::int64_t> to = {};  // absent: what the workload asks for
  bool operator==(const Compared&) const = default;
};
base::Result<Compared> compared(const data::Value& release, const Diff& diff);
// "from revision 12, which is stable, to revision 13, which is held"
std::string compared_text(const data::Value& release, const Compared& two);

}  // namespace slipway::cli
