// A scenario: a story of one release as data, with what must come of it. One file, one story; the same file is played
// in virtual time, in the embedded cluster, over HTTPS and on a real control plane (stage.h).
//
//   about: a good version goes out by weights
//   use: [shop.yaml, canary.yaml]             objects of files in objects/ beside it
//   objects: [{...}]                          further ones; all go to a namespace of the story's own
//   begin: release.status.phase == "Idle"     absent: the Deployment is available and its Release idle
//   story:
//   - deploy: {version: v2, error-rate: "0.3"}
//   - wait: weights["web-canary"] == 50
//   - release: promote
//   end:
//     when: ready.v2 == 4 && running.v1 == 0  what is waited for at the end; then nothing may be written any more
//     phases: [Idle, Progressing ...]         of the Release from `begin` on, in their order
//     verified: [0, 50, 100]                  percentages that were verified at the router, in their order
//     rollback: {cause: AnalysisFailed, metric: health/error-rate, verification: Passed}
//     started: {v1: 4, v2: 4}                 pods that were ever made, by version
//     restarts: [v2]                          versions whose containers may restart
//   always: [ready.v1 + ready.v2 >= 4]        after every change, from `begin` on
//
// Expressions are those of expr/expression.h; facts.h lists the names that they can use. docs/how-to-add-scenario.md
// lists the events.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/resource.h"
#include "base/error.h"
#include "base/time.h"
#include "data/value.h"
#include "expr/expression.h"

namespace slipway::rehearse::scenario {

using Conditions = std::vector<expr::Expression>;  // all must hold

inline constexpr base::Duration kPatience = base::minutes(5);  // of waits that do not say `within`
inline constexpr base::Duration kQuiet = base::seconds(2);     // without any write, at the end
inline constexpr std::size_t kMostEvents = 100;                // of one story

struct Object {
  api::Resource resource;
  data::Value value;
};

// --- events -----------------------------------------------------------------------------------------------

// Server-side apply, as the user.
struct Apply {
  std::vector<Object> objects;
};
// The same, and the API must refuse it with words that contain these.
struct Refuse {
  Object object;
  std::string because;
};
struct Patch {  // merge patch
  api::Resource resource;
  std::string name;
  data::Value body;
};
struct Remove {
  api::Resource resource;
  std::string name;
};
struct Scale {
  std::int64_t replicas = 0;
};
// A new image tag for the Deployment, and how its pods behave (behaviour.h; `start` stays unless given).
struct Deploy {
  std::string version;
  std::map<std::string, std::string> behaviour;
};
// pause, resume, promote, promote-full, promote-now, abort, retry, back, undo
struct ReleaseCommand {
  std::string verb;
};
// Deletes pods of a version, in the order of their names.
struct KillPods {
  std::string version;
  std::int64_t count = 1;
};
struct RemoveReplicaSet {
  std::string version;
};
// No node takes new pods, or all do again.
struct Cordon {
  bool on = true;
};
// The controllers' process dies in the middle of whatever it does, and another one begins.
struct CrashControllers {};
struct WaitFor {
  Conditions conditions;
  base::Duration within = kPatience;
};
struct Expect {
  Conditions conditions;
};
// Holds all the time for so long.
struct Stays {
  Conditions conditions;
  base::Duration during{};
};

using Action = std::variant<Apply, Refuse, Patch, Remove, Scale, Deploy, ReleaseCommand, KillPods, RemoveReplicaSet,
                            Cordon, CrashControllers, WaitFor, Expect, Stays>;

struct Event {
  Action action;
  std::string text;   // as people read it: "deploy v2"
  std::string where;  // "good-canary.yaml:7"
};

// --- the whole --------------------------------------------------------------------------------------------

struct ExpectedRollback {
  std::string cause, metric, verification;
};

struct End {
  WaitFor when;
  std::optional<std::vector<std::string>> phases;
  std::optional<std::vector<std::string>> verified;  // "50"
  std::optional<std::vector<ExpectedRollback>> rollbacks;
  std::optional<std::map<std::string, std::int64_t>> started;
  std::vector<std::string> may_restart;
};

struct Scenario {
  std::string name;  // of its file, without .yaml
  std::string about;
  std::string app = "web";  // name of Deployment, Release and route
  std::vector<Object> objects;
  WaitFor begin;
  std::vector<Event> story;
  Conditions always;
  End end;
  std::vector<std::string> versions;  // image tags that appear in it
  // Touches what other stories of the same world share (a node, the controllers' process): plays by itself.
  bool alone() const;
  bool crashes() const;  // the controllers' process
};

// Reads a file and those that it uses. Invalid with one cause per problem; the message has one line for each:
// "tests/scenario/good.yaml:7:3: story[2].wait: column 8: expected )".
base::Result<Scenario> load(const std::string& path);
// The same for a text; `path` is for messages and for the files it uses.
base::Result<Scenario> parse(const std::string& path, std::string_view text);

}  // namespace slipway::rehearse::scenario
