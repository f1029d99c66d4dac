// A release as text: the block that `status` prints and `watch` redraws, and the lines of a log. Pure.
#pragma once

#include <string>
#include <vector>

#include "cli/terminal.h"
#include "cli/verdict.h"
#include "data/value.h"

namespace slipway::cli {

// Several lines: head, steps, traffic, metrics, what is going on, versions with their pods, and what to do next.
std::string release_block(const Terminal& terminal, const Sight& sight);

// One line for each decision in the release's log, oldest first: "12:04:30  step.done  weight 5 % reached".
std::vector<std::string> log_lines(const data::Value& release);

// The whole as one object for -o json: {name, namespace, verdict, phase, message, stable, candidate, ...}.
data::Value release_object(const Sight& sight);

// "3m12s" since then; "" when unknown.
std::string since(const std::optional<base::Time>& then, base::Time now);

}  // namespace slipway::cli
