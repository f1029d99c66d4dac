// What there is to see of a release, computed once from API objects and shown by everything that shows releases: the
// command line,
// `-o json`, later the dashboard and notifications. Pure; the same objects and time give the same view.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "data/value.h"
#include "delivery/plan/plan.h"
#include "delivery/state.h"
#include "view/difference.h"
#include "view/findings.h"

namespace slipway::view {

using base::Time;

// The field manager of a change that a person made with `slipway deploy` begins with this and ends with the person.
inline constexpr std::string_view kPersonManager = "slipway: ";

// What a view is computed from. Absent ones are null or empty.
struct Objects {
  data::Value release;
  data::Value deployment = {};                 // the workload, of whichever kind
  std::vector<data::Value> replica_sets = {};  // of the Deployment and of the Release
  std::vector<data::Value> revisions = {};     // ControllerRevisions of the workload and of the Release
  std::vector<data::Value> pods = {};          // in the namespace; others are ignored
  std::vector<data::Value> runs = {};          // AnalysisRuns of the Release
  std::vector<data::Value> templates = {};     // AnalysisTemplates, to know how long steps last
  std::vector<LogFinding> findings = {};       // in the logs of a version that is rolled back
};

enum class StepState { Done, Current, Waiting, Failed, Skipped };

// What a step is for; where it is for several things, the last of these. Other: weights and the like, or not known.
enum class StepKind { Other, Preview, Wait, Countdown, Approval, Analysis, Switch, Keep };

// What a person asked of the release.
struct CommandView {
  std::optional<Time> at = {};
  std::string verb = {}, by = {}, reason = {};
  std::string tool = {};  // "kubectl set": what is known where it is not known who
  bool operator==(const CommandView&) const = default;
};

// Until the release has ended, as far as its plan says: starts and routers come on top.
struct TimeLeft {
  base::Duration time = {};
  int approvals = 0;     // a person is waited for so many times
  bool complete = true;  // false: there are analyses of whose length nothing is known
  bool operator==(const TimeLeft&) const = default;
};

struct MetricView {
  std::string name;
  std::string unit;   // ratio, seconds, or empty
  std::string limit;  // for people
  std::string phase;  // Running, Successful, Failed ...
  std::optional<double> value, stable;
  std::int64_t samples = 0;
  std::int64_t passed = 0, failed = 0, wanted = 0;
  std::vector<double> series = {};  // last measurements, newest last
  bool operator==(const MetricView&) const = default;
};

struct StepView {
  int number = 0;    // from 1
  std::string text;  // "weight 5 %", "analysis errors, latency", "pause 30s", "approval"
  StepState state = StepState::Waiting;
  std::optional<Time> began = {};
  std::optional<Time> ended = {};
  std::vector<MetricView> metrics = {};
  StepKind kind = StepKind::Other;
  std::optional<base::Duration> length = {};  // as planned; absent: it does not last, or nobody knows
  // Of the current one, what it does now: a batch is pods, traffic, a wait, an analysis and an approval. Absent: what
  // lasts has not begun, is over, or stands still.
  std::optional<Time> since = {}, ends = {};  // `ends` as planned
  std::vector<CommandView> commands = {};     // that were obeyed while it was the current one
  bool operator==(const StepView&) const = default;
};

struct PodView {
  std::string name;
  bool ready = false;
  std::string status;  // "ready", "starting", "stopping", "ImagePullBackOff: no such image"
  std::int64_t restarts = 0;
  base::Duration age{};
  bool operator==(const PodView&) const = default;
};

struct VersionView {
  std::string role;  // stable, candidate, old; of an A/B test: variant NAME; kept: pods of a rejected one, aside
  std::int64_t revision = 0;
  std::string replica_set;  // or the ControllerRevision, where pods are replaced in place
  std::string images;
  std::int64_t ready = 0, wanted = 0;
  std::vector<PodView> pods = {};
  std::optional<Time> until = {};  // kept so long
  bool operator==(const VersionView&) const = default;
};

struct LogEntry {
  Time time;
  std::string rule;
  std::string text;
  data::Value inputs = {};
  bool operator==(const LogEntry&) const = default;
};

struct HistoryEntry {
  std::int64_t revision = 0;
  std::string images, result, cause, message, verification;
  std::string by = {}, reason = {};    // who asked for this end, and why; empty: nobody, or not known
  delivery::ConfigHashes config = {};  // what differs from the entry before it
  std::optional<Time> started = {}, finished = {};
  bool operator==(const HistoryEntry&) const = default;
};

struct ReleaseView {
  std::string name, space, target;
  std::string target_kind = "Deployment";
  std::string strategy;  // canary, blue-green, rolling, gray release, A/B test
  Time now;
  delivery::Phase phase = delivery::Phase::Pending;
  std::string message;
  std::optional<delivery::Revision> stable = {}, candidate = {};
  std::optional<delivery::Rejected> rejected = {};
  std::optional<Time> began = {};  // the release under way
  std::optional<delivery::Waiting> waiting = {};
  std::optional<delivery::Override> overridden = {};  // its windows do not count
  // Who asked for the release under way, as far as known: by a command, or by what the workload says of its last
  // change.
  std::optional<CommandView> asked = {};
  std::optional<TimeLeft> left = {};
  bool takes_promote = false;           // now: a person is waited for, or a time that a person may end
  delivery::SwitchState switched = {};  // of a blue-green release
  bool routed = false;
  double wanted = 0;  // candidate's percent of the traffic
  std::optional<double> verified = {};
  std::string beside = {};                             // "all of staff": what else the candidate gets
  std::vector<delivery::VariantState> variants = {};   // of an A/B test under way
  std::optional<delivery::PreviewState> preview = {};  // in a namespace of its own
  std::string preview_address = {};                    // where testers reach a candidate that nobody else has yet
  std::int64_t stable_requests = -1;                   // beside them; -1: nobody has counted
  std::vector<StepView> steps = {};
  std::vector<MetricView> metrics = {};            // of the analysis under way, or of the last one
  std::vector<VersionView> versions = {};          // candidate first, then stable, then old ones that still have pods
  std::optional<delivery::Retreat> rollback = {};  // under way, or the last one while its revision is held
  std::vector<delivery::Trouble> troubles = {};    // what keeps it from going on, or its versions from being well
  std::vector<Difference> changed = {};            // from the stable version to the one that is rolled back
  std::vector<LogFinding> findings = {};           // what the version that is rolled back wrote, of errors
  std::vector<LogEntry> log = {};
  std::vector<HistoryEntry> history = {};
};

ReleaseView compute(const Objects& objects, Time now);

// A versioned document: {"schema":"slipway.dev/release-view/v1", ...}. Times in RFC 3339 with microseconds, shares in
// percent.
data::Value to_value(const ReleaseView& view);

// How a wait for this release may end (facts: exit codes of the command line).
enum class Outcome { UnderWay, Healthy, WaitsForPerson, EndedBadly, Invalid };
Outcome outcome_of(const ReleaseView& view);

// A metric value for people: "0.21 %", "182 ms", "12.3".
std::string metric_text(double value, std::string_view unit);

}  // namespace slipway::view
