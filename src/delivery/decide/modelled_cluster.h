// A cluster in a few lines for tests of decisions: it carries effects out as the API, the ReplicaSet and Deployment
// controllers, pods, router and analysis would, in steps of virtual time. Test code only; whole worlds over the real
// API server are in rehearse/.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "delivery/begun.h"
#include "delivery/commands.h"
#include "delivery/decide/decide.h"
#include "delivery/state.h"

namespace slipway::delivery {

data::Value json(std::string_view text);

class ModelledCluster {
 public:
  // A settled Deployment `web` of `replicas` pods with image v1, Service and route `web`, and this Release. With a
  // route of another kind than HTTPRoute, `route` and `companion` are what its router reads (traffic/router.h).
  explicit ModelledCluster(data::Value release_spec, std::int64_t replicas = 4, data::Value route = {},
                           data::Value companion = {});

  // --- what users do
  void set_image(const std::string& tag);
  // The template names this ConfigMap, and reads all of it; its content; and it is gone.
  void use_config(const std::string& name, bool optional = false);
  void set_config(const std::string& name, const std::string& mode);
  void delete_config(const std::string& name) { configs_.erase(name); }
  void set_replicas(std::int64_t n) { deployment_.set({"spec", "replicas"}, n); }
  void patch_release(const data::Value& merge_patch);
  void command(Verb verb, const std::string& reason = {});  // by alice
  data::Value policy = {};                                  // the ReleasePolicy; null: none
  void delete_release();
  void write_route(const data::Value& rules);  // as another program does
  void patch_route(const data::Value& merge_patch);
  void delete_set(const std::string& tag);  // the ReplicaSet with its pods
  void forget_revisions() { revisions_.clear(); }
  void delete_deployment();  // with everything that refers to it
  void create_deployment();  // as it was, under a new uid; starts its pods by itself
  // `kubectl rollout resume`: the Deployment makes a ReplicaSet of its template by itself, before anybody can stop it.
  void unpause_and_roll(std::int64_t pods);

  // The annotation by which the Namespace "shop-preview" lets previews in; nullopt: there is no such Namespace.
  std::optional<std::string> lets_in = "shop";
  void occupy_preview();  // somebody else has a Service of the preview's name there

  // --- how the world behaves
  std::function<bool(const std::string& image)> becomes_ready = [](const std::string&) { return true; };
  // The status of a pod that is not ready; null: nothing is wrong with it.
  std::function<data::Value(const std::string& image)> ailment = [](const std::string&) { return data::Value(); };
  // Asked whenever a pod is made: how long it takes until it can become ready.
  std::function<base::Duration()> starts_in = [] { return base::seconds(1); };
  std::function<std::string(const data::Value& run)> verdict = [](const data::Value&) {
    return "Successful";
  };  // phase after 2 s; "" never
  std::function<bool()> crashes = [] { return false; };  // asked at every effect
  bool router_answers = true;
  bool other_router = false;  // programs by itself and says so in the route's status only
  std::int64_t sessions_on_candidate = 0;
  bool requests_keep_coming = false;
  bool counts_answers = true;  // the gateway: 1000 requests for each Service around a switch, 2 of them failed
  std::string router_missing = {};
  plan::CohortSpecs cohorts = {};  // specs of the Cohorts that exist

  // Called with every decision before it is carried out.
  std::function<void(const Observation&, const control::Decision&)> watch = [](const auto&, const auto&) {};

  // One decision, carried out; then `step` of virtual time. False when nothing changed.
  void turn(base::Duration step = base::milliseconds(100));
  bool run_until(const std::function<bool()>& done, int turns = 3000);
  bool reaches(Phase phase, int turns = 3000);

