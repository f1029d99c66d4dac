// One look at a StatefulSet: the pieces of `decide`, which share what was observed. Private to this folder.
#pragma once

#include <map>
#include <string>

#include "workload/revisions/history.h"
#include "workload/statefulset/decide.h"

namespace slipway::workload::statefulset {

class Pass {
 public:
  Pass(const Observation& seen, base::Time now);
  control::Decision run();

 private:
  // What a part of a pass says: the next may begin, or this was all for now.
  enum class Then { GoOn, Stop };

  // decide.cpp: pods made, kept and removed. Scaling comes before updating.
  void claim_pods();
  Then claim_revisions();
  void manage();
  Then keep_replicas();
  Then keep(std::int64_t ordinal, const data::Value& pod);
  Then remove_condemned();
  Then condemn(std::int64_t ordinal, const data::Value& pod);
  void create(std::int64_t ordinal);
  void remove(const data::Value& pod);
  void label(const data::Value& pod, data::Value labels);
  bool gets_current_revision(std::int64_t ordinal) const;

  // claims.cpp: the pods' volumes.
  bool make_claims(std::int64_t ordinal);
  bool is_of_lost_pod(const data::Value& claim, std::int64_t ordinal) const;
  void own_claims(std::int64_t ordinal, const data::Value& pod, bool condemned);

  // update.cpp: old pods that have to go.
  void update();
  void update_one_by_one(std::int64_t lowest);
  void update_several(std::int64_t lowest, std::int64_t most);
  bool replace_if_old(const data::Value& pod);

  // status.cpp
  void count();
  void report();
  data::Value status_of() const;
  bool is_old_news(const data::Value& status) const;
  void trim_history();

  // Facts about pods.
  bool is_running_and_ready(const data::Value& pod) const;
  bool is_available(const data::Value& pod) const;
  bool is_unavailable(const data::Value& pod) const;
  const data::Value& at(std::int64_t ordinal) const;  // null: no such pod
  bool is_going(const data::Value& pod) const;        // being deleted, or deleted by this pass
  std::int64_t first() const { return set_["spec"]["ordinals"]["start"].as_int(); }
  std::int64_t end() const { return first() + wanted_; }  // one past the last
  std::string first_unavailable() const;                  // name of the pod; a missing one counts
  bool shows_failure() const;
  void note(std::string reason, std::string message);
  void reason(std::string rule, std::string text);

  const Observation& seen_;
  const data::Value& set_;
  base::Time now_;
  base::Duration min_ready_;
  std::int64_t wanted_;
  bool one_by_one_;
  std::map<std::int64_t, data::Value> pods_;  // by ordinal
  std::size_t created_ = 0;
  std::vector<std::string> removed_;  // names
  revisions::History history_;
  data::Value current_;  // the ControllerRevision that pods had before an update
  std::int64_t replicas_ = 0, ready_ = 0, available_ = 0, current_replicas_ = 0, updated_replicas_ = 0;
  control::Decision out_;
};

}  // namespace slipway::workload::statefulset
