// The status of a Release as a typed value: read from the object, changed by decisions, written back.
//
// `write_state(read_state(s)) == s` for every status that this program wrote. A steady state writes the same Value
// again, which the runner then does not send. All times are wall-clock times with microseconds, so that the transitions
// can be measured.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "data/value.h"
#include "delivery/config.h"
#include "delivery/plan/cohort.h"
#include "delivery/troubles/trouble.h"

namespace slipway::delivery {

using base::Time;

enum class Phase {
  Pending,      // the Deployment is not there, or has not finished its own rollout yet
  Invalid,      // the spec cannot be carried out; message and condition say why
  Idle,         // the stable version is what the Deployment asks for
  Progressing,  // steps are being carried out
  Paused,       // waits for a person: spec.paused, an approval, an analysis without a verdict
  Waiting,      // goes forward by itself when it may: a window, the administrator's stop, its turn (decide/gate.h)
  Keeping,      // all users are on the candidate; the old version keeps its pods for a while
  Promoting,    // the candidate is being handed over to the Deployment
  RollingBack,  // traffic goes back to the stable version
  Verifying,    // traffic is back; proof that it is, and that the stable version is well
  RolledBack,   // a rejected revision is held until the template changes
};
std::string_view to_text(Phase phase);

// Why a release turned back.
enum class Cause {
  AnalysisFailed,
  AnalysisInconclusive,
  Restarts,
  ProbeFailures,
  Deadline,
  HookFailed,
  Stuck,  // a trouble that the guards do not bear (troubles/trouble.h)
  Aborted,
  Superseded,
  Reverted,
  Deleted
};
std::string_view to_text(Cause cause);
// The revision is to blame (or a person said so): it is held as rejected.
bool rejects(Cause cause);

struct Revision {
  std::int64_t number = 0;
  std::string hash = {};           // label pod-template-hash of its ReplicaSet
  std::string template_hash = {};  // identity of the template when the ReplicaSet is gone
  std::string images = {};         // "web=shop/web:v2"
  std::optional<Time> started_at = {};
  ConfigHashes config = {};  // the copies of ConfigMaps that its template names; empty: none, or those of the user
  bool operator==(const Revision&) const = default;
};
// What people recognise it by: "web=shop/web:v2, web-config@1f2e3d4c".
std::string to_text(const Revision& revision);

struct Rejected : Revision {
  std::string cause = {};
  std::string message = {};
  std::optional<Time> at = {};
  bool restored = false;  // the workload had to be given the stable version's template: it asks for this one no more
  bool operator==(const Rejected&) const = default;
};

// Where the plan stands.
struct Position {
  std::string plan = {};           // plan::fingerprint
  std::int64_t index = 0;          // into plan.steps
  std::optional<Time> since = {};  // when this step began (or went on after a pause)
  std::int64_t attempt = 0;        // counts starts and repeated analyses; part of the names of AnalysisRuns
  bool full = false;               // a person asked to skip waits, approvals and analyses
  bool handed_over = false;        // the candidate belongs to the Deployment: no way back by traffic
  bool fast = false;               // back to a version of the rollback window, by plan::without_steps
  std::int64_t back_to = -1;       // a person went back to this step; what follows waits for a person. -1: nobody did
  std::optional<Time> measured_from = {};  // answers given before are no evidence: the release began, or was retried
  bool operator==(const Position&) const = default;
};

struct TrafficState {
  std::int64_t wanted = 0;      // candidate's share, in hundredths of a percent
  std::string rules = {};       // plan::rules_of what is wanted beside it
  std::int64_t verified = -1;   // as read back from the router; -1: never
  std::int64_t generation = 0;  // of the route at the read-back
  std::optional<Time> verified_at = {};
  std::int64_t reached = -1;  // the share of the last traffic step that is done; kept until the next one; -1: none
  std::vector<plan::Grant> given = {};    // the cohorts that have been let in by the last traffic step that is done
  std::optional<Time> disturbed_at = {};  // since when the route does not show `reached`, or cannot
  std::int64_t taken = 0;                 // times that somebody else changed the route under way
  std::optional<Time> taken_at = {};      // the last of them
  // Of an A/B test: requests that the router has counted for the stable version since the test began, and before.
  // -1: it does not count, or not yet.
  std::int64_t stable_requests = -1, stable_requests_before = -1;
  bool operator==(const TrafficState&) const = default;
};

// The moment in a blue-green release when all users change to the candidate, and what it cost them.
struct SwitchState {
  std::optional<Time> written_at = {};   // the first write of the route that says so
  std::optional<Time> verified_at = {};  // the router shows it
  // What the router has counted of both versions in the time `counted_for` until `counted_at`, the switch in it. -1: it
  // does not count, or not yet.
  std::optional<Time> counted_at = {};
  base::Duration counted_for = {};
  std::int64_t requests = -1, failed = -1;
  bool operator==(const SwitchState&) const = default;
};

// Since when the router's objects stand as they are. Kept only for routers that do not tell what they do.
struct Standing {
  std::int64_t generation = 0;  // RouteView::generation
  std::optional<Time> since = {};
  bool operator==(const Standing&) const = default;
};

struct Replicas {
  std::int64_t stable = 0, stable_ready = 0;
  std::int64_t candidate = 0, candidate_ready = 0;
  bool operator==(const Replicas&) const = default;
};

// A failure that a person has to answer.
struct Halt {
  Cause cause = Cause::AnalysisFailed;
  std::string message = {};
  std::string metric = {};
  std::optional<Time> at = {};
  bool operator==(const Halt&) const = default;
};

// The candidate's environment in another namespace, as long as there may be something of it.
struct PreviewState {
  std::string space = {}, service = {};
  std::int64_t replicas = 0, ready = 0;
  bool operator==(const PreviewState&) const = default;
};

struct GuardState {
  std::int64_t restarts = 0;
  std::int64_t lost_readiness = 0;      // times a candidate pod that was ready stopped being so
  std::int64_t pods = 0, ready = 0;     // of the candidate, when last looked
  std::int64_t overruled_restarts = 0;  // of `restarts`: a person went on in spite of them
  bool operator==(const GuardState&) const = default;
};

enum class CheckState { Pending, Passed, Failed, TimedOut, Skipped };
std::string_view to_text(CheckState state);

struct Check {
  std::string name;  // traffic, requests, sessions, replicas, route, metrics, hook NAME
  CheckState state = CheckState::Pending;
  std::string message = {};
  bool operator==(const Check&) const = default;
};

struct Verification {
  CheckState state = CheckState::Pending;
  std::optional<Time> started_at = {};
  std::optional<Time> finished_at = {};
  std::vector<Check> checks = {};
  bool operator==(const Verification&) const = default;
  Check& check(std::string_view name);  // made when absent
};

// Requests of one kind that a version has failed, as our gateway has counted.
struct FailedRequests {
  std::string method = {}, path = {};  // of the path what tells one thing from another is "*"; none: of various kinds
  std::int64_t status = 0;
  std::int64_t count = 0;
  std::optional<Time> first_at = {};
  std::string first_on = {};  // the pod; empty: the gateway answered, as no pod could
  bool operator==(const FailedRequests&) const = default;
};

// A way back, under way or, as `last_rollback`, done.
struct Retreat {
  Cause cause = Cause::Aborted;
  std::string message = {};
  std::string metric = {};    // that failed, with its template's run: "errors/error-rate"
  data::Value evidence = {};  // measurements of the failed analysis, newest last
  Revision from = {};
  int user_step = -1;
  std::int64_t share = 0;               // of the candidate when it began
  std::optional<Time> failing_at = {};  // the measurement that broke the limit
  Time started_at = {};
  std::optional<Time> traffic_zero_at = {};  // read-back shows nothing for the candidate
  std::optional<Time> drained_at = {};       // no session left and no new request between two read-backs
  std::int64_t requests = -1;                // candidate's counter at the first read-back after zero
  std::optional<Time> requests_at = {};
  std::optional<Time> restored_at = {};  // the workload was given the stable version's template (in_place.h)
  std::optional<Time> kept_at = {};      // it was settled which pods are kept
  // What the router has counted of the candidate's answers in the time `counted_for` until `counted_at`
  // (decide/damage.h). -1: it does not count, or not yet.
  std::optional<Time> counted_at = {};
  base::Duration counted_for = {};
  std::int64_t served = -1, failed = -1;
  std::vector<FailedRequests> failures = {};  // the most frequent kinds, those first
  std::int64_t failures_told = 0;             // of all kinds together: the newest failures, 1,000 of a gateway at most
  Verification verification = {};
  bool operator==(const Retreat&) const = default;
};

// A pod of a rejected version that is kept for people to look at (decide/keep_pods.h).
struct KeptPod {
  std::string name = {}, uid = {};
  std::int64_t revision = 0;
  std::optional<Time> until = {};  // unset while it is being taken aside
  bool operator==(const KeptPod&) const = default;
};

// A version of an A/B test under way.
struct VariantState : Revision {
  std::string name = {}, service = {};
  std::string identity = {};  // plan::Variant::identity
  GuardState guard = {};
  std::int64_t share = 0;  // of everybody's requests, in hundredths of a percent
  std::int64_t replicas = 0, ready = 0;
  std::int64_t requests = -1;  // that the router has counted since the test began; -1: it does not, or not yet
  std::optional<Time> stopped_at = {};
  std::string cause = {}, message = {};  // why
  std::int64_t requests_before = -1;     // that it had counted for this Service before; -1: not asked yet
  bool operator==(const VariantState&) const = default;
};

struct CommandRecord {
  std::string id = {}, verb = {}, by = {}, reason = {}, result = {};
  std::optional<Time> at = {};
  bool operator==(const CommandRecord&) const = default;
};

// What is asked for, and since when without a change.
struct Asking {
  std::string identity = {};
  std::optional<Time> since = {};
  bool operator==(const Asking&) const = default;
};

// Why a release may not go forward now.
enum class WaitReason {
  None,
  Window,        // of the Release
  PolicyWindow,  // of the ReleasePolicy
  Stop,          // of the ReleasePolicy
  Place,         // its turn has not come
};
std::string_view to_text(WaitReason reason);

// Empty unless the phase is Waiting.
struct Waiting {
  WaitReason reason = WaitReason::None;
  std::string window = {};
  std::optional<Time> until = {};
  bool operator==(const Waiting&) const = default;
};

// A person lets this release go forward outside of the Release's windows.
struct Override {
  std::string by = {}, reason = {};
  std::optional<Time> at = {};
  bool operator==(const Override&) const = default;
};

// A claim to a place among the releases under way (places/places.h). It stands while the Release waits for a place or
// has a candidate; the number grows with each new claim, so an old one can never be taken for it.
struct Ticket {
  std::int64_t number = 0;
  std::optional<Time> since = {};  // when the release first wanted to begin; unset once nothing waits to
  bool operator==(const Ticket&) const = default;
};

struct AnalysisSummary {
  std::string run = {};
  std::int64_t user_step = -1;  // -1: background
  std::string phase = {};
  std::string variant = {};  // of an A/B test; empty: none
  data::Value metrics = {};  // [{name, value, stable, samples, stableSamples, limit, passed, failed, phase}]
  bool operator==(const AnalysisSummary&) const = default;
};

struct State {
  std::int64_t observed_generation = 0;
  Phase phase = Phase::Pending;
  std::string message = {};
  std::optional<Revision> stable = {};
  std::optional<Revision> candidate = {};
  std::vector<VariantState> variants = {};  // of an A/B test, the candidate among them
  std::optional<Rejected> rejected = {};
  Asking asking = {};  // where ConfigMaps are versioned, or nothing takes a release back: what waits to begin
  Position position = {};
  int user_step = -1, user_steps = 0;  // for people; -1: before the first
  // The steps of the release under way, or of the last one, in words: the spec may say something else by now.
  std::vector<std::string> step_names = {};
  TrafficState traffic = {};
  SwitchState switched = {};
  data::Value begun = {};    // by what the release under way goes (begun.h); null: none is
  data::Value cohorts = {};  // specs of the Cohorts of the release under way, by name, as they were when it began
  Standing standing = {};
  Replicas replicas = {};
  std::optional<PreviewState> preview = {};
  GuardState guard = {};
  std::vector<Trouble> troubles = {};
  std::vector<AnalysisSummary> analysis = {};
  std::optional<Halt> halt = {};
  std::optional<Retreat> retreat = {};
  std::optional<Retreat> last_rollback = {};
  std::vector<KeptPod> kept_pods = {};
  CommandRecord command = {};
  Waiting waiting = {};
  Override override_windows = {};
  Ticket ticket = {};
  std::int64_t collisions = 0;
  data::Value history = {};  // newest first, bounded by spec.revisionHistoryLimit
  data::Value log = {};      // decisions, newest last, bounded
  data::Value events = {};   // what Notifications tell (notify/happenings.h), newest last, bounded
  data::Value conditions = {};
  bool operator==(const State&) const = default;
};

State read_state(const data::Value& status);
FailedRequests read_failed_requests(const data::Value& v);
data::Value write_state(const State& state);

// The highest number of a revision that the status tells of; 0: none.
std::int64_t newest_number(const State& state);

// Does its ticket stand?
bool claims_place(const State& state);

// A stable form of a time for the status.
std::string stamp(Time t);

}  // namespace slipway::delivery
