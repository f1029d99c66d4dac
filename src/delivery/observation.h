// What a decision about a Release looks at: immutable, gathered once per decision from the caches of one turn.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "control/controller.h"
#include "data/value.h"
#include "delivery/config.h"
#include "delivery/plan/plan.h"
#include "delivery/route.h"
#include "delivery/state.h"
#include "delivery/traffic/router.h"

namespace slipway::delivery {

// Deployment: its controller reference. Release: no controller, and the Release's label.
enum class Owner { Nobody, Deployment, Release, Other };

// One version with its pods counted: a ReplicaSet, or a ControllerRevision of a workload that has one set of pods.
struct Version {
  data::Value rs;
  std::string name;
  std::string hash;
  Owner owner = Owner::Nobody;
  std::int64_t spec = 0;       // replicas asked for
  std::int64_t pods = 0;       // active pods
  std::int64_t ready = 0;      // active and ready
  std::int64_t available = 0;  // can take traffic: as the ReplicaSet controller says, and no more than are ready now
  std::int64_t unseen = 0;     // changes of its spec that `available` does not know of yet
  std::int64_t remaining = 0;  // pods that still exist, also those that are being deleted
  std::int64_t restarts = 0;
  std::vector<data::Value> ailing = {};  // active pods that are not ready, or were killed for want of memory; by name

