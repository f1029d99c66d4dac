// All that is known of one pod on this node, as plain data: what has been asked of the runtime, what it answered, and
// when.
//
// The agent notes answers with the functions below; `decide` (decide.h) turns a record into the next one with actions
// and status. Specification: "Pod Lifecycle", "Container probes", "Container lifecycle hooks" in the Kubernetes
// documentation.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/time.h"
#include "data/value.h"
#include "node/pod_runtime.h"

namespace slipway::node::lifecycle {

struct Clock {
  base::Time now;
  base::MonoTime mono;
};

enum class ProbeKind { Startup, Liveness, Readiness };

struct ProbeRecord {
  base::MonoTime next = {};  // when to ask again
  bool asking = false;
  int successes = 0, failures = 0;  // in a row
  int eager = 0;                    // attempts within the first period that were not counted
  base::MonoTime eager_until = {};
  bool operator==(const ProbeRecord&) const = default;
};

struct ContainerRecord {
  enum class Phase { Waiting, Starting, Running, Ended };
  enum class Stop { No, Hook, Terminated, Killed };

  Phase phase = Phase::Waiting;
  std::int64_t attempt = 0;                       // of the current or next run: the restart count
  ContainerState current = {};                    // when Running or Ended
  std::string end_reason = {}, end_message = {};  // of `current`, when they do not follow from its exit
  std::optional<data::Value> last = {};           // lastState.terminated of the run before
  std::string waiting_reason = "ContainerCreating", waiting_message = {};
  base::MonoTime start_at = {};  // not to be started before
  base::MonoTime running_since = {}, ended_at = {};
  base::Duration backoff{0};  // before the next restart; zero: at once
  int failed_starts = 0;
  std::string image = {}, image_id = {};

  bool post_start_due = false, post_start_asking = false, post_start_failed = false;
  bool started = false, ready = false;
  std::map<ProbeKind, ProbeRecord> probes = {};

  Stop stop = Stop::No;
  bool stop_asked = false;  // for a reason of its own (a probe), not because the pod ends
  base::Duration stop_grace{0};
  bool hook_done = false;
  base::MonoTime kill_at = {};
  bool kill_extended = false;  // preStop ate the grace period: SIGTERM still gets a moment
  bool operator==(const ContainerRecord&) const = default;
};

struct PodRecord {
  enum class End { No, Draining, Stopping, Removing, Deleting };

  std::string ip = {};
  bool preparing = false, prepared = false;  // sandbox and volumes
  std::string prepare_reason = {}, prepare_message = {};
  base::MonoTime prepare_at = {};
  int failed_prepares = 0;
  std::optional<base::Time> start_time = {};
  std::map<std::string, ContainerRecord> containers = {};  // init containers, too: names are unique in a pod

  End end = End::No;
  bool drained = false, removed = false, gone = false;  // gone: deleted by force, nothing may be asked of the API
  base::MonoTime drain_until = {}, kill_at = {};
  std::string failed_reason = {}, failed_message = {};  // the pod as a whole: DeadlineExceeded ...

  data::Value status = {};  // as last computed
  bool operator==(const PodRecord&) const = default;
};

// --- what the agent notes --------------------------------------------------------------------------------------------

void note_prepared(PodRecord& record);
void note_prepare_failed(PodRecord& record, std::string reason, std::string message, const Clock& clock);
void note_started(PodRecord& record, const ContainerState& state, const Image& image, bool has_post_start,
                  const Clock& clock);
// It could not even be tried (no image, no such ConfigMap): tried again later without counting as a restart.
void note_not_startable(PodRecord& record, const std::string& container, std::string reason, std::string message,
                        const Clock& clock);
// The runtime tried and failed: counts as a run that ended with 128.
void note_start_failed(PodRecord& record, const ContainerKey& key, std::string message, const Clock& clock);
void note_ended(PodRecord& record, const ContainerState& state, const Clock& clock);
void note_check(PodRecord& record, const data::Value& pod, const ContainerKey& key, ProbeKind kind,
                const CheckResult& result, const Clock& clock);
void note_post_start(PodRecord& record, const ContainerKey& key, bool ok);
void note_pre_stop(PodRecord& record, const ContainerKey& key);

// A record for a pod that an earlier agent may have started: from its status and from what the runtime still has.
// Running containers go on, no restart is counted; readiness stays as it was until a probe says otherwise.
PodRecord adopt(const data::Value& pod, const std::vector<ContainerState>& found, bool sandbox_exists,
                const Clock& clock);

}  // namespace slipway::node::lifecycle
