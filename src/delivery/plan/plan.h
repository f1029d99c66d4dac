// The release plan: what a Release means, as a list of steps that can be printed, compared and checked without a
// cluster.
//
// Compilers (compile.h) turn API objects into a plan and refuse what cannot work; decide/ walks it. A step is a
// variant: a new alternative does not compile until every consumer handles it (use `visit_step`).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/windows.h"
#include "base/time.h"
#include "data/value.h"
#include "delivery/plan/audience.h"
#include "delivery/plan/capabilities.h"
#include "delivery/plan/cohort.h"
#include "delivery/plan/share.h"
#include "delivery/plan/workload.h"
#include "delivery/troubles/trouble.h"

namespace slipway::delivery::plan {

struct Arg {
  std::string name;
  std::string value;
  bool operator==(const Arg&) const = default;
};

// Which AnalysisTemplates to run, flattened into one AnalysisRun.
struct Analysis {
  std::vector<std::string> templates;
  std::vector<Arg> args = {};
  std::string audience = {};  // whose requests are measured, where the router counts by audience; empty: all
  bool operator==(const Analysis&) const = default;
};

// --- steps ------------------------------------------------------------------------------------------------

// Bring the candidate to its part of the replicas (rounded up, at least one when the part is not zero) and wait until
// they are available. `pods`: exactly so many instead. `least`: not fewer than so many. Never more than the Deployment
// asks for.
struct Scale {
  Share share;
  std::optional<std::int64_t> pods = {};
  std::int64_t least = 0;
  // Of an A/B test: each variant for its own part, and not fewer pods than so many. Empty: the candidate, and other
  // variants as they are.
  Parts parts = {};
  std::vector<std::int64_t> least_of_parts = {};
  bool operator==(const Scale&) const = default;
};
// The candidate runs as an environment of its own in another namespace, and has nothing beside the stable version yet.
// `pods`: absent, as many as the Deployment asks for.
struct Preview {
  std::string space;
  std::optional<std::int64_t> pods = {};
  bool operator==(const Preview&) const = default;
};
// That environment is gone.
struct EndPreview {
  std::string space;
  bool operator==(const EndPreview&) const = default;
};
// What the router does with the requests, verified at the router. The first one, of nothing, installs the split.
struct Traffic {
  Share share;                           // of everybody's requests, for the candidate
  std::vector<Audience> audiences = {};  // whose requests have a share of their own; where several fit, the first
  Share mirror = {};                     // of all requests, copied to the candidate; its answers are thrown away
  std::vector<Grant> grants = {};        // the cohorts that the shares come from
  std::optional<Source> key = {};        // what a router must hash for the shares to be those of users
  Share load = {};                       // of all requests, as far as known, that audiences give to the candidate
  Parts parts = {};                      // of an A/B test: of whom the share consists. Empty: it is the candidate's
  Parts loads = {};                      // of an A/B test: what of all requests each variant is expected to get
  bool reaches_candidate() const;        // some request is answered by the candidate
  bool operator==(const Traffic&) const = default;
};
struct Wait {
  base::Duration duration;
  bool operator==(const Wait&) const = default;
};
// Wait for a person: the command `promote`.
struct Approve {
  bool operator==(const Approve&) const = default;
};
struct Analyse {
  Analysis analysis;
  bool operator==(const Analyse&) const = default;
};
// All users are on the candidate; the old version keeps its pods for so long, and everybody can go back at once.
struct Keep {
  base::Duration duration;
  bool operator==(const Keep&) const = default;
};
// Hand the candidate over to the Deployment, scale the old version down, take the split out of the route.
struct Promote {
  bool operator==(const Promote&) const = default;
};
// Check that what stands at the end is what was meant: replicas, owner, route.
struct Verify {
  bool operator==(const Verify&) const = default;
};

// Something that is done once, outside of us: a request, a pod, a program. Done when it has ended well, or has ended
// and its failure is to be ignored.
struct Hook {
  enum class When { BeforeRelease, BeforeStep, AfterStep, BeforePromotion, AfterRelease, OnRollback, AfterRollback };
  std::string name;
  When when = When::BeforeRelease;
  data::Value provider = {};  // {web}, {job} or {process}, as in a metric
  base::Duration timeout = base::minutes(10);
  std::int64_t retries = 0;
  bool ignore = false;  // its failure changes nothing
  bool operator==(const Hook&) const = default;
};

using Action = std::variant<Scale, Preview, EndPreview, Traffic, Wait, Approve, Analyse, Keep, Promote, Verify, Hook>;

struct Step {
  Action action;
  int user_step = -1;      // index in the Release's own list of steps; -1: added by the compiler
  std::string field = {};  // where it comes from: "spec.strategy.canary.steps[2]"
  bool operator==(const Step&) const = default;
};

// --- guards -----------------------------------------------------------------------------------------------

// Watched in every step; a broken one rolls the release back. An absent limit is not watched.
struct Guards {
  std::optional<std::int64_t> max_restarts = {};        // restarts of all candidate containers together
  std::optional<std::int64_t> max_probe_failures = {};  // times a candidate pod lost its readiness
  std::optional<Analysis> analysis = {};                // runs in the background
  int analysis_from = 0;                                // first user step at which it runs
  base::Duration deadline = base::minutes(10);          // for each step that waits for pods or for the router
  // How long a trouble of this kind is borne before it breaks the guard; nullopt: the other guards decide.
  std::map<TroubleKind, std::optional<base::Duration>> troubles = {};
  bool operator==(const Guards&) const = default;
};
// Of kinds that the guards do not name: what only another version mends.
inline constexpr base::Duration kHopeless = base::minutes(1);
// How long it is borne from its beginning on; nullopt: the other guards decide.
std::optional<base::Duration> patience_with(const Guards& guards, const Trouble& trouble);

enum class OnInconclusive { Pause, Rollback };
enum class OnFailure {
  Rollback,
  Pause,   // stay, and wait for a person
  Freeze,  // the same, and nothing that the Deployment is asked for takes a release back either
};
struct Rollback {
  base::Duration verify_timeout = base::minutes(2);
  OnInconclusive on_inconclusive = OnInconclusive::Pause;
  OnFailure on_failure = OnFailure::Rollback;
  std::int64_t fast_revisions = 0;  // going back to one of so many released versions takes no steps
  std::int64_t keep_pods = 0;       // of a rejected version so many pods are kept aside for people to look at
  base::Duration keep_for = base::minutes(30);
  bool operator==(const Rollback&) const = default;
};

// --- the plan ---------------------------------------------------------------------------------------------

enum class Strategy { Rolling, Canary, BlueGreen, Gray, AbTest };
// "rolling update", "canary", "blue-green", "gray release", "A/B test"
std::string_view to_text(Strategy strategy);

// Where candidate pods come from.
enum class Capacity {
  Extra,    // a router splits requests: the stable version keeps all its replicas, candidates are added
  Shared,   // replicas are the only weight: candidates replace stable pods within the surge and unavailability budget
  InPlace,  // the workload's own controller replaces its pods one by one: there is one object, and both versions are
            // its
};

// A version of an A/B test beside the stable one.
struct Variant {
  std::string name;
  std::string service;        // owned, selects its pods
  data::Value pod_template;   // strategic merge patch for the Deployment's pod template; null: that template as it is
  std::string identity = {};  // changes with whatever decides who gets it and what it is
  std::optional<Analysis> analysis = {};  // watched in the background of it alone, beside that of the guards
  bool operator==(const Variant&) const = default;
};

struct Routing {
  std::string route;  // name of the object that carries the traffic
  std::string service;
  std::string stable_service;
  std::string canary_service;
  bool headless = false;  // the two Services get no address of their own
  RouterKind kind = RouterKind::HttpRoute;
  std::string destination_rule = {};  // Istio: split by its subsets instead of by the two Services
  std::string stable_subset = "stable", canary_subset = "canary";
  std::string namespace_ = {};  // of the Release; host names may carry it
  // Of an A/B test. The candidate is one of them (`chosen`), and canary_service its Service.
  std::vector<Variant> variants = {};
  std::size_t chosen = 0;