  Observation observe() const;
  State state() const { return read_state(release_["status"]); }
  const data::Value& release() const { return release_; }
  const data::Value& deployment() const { return deployment_; }
  const data::Value& route() const { return is_switched() ? services_.at("web") : route_; }
  const data::Value& companion() const { return companion_; }
  RouteView view() const;  // what the router's objects say
  bool has_service(const std::string& name) const { return services_.contains(name); }
  std::string selected_by(const std::string& service) const;  // tag of the version; empty: of none, or no such Service
  std::int64_t pods_of(const std::string& tag) const;
  std::int64_t preview_pods(const std::string& tag) const;  // in the namespace "shop-preview"
  bool preview_is_clear() const;                            // nothing of it is left there
  const data::Value& preview_service() const;               // null: there is none
  const data::Value& run(const std::string& name) const;    // an AnalysisRun; null: there is none
  std::string owner_of(const std::string& tag) const;       // kind of the controller of the ReplicaSet with this image
  std::int64_t status_writes() const { return status_writes_; }
  std::int64_t writes() const { return writes_; }
  base::Time now() const { return now_; }
  void crash_pod(const std::string& tag);  // restarts one
  // Turns in which the Deployment owned several ReplicaSets with pods, which it would have scaled in proportion.
  std::int64_t turns_in_proportion() const { return turns_in_proportion_; }
  // What is in a ConfigMap; empty: there is none.
  std::string config(const std::string& name) const;
  // Names of the copies of ConfigMaps.
  std::vector<std::string> copies() const;
  // Pods by what is in their ConfigMap `name`; "-": it does not exist, so that none of them would start again.
  std::map<std::string, std::int64_t> pods_reading(const std::string& name) const;
  std::int64_t revisions() const { return static_cast<std::int64_t>(revisions_.size()); }
  std::int64_t sets() const { return static_cast<std::int64_t>(sets_.size()); }
  bool release_is_gone() const { return release_.is_null(); }

 private:
  struct Pod {
    std::string rs;
    base::Time born;
    base::Duration starts_in;
    std::int64_t restarts = 0;
  };
  static std::string key_of(std::string_view space, const std::string& name);  // of services_, of both namespaces
  data::Value* object_of(const api::Resource& resource, const std::string& name, const std::string& space = "shop");
  bool carry_out(const control::Effect& effect);
  bool create(const control::Create& effect);
  bool patch(const control::Patch& effect);
  void bump(data::Value& object);
  void run_deployment();
  void run_replica_sets();
  void run_router();
  void write_route_status();
  void run_analyses();
  bool pod_ready(const Pod& pod) const;
  std::string image_of(const std::string& rs) const;
  std::vector<std::string> sets_owned(std::string_view kind) const;
  std::vector<std::string> newest_owned() const;

  plan::Routing routing() const { return plan::routing_of(as_begun(release_)); }
  bool is_switched() const { return routing().kind == plan::RouterKind::Service; }
  void observe_configs(Observation& o) const;
  void count_ready(const Version& v, Observation& o) const;
  void count_pods(Version& v) const;
  const data::Value& set_of(const Pod& pod) const;
  PreviewSight preview_sight() const;

  data::Value release_, deployment_, route_, companion_, gone_;
  std::map<std::string, data::Value> sets_, services_, runs_, templates_, revisions_, configs_;
  std::map<std::string, AnswerCount> counted_;       // answers of the gateway, by fact
  std::set<std::string> read_;                       // facts about revisions_
  std::map<std::string, data::Value> read_configs_;  // facts about configs_, as they were when they were read
  std::map<std::string, Pod> pods_;
  base::Time now_, status_written_;
  std::int64_t turns_in_proportion_ = 0;
  std::int64_t versions_ = 100, names_ = 0, commands_ = 0, status_writes_ = 0, writes_ = 0, candidate_requests_ = 0,
               answers_ = 0;
  std::optional<ReadBack> fact_;
  std::optional<base::Time> asked_;
  data::Value programmed_;  // the route as the router has it
  std::optional<base::Time> programmed_at_;
};

}  // namespace slipway::delivery
