// The last lines that the pods of the new version have written, for the live view.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/verdict.h"

namespace slipway::cli {

// Asks a few pods, and not at every look: what is shown may be some seconds old.
class LogTail {
 public:
  explicit LogTail(Setting& s) : s_(s) {}

  void look(const Sight& sight);
  // At most so many, the newest last, each with its pod; one that says why where there are none.
  std::vector<std::string> lines(std::size_t most) const;

 private:
  void read(const data::Value& pod);

  Setting& s_;
  base::Time looked_at_ = {};
  std::vector<std::string> lines_ = {};
};

// The pods of the new version whose first container runs or has run, the newest first, at most so many. Pure.
std::vector<data::Value> pods_for_tail(const Sight& sight, std::size_t most);

}  // namespace slipway::cli