  // Of a ReplicaSet: available pods that are there to stay. Turned around in the middle, a version that was just to
  // shrink grows again: as long as its controller does not know of that, pods that are on their way out may be among
  // those that the status counts.
  std::int64_t staying() const { return unseen > 0 ? 0 : std::min(available, spec); }
};

// One pod of a workload whose pods are replaced in place (plan/workload.h), while it exists and has not ended.
struct PlacedPod {
  std::string name, uid;
  std::string hash;           // its version
  std::int64_t ordinal = -1;  // of a StatefulSet, counted from spec.ordinals.start
  bool stopping = false;
  bool available = false;                       // ready for minReadySeconds
  std::optional<base::Time> available_at = {};  // when it will be if it stays ready
};

// Adds it, unless it has ended; `available` is left to the caller.
void count_pod(Version& version, const data::Value& pod);
// A ReplicaSet with its pods counted; its owner is left to the caller.
Version version_of_set(const data::Value& replica_set, const std::vector<data::Value>& pods);

// A ControllerRevision of this Release. Its template is read on demand.
struct KeptRevision {
  data::Value object;             // without its data
  data::Value pod_template = {};  // of its ReplicaSet; null: not asked for, or no answer yet
  data::Value config = {};        // read with it: of each ConfigMap its hash and its content
  bool pending = false;
  std::optional<base::Time> failed_at = {};  // it could not be read
};

// What there is in the namespace of a preview, and whether it may be there (observe_preview.h).
struct PreviewSight {
  std::string refusal = {};                // why pods may not be made there; empty: they may
  bool visible = true;                     // false: these controllers do not look there
  std::vector<Version> versions = {};      // the ReplicaSets of previews of this Release
  std::vector<data::Value> services = {};  // their Services
  data::Value taken = {};                  // a Service of the preview's name that is not its own
  std::int64_t remaining = 0;              // their pods, as long as they exist
};

// Where values can come from in this cluster, beside a Prometheus whose address a template names.
struct MetricSources {
  bool gateway = true;                                 // the built-in gateway carries the traffic and counts it
  bool own_prometheus = true;                          // a Prometheus that is asked when no address is given
  std::optional<std::set<std::string>> programs = {};  // that provider process can name; nullopt: not known here
  bool operator==(const MetricSources&) const = default;
};

// Events of type Warning about one object, as they were read (observe_troubles.h).
struct Warnings {
  std::string uid = {};     // of the object; empty: there are none
  data::Value events = {};  // the newest last
  std::optional<base::Time> answered = {};
  bool pending = false;
};

// A ConfigMap of the user's that templates of a Release name.
struct LiveConfig {
  std::string hash = {};  // of its content; empty: it does not exist
  data::Value read = {};  // the object with its content; null: not asked for, or no answer yet
  bool pending = false;
  std::optional<base::Time> failed_at = {};  // it could not be read
};

// ConfigMaps as parts of versions (config.h); empty unless the Release has them versioned.
struct ConfigSight {
  bool versioned = false;
  std::map<std::string, LiveConfig> live = {};     // by name
  std::map<std::string, data::Value> copies = {};  // that this Release has made, by name, also where it makes no more
  ConfigHashes asked = {};                         // what the workload's template names, with what is in it now
  data::Value asked_template = {};                 // that template with the names of the copies
  std::string missing = {};                        // why nobody can say what is asked for; empty when one can
};

// What the gateway has counted of a Service's answers in some time (decide/answers.h).
struct AnswerCount {
  bool pending = false, answered = false;
  std::int64_t requests = -1, failed = -1;    // -1: the answer does not say
  std::vector<FailedRequests> failures = {};  // what failed, where that was asked for
};

struct Observation {
  data::Value release;          // with the traffic by which its release under way has begun (begun.h)
  bool traffic_edited = false;  // the spec says something else
  data::Value workload;         // that is released, of kind `kind`; null: absent
  plan::WorkloadKind kind = plan::WorkloadKind::Deployment;
  ConfigSight config = {};
  std::string rival = {};              // a Release that has the same workload already, or was made before; empty: none
  std::string workload_missing = {};   // why the cluster has no such kind; empty when it has
  data::Value policy = {};             // the ReleasePolicy of the cluster; null: none, or it may not be read here
  std::vector<Version> versions;       // of this workload, in name order: owned by it, held by the Release, or orphaned
  std::vector<PlacedPod> placed = {};  // pods that are replaced in place, by ordinal and name
  data::Value route = {};              // what spec.traffic names
  data::Value companion = {};          // of the router (traffic/router.h)
  data::Value service = {};            // the user's, the one that the Release splits
  data::Value stable_service = {};
  data::Value canary_service = {};
  std::vector<data::Value> made_services = {};               // by this Release, whatever its spec calls them by now
  std::vector<data::Value> variant_services = {};            // of an A/B test, in the order of Routing::variants
  std::map<std::string, std::int64_t> ready_endpoints = {};  // by Service name
  std::map<std::string, std::int64_t> ready_by_hash = {};    // of the user's Service, where its router goes by that
  std::string router_missing = {};                           // why the cluster has no such router; empty when it has
  // AnalysisTemplates, and ClusterAnalysisTemplates, that the spec names, as far as they exist.
  std::map<std::string, data::Value> templates = {};
  // Why one that does not exist is not there, where there is more to say; by name.
  std::map<std::string, std::string> template_missing = {};
  plan::CohortSpecs cohorts = {};                     // that the spec names, as far as they exist
  std::vector<data::Value> runs = {};                 // AnalysisRuns of this Release
  std::map<std::string, KeptRevision> kept = {};      // what its versions were, by hash
  std::map<std::string, PreviewSight> previews = {};  // by namespace: the spec's, and the status's
  std::optional<ReadBack> traffic = {};               // newest answer of the router
  bool traffic_pending = false;
  // By uid: pods that status.keptPods names and that are there, and those aside that belong to the Release.
  std::map<std::string, data::Value> kept_pods = {};
  std::vector<data::Value> retreating = {};  // active pods of a version on its way back, where some are kept
  std::optional<Warnings> warnings = {};     // what was asked for last
  std::map<std::string, AnswerCount> answer_counts = {};  // by id of the fact, as far as they are asked for
  MetricSources sources = {};
  std::set<std::string, std::less<>> told = {};  // the happenings that a Notification asks for (notify/happenings.h)
  // Why the API did not take what was decided last, when trying again will not help: somebody must mend it.
  std::optional<base::Error> refused = {};

  const Version* find(std::string_view hash) const;
  // Of a workload whose pods are replaced in place: the version that its template is; null while its controller has not
  // written it down.
  const Version* asked() const;
  // The pod template that is asked for: the workload's own, or the same with copies of its ConfigMaps. Null: nobody
  // can say, since it names a ConfigMap that there is not.
  const data::Value& asked_template() const;
  const data::Value& run(std::string_view name) const;  // null when absent
  std::int64_t replicas() const;                        // pods that the workload asks for
  bool in_place() const { return plan::is_in_place(kind); }
  RouterObjects objects() const;
};

// The ids under which the router's answer, a kept revision, what was counted around a switch and of a version that has
// turned back, and what is in a ConfigMap are recorded.
std::string traffic_fact(const data::Value& release);
std::string revision_fact(const data::Value& release, std::string_view hash);
std::string switch_fact(const data::Value& release, std::string_view service);
std::string damage_fact(const data::Value& release, std::string_view service);
std::string config_fact(const data::Value& release, std::string_view config_map);

// Why there can be no objects of this kind; empty when there can be.
std::string absence_of(const control::World& world, const api::Resource& kind);

Observation observe(const control::World& world, const data::Value& release, base::Time now);

}  // namespace slipway::delivery
