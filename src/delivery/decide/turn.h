// One decision in the making: what is observed, the state so far, and what shall be done about it.
//
// The parts of decide/ take a Turn, look, and add to it. Nothing here acts. A part that has to wait says so with `wait`
// and a sentence; a part that added effects returns as well, because the next decision sees what came of them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "control/decision.h"
#include "control/patch.h"
#include "delivery/observation.h"
#include "delivery/plan/plan.h"
#include "delivery/scaling.h"
#include "delivery/state.h"

namespace slipway::delivery {

// How often the router is asked while something waits for it.
inline constexpr base::Duration kAskInterval = base::milliseconds(100);
// How far apart two read-backs must be to prove that no request came in between.
inline constexpr base::Duration kQuietInterval = base::milliseconds(500);
inline constexpr std::size_t kLogLimit = 60;
inline constexpr std::size_t kRunsKept = 20;

class Workload;

enum class Reach { Done, Waiting };

struct Turn {
  const Observation& o;
  const plan::ReleasePlan& plan;
  const base::Time now;
  State s;
  TrafficState recorded = {};  // that of `s` before this decision
  std::string plan_id = {};    // fingerprint of the plan as it was compiled: stopped variants do not change it
  std::string invalid = {};    // why the spec cannot be carried out; the plan then has no steps
  control::Decision out = {};
  data::Value unexplained = {};  // the object whose Events may say why it waits; null: none (troubles.h)

  void act(control::Effect effect) { out.effects.push_back(std::move(effect)); }
  bool acts() const { return !out.effects.empty(); }
  void note(control::Note::Kind kind, std::string reason, std::string message);
  // A transition that people should be able to look up: into the status log, the reasons and an Event.
  void log(std::string rule, std::string said, data::Value inputs = {});
  void wake_at(base::Time t);
  void wake_after(base::Duration d) { wake_at(now + d); }
  void wait(std::string for_what) { s.message = std::move(for_what); }

  bool routed() const { return plan.routing.has_value(); }
  Budget budget() const;
  const Workload& workload() const;
  const Router& router() const { return router_of(plan.routing->kind); }
  RouteView view() const { return router().look_at(o.objects(), *plan.routing); }
  std::string route_name() const;     // "HTTPRoute web"
  std::string workload_name() const;  // "StatefulSet db"
  Claim claim() const;
  const Version* stable() const { return s.stable ? o.find(s.stable->hash) : nullptr; }
  const Version* candidate() const { return s.candidate ? o.find(s.candidate->hash) : nullptr; }
};

// Is `deployment`'s template the one of this revision?
bool asks_for(const Observation& o, const Revision& revision);

// --- effects ----------------------------------------------------------------------------------------------

using control::patch_of;
// Reads an object of the Release's namespace, since caches keep only that it is there: the answer is recorded under
// `id`. Not while that is under way (`pending`), and a while later when it could not be read (`failed_at`).
void read_object(Turn& turn, const std::string& id, const api::Resource& resource, std::string_view name, bool pending,
                 const std::optional<base::Time>& failed_at);
void scale_to(Turn& turn, const Version& version, std::int64_t replicas);
// The Release holds the version from now on: its labels leave the Deployment's selector, so that no Deployment claims
// it. It goes when the Deployment goes, and stays when the Release goes (docs/decisions/0005).
void take(Turn& turn, const Version& version);
// The version answers to the Deployment's selector again, so that the Deployment adopts it; with the annotations by
// which the Deployment knows a finished ReplicaSet.
void give(Turn& turn, const Version& version);
// A ReplicaSet whose template names copies of ConfigMaps is none that the Deployment would know again: when it has no
// pods, and is not what serves, it is deleted instead, since a Deployment that is scaled up from zero wakes its newest
// one (docs/decisions/0019). What it was is kept as a revision.
void give_or_delete(Turn& turn, const Version& version);
// A ReplicaSet without pods that is not ours to serve with, and that the Deployment would take for its newest since its
// template is the same: it names the user's ConfigMaps, not copies.
bool would_be_woken(const Turn& turn, const Version& version);
void delete_set(Turn& turn, const Version& version);
// Can a version be held at all? A selector of exclusions only (NotIn, DoesNotExist) would go on matching it.
bool can_take(const Observation& o);
// Labels of a ReplicaSet, or parts of it, that this Release holds: everything the Deployment selects by is left out.
data::Value held_labels(const Turn& turn, const data::Value& labels);
// An owner reference that only says what goes when the Deployment goes: no controller, and nobody waits for it.
data::Value reference_to_deployment(const Observation& o);
// A Deployment without an active ReplicaSet scales the newest one that it still owns up to full size
// ("FindActiveOrLatest"). So whoever takes its last active one takes the old ones first, and gives the active one back
// first: both in these orders.
void take_last(Turn& turn, const Version& active);
void give_all(Turn& turn);
}  // namespace slipway::delivery
