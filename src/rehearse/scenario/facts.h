// What a story can see of its world: current objects of its namespace, and the names that expressions use.
//
//   deployment, release, route      the objects named like the story's app; nil when absent
//   workload                        the app's StatefulSet or DaemonSet where there is one, and else its Deployment
//   releases, replicasets, services, runs (AnalysisRuns)   objects by name
//   weights.web                     percent of the route's requests that a Service is given
//                                   names lose "APP-" in front: services.stable, weights.canary
//   running.v1, ready.v1            pods of a version that are not being deleted, and those of them that are ready
//   started.v1                      pods of a version that were ever made (recorder.h)
//   pods.running, pods.ready        the same of all versions together
//   preview.ready.v2, preview.running.v2, preview.services, preview.replicasets
//                                   the same of the namespace "$SPACE-preview"
//   restarts.v1                     restarts of their containers
//   owner.v1                        who scales the ReplicaSet of a version: "Deployment web", "held by Release web",
//                                   "nobody", "" when there is none
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "client/cache.h"
#include "rehearse/scenario/scenario.h"
#include "rehearse/scenario/stage.h"

namespace slipway::rehearse::scenario {

// Caches of the kinds that matter; one for all stories of a world.
class Observer {
 public:
  // After each change in a namespace, with the cache as it is then.
  using Listener = std::function<void(const api::Resource&, const data::Value& before, const data::Value& after)>;

  explicit Observer(Stage& stage);
  void start();
  bool synced() const;
  const client::Cache& of(const api::Resource& resource) const { return *caches_.at(resource); }
  // Until `forget`; one listener for each namespace.
  void follow(const std::string& space, Listener listener) { listeners_[space] = std::move(listener); }
  void forget(const std::string& space) { listeners_.erase(space); }

 private:
  std::map<api::Resource, std::unique_ptr<client::Cache>> caches_;
  std::map<std::string, Listener> listeners_;
};

// The kind of the story's workload: StatefulSet or DaemonSet where there is one of the app's name, and else Deployment.
const api::Resource& workload_of(const Observer& observer, const std::string& space, const std::string& app);

// Where a story's previews are, where it has some: "$SPACE-preview" in its objects.
std::string preview_of(const std::string& space);

// The names of all facts, for checking what expressions read.
bool is_fact(const std::string& name);

// The variables of expressions. Every version in `versions` has a number, even when nothing of it is there.
data::Value facts(const Observer& observer, const std::string& space, const std::string& app,
                  const std::vector<std::string>& versions);

// "v2": the part of the first container's image behind the colon.
std::string version_of(const data::Value& pod_or_template);
// "Deployment web", "held by Release web", "nobody"
std::string owner_text(const data::Value& replica_set);
// Percent of a route's requests by Service, of its first rule.
data::Value weights_of(const data::Value& route, const std::string& app);

}  // namespace slipway::rehearse::scenario