  // The versions have Services of their own; else they are told apart inside the user's Service.
  bool own_services() const { return destination_rule.empty(); }
  // Versions beside the stable one: the candidate, or the variants.
  std::size_t versions() const { return variants.empty() ? 1 : variants.size(); }
  const std::string& service_of(std::size_t version) const {
    return variants.empty() ? canary_service : variants[version].service;
  }
  bool operator==(const Routing&) const = default;
};

// The user's Service, or one of the Release's own.
bool names(const Routing& routing, std::string_view service);

struct ReleasePlan {
  std::string target;  // name of the workload
  WorkloadKind workload = WorkloadKind::Deployment;
  Strategy strategy = Strategy::Rolling;
  Capacity capacity = Capacity::Shared;
  std::optional<Routing> routing = {};
  // Int or percent; null: the Deployment's own.
  data::Value max_surge = {};
  data::Value max_unavailable = {};
  std::vector<Step> steps;
  int user_steps = 0;
  Guards guards = {};
  Rollback rollback = {};
  std::vector<Hook> rollback_hooks = {};  // OnRollback and AfterRollback
  std::vector<api::Window> windows = {};  // when it may go forward; they may change under way
  bool versioned_config = false;          // ConfigMaps are parts of versions (delivery/config.h)
  // With extra capacity: the stable version keeps only the pods for what the candidate has not been given yet
  // (decide/stable_size.h).
  bool dynamic_stable = false;
  bool operator==(const ReleasePlan&) const = default;
};

// The variants with these numbers are stopped: what the steps give them goes to the stable version.
ReleasePlan without_variants(ReleasePlan plan, const std::vector<std::size_t>& stopped);

// The same without waits, approvals, analyses and small shares: first all the pods, then all the traffic. Where the
// stable version's pods follow, the small shares stay: there is no room for all the pods at once.
ReleasePlan without_steps(const ReleasePlan& plan);

// One line a step, in order.
std::string to_text(const Action& action);
std::string to_text(const ReleasePlan& plan);
// Changes when the steps or their routing change; guards and limits may change under way.
std::string fingerprint(const ReleasePlan& plan);

// The same with a part of the share: every variant keeps its proportion.
Traffic scaled(Traffic traffic, Share share);

// "all of staff, copies of 10 %": what is beside the share, for people; empty when there is nothing.
std::string beside_text(const Traffic& traffic);
// The same with its identity: "all of staff #xyz"; empty when there is nothing.
std::string rules_of(const Traffic& traffic);

// The last Traffic before `index`; absent: none.
std::optional<Traffic> traffic_before(const ReleasePlan& plan, std::size_t index);

// The share that the candidate is meant to have once `index` steps are done (traffic, or replicas without a router;
// where a number of pods is asked for, that comes on top).
Share share_before(const ReleasePlan& plan, std::size_t index);

// Where its Preview and its EndPreview are; absent: it has none.
std::optional<std::size_t> preview_begin(const ReleasePlan& plan);
std::optional<std::size_t> preview_end(const ReleasePlan& plan);

// The last Scale before `index`; absent: none.
std::optional<Scale> scale_before(const ReleasePlan& plan, std::size_t index);

// Overloads for std::visit; a missing alternative does not compile.
template <class... F>
struct visit_step : F... {
  using F::operator()...;
};

}  // namespace slipway::delivery::plan
