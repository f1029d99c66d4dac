// One look at a DaemonSet: the pieces of `decide`, which share what was observed. Private to this folder.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "workload/daemonset/decide.h"
#include "workload/daemonset/pods.h"
#include "workload/revisions/history.h"

namespace slipway::workload::daemonset {

class Pass {
 public:
  Pass(const Observation& seen, base::Time now);
  control::Decision run();

 private:
  // A node with the set's pods on it. Pods that have ended and are being deleted are not among them.
  struct Place {
    NodeWish wish;
    bool exists = false;            // the node; pods may outlive it
    std::vector<data::Value> pods;  // the one that counts first: placed before unplaced, then the oldest
  };
  // Pods of a node that are not being deleted, by version.
  struct Versions {
    const data::Value* fresh = nullptr;
    const data::Value* old = nullptr;
    bool clear = true;  // at most one of each
  };
  struct Limits {
    std::int64_t unavailable = 0;
    std::int64_t surge = 0;
  };

  // decide.cpp: a pod on every node that wants one.
  bool claim_objects();
  void fill_places();
  void manage();
  void manage(const std::string& node, const Place& place);
  void tend(const std::string& node, const Place& place);
  bool replace_ended(const std::string& node, const Place& place, const data::Value& pod);
  std::optional<base::Time> held_until(const data::Value& pod) const;
  void thin_out(const std::vector<data::Value>& running);
  void settle_pair(const std::vector<data::Value>& running);
  void want(const std::string& node, std::int64_t attempt = 0);
  void remove(const data::Value& pod);
  void emit();

  // update.cpp
  void update();
  void update_by_deleting(std::int64_t most);
  void update_by_surging(std::int64_t most);
  Versions versions_on(const Place& place) const;
  Limits limits() const;
  std::int64_t desired() const;
  bool allows_surge() const;

  // status.cpp
  void report();
  data::Value status_of();
  void trim_history();

  bool is_available(const data::Value& pod) const;
  bool is_updated(const data::Value& pod) const;
  std::string_view hash() const;
  void wake(base::Time at);
  void note(control::Note::Kind kind, std::string reason, std::string message);

  const Observation& seen_;
  const data::Value& set_;
  base::Time now_;
  base::Duration min_ready_;
  std::vector<data::Value> pods_;
  std::map<std::string, Place> places_;
  revisions::History history_;
  std::vector<std::pair<std::string, std::int64_t>> wanted_;  // nodes that get a pod, and which attempt it is
  std::vector<data::Value> removed_;
  control::Decision out_;
};

}  // namespace slipway::workload::daemonset
