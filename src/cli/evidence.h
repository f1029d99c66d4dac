// What the pods of a version that is rolled back wrote of errors, read while they are there.
#pragma once

#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/verdict.h"
#include "view/findings.h"

namespace slipway::cli {

// Reads the ends of their logs once for each rollback, and again while there was nothing in them; remembers what was
// found when the pods are gone. Reading fails silently: not everybody may, and pods go while it is done.
class LogEvidence {
 public:
  // Sets the findings of `sight` when a rollback is under way or is shown.
  void add_to(Setting& s, Sight& sight);

 private:
  std::string rollback_;  // which one
  base::Time read_at_ = {};
  std::vector<view::LogFinding> found_;
};

}  // namespace slipway::cli
