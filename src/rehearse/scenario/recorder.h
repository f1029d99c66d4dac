// Turns the changes of a story's objects into its Outcome.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "base/time.h"
#include "rehearse/scenario/facts.h"
#include "rehearse/scenario/outcome.h"

namespace slipway::rehearse::scenario {

class Recorder {
 public:
  explicit Recorder(std::string app) : app_(std::move(app)) {}

  // The story begins: what led there is forgotten, all but the last step of each track.
  void begin();
  void changed(const api::Resource& resource, const data::Value& before, const data::Value& after);
  // In the namespace of its previews.
  void changed_in_preview(const api::Resource& resource, const data::Value& object);
  // Changes by object, "pods/web-1", since `forget_changes`.
  const std::map<std::string, std::int64_t>& changes() const { return changes_; }
  void forget_changes() { changes_.clear(); }

  // Pods that were ever made, by version; a number for each of `versions`.
  data::Value started(const std::vector<std::string>& versions) const;

  // With the state of the end.
  Outcome finish(const Observer& observer, const std::string& space);
  Outcome& outcome() { return outcome_; }

 private:
  void see_release(const data::Value& before, const data::Value& after);
  void see_retreat(const data::Value& was, const data::Value& is);
  void see_owner(const data::Value& replica_set, const std::string& owner);
  void see_pod(const data::Value& pod);
  std::string without_names(std::string text) const;
  void add(const std::string& track, std::string step);
  void describe_pods();
  void describe_end(const Observer& observer, const std::string& space);

  std::string app_;
  Outcome outcome_;
  std::map<std::string, std::pair<std::string, std::int64_t>> pods_;  // version and restarts, by uid
  std::map<std::string, std::set<std::string>> kept_;                 // pods kept aside after a rollback, by version
  std::map<std::string, std::string> versions_;                       // of ReplicaSets, by name
  std::map<std::string, std::int64_t> changes_;
};

}  // namespace slipway::rehearse::scenario
