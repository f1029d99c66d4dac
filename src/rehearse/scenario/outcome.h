// What came of a scenario, in words that do not depend on time, names that were made up, or the world it was played in:
// two worlds agree when their outcomes are equal.
//
// A track is a list of steps in their order. Tracks are apart from each other because a watch orders the changes of one
// object, and not those of several.
//
//   release          phases, candidates, verified percentages, ways back, results of commands
//   route            distinct weights
//   owner of VERSION of its ReplicaSet, over time; moments between two owners are left out
//   pods             started and restarted containers, by version
//   end              what stands when all is quiet
#pragma once

#include <map>
#include <string>
#include <vector>

#include "rehearse/scenario/scenario.h"

namespace slipway::rehearse::scenario {

struct Rollback {
  std::string cause, metric, verification;
  bool operator==(const Rollback&) const = default;
};

struct Outcome {
  // Why the story was not told to its end, with its place; empty: it was.
  std::string failure;
  std::map<std::string, std::vector<std::string>> tracks;
  // The same as values, for what a scenario expects.
  std::vector<std::string> phases;
  std::vector<std::string> verified;  // "50"
  std::vector<Rollback> rollbacks;
  std::map<std::string, std::int64_t> started, restarts;  // by version
  bool operator==(const Outcome&) const = default;
};

// What `end` of the scenario asks for and the outcome does not have: one sentence each.
std::vector<std::string> shortcomings(const Scenario& scenario, const Outcome& outcome);

// Where two outcomes differ, step by step, for people; empty when they are equal.
//
//   release      virtual             embedded
//          phase Idle              phase Idle
//        ! verified 5 %            verified 50 %
std::string difference(const Outcome& left, const std::string& left_name, const Outcome& right,
                       const std::string& right_name);

// `seen`, whose recorder may have missed steps while the API was away, with those steps of `whole` filled in: a track
// that lacks some but has no other and ends the same. Tracks that differ in any other way stay as they are.
Outcome with_gaps_filled(Outcome seen, const Outcome& whole);

std::string to_text(const Outcome& outcome);

}  // namespace slipway::rehearse::scenario
