// One pass over a Deployment: its ReplicaSets with the sizes they shall get, collected into a decision. Private to
// decide.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "control/decision.h"
#include "workload/deployment/conditions.h"
#include "workload/deployment/decide.h"
#include "workload/deployment/rollout.h"

namespace slipway::workload::deployment {

// A ReplicaSet of the Deployment.
struct Set {
  data::Value object;       // as observed; as it will be created when `planned`
  std::int64_t size = 0;    // spec.replicas as it shall be
  bool planned = false;     // does not exist yet
  bool resized = false;     // set by `resize`: its annotations are refreshed even if the number stays
  data::Value change = {};  // merge patch beyond the size

  std::int64_t observed_size() const;
  // None is available for sure when the size has changed since the status was written: pods that were on their way out
  // when it was smaller may be among those that the status still counts. Nor are these unhealthy.
  Load load() const;
  std::int64_t available() const;
  std::string name() const;
};

class Pass {
 public:
  Pass(const Observation& seen, base::Time now);
  control::Decision run();

 private:
  // The parts, in the order in which they are done.
  bool claim_sets();
  void split_sets();
  void note_pausing();
  bool is_scaling() const;
  void scale();
  void scale_in_proportion();
  void roll();
  void recreate();
  bool grow_new();
  bool shrink_old();
  bool old_pods_are_left() const;
  void trim_history();

  // The current template's set.
  void sync_new_set(bool create);
  void update_new_set();
  void plan_new_set();
  void sync_revision();

  // Status.
  bool has_deadline() const;
  void judge_progress(const data::Value& status);
  bool is_complete(const data::Value& status) const;
  bool has_progressed(const data::Value& status) const;
  bool is_untold(const data::Value& progressing) const;
  bool has_timed_out() const;
  void copy_replica_failure();
  void judge_availability(std::int64_t available);
  data::Value numbers() const;
  void finish(bool with_progress);

  // Effects.
  void resize(Set& set, std::int64_t size);
  void emit_set(const Set& set);
  data::Value size_annotations() const;
  void say(control::Note::Kind kind, std::string reason, std::string message);
  void reason(std::string rule, std::string text);

  std::vector<Set*> active();
  std::vector<Load> old_loads() const;
  Load new_load() const;
  std::int64_t total() const;
  std::string new_name() const { return new_ ? new_->name() : std::string(); }

  const Observation& seen_;
  const data::Value& deployment_;
  base::Time now_;
  std::int64_t desired_;
  Fenceposts posts_;
  std::vector<Set> old_;  // oldest first
  std::optional<Set> new_;
  data::Value conditions_;
  data::Value collisions_;
  control::Decision out_;
};

}  // namespace slipway::workload::deployment
