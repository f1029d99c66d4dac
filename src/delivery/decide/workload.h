// What a release does with the workload itself and with its versions, as far as kinds of workloads differ.
//
// A Deployment has a ReplicaSet for each version: the Release holds some of them, sizes them side by side, and gives
// the one that wins back (sets.h). The pods of a StatefulSet or a DaemonSet are replaced in place and never change
// hands (in_place.h). Steps, guards, traffic and the proof of a rollback know nothing of the difference. What a kind
// can do at all is in plan/workload.h.
//
// Objects without state; every function is called with a Turn whose workload is of that kind, and exists.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "delivery/decide/turn.h"

namespace slipway::delivery {

class Workload {
 public:
  virtual ~Workload() = default;

  // --- a Release meets it, and leaves it
  // Why no Release can carry out its changes; empty: one can.
  virtual std::string refusal(const Turn& turn) const = 0;
  // The one version that all pods have, when the workload has come to rest by itself; null: it has not.
  virtual const Version* settled(const Turn& turn) const = 0;
  // It has not, and cannot as long as it is held.
  virtual void unblock(Turn& turn) const = 0;
  // Keeps its own controller from carrying changes out, and says so where its users look. Adds effects where something
  // is missing; nothing in a steady state.
  virtual void hold(Turn& turn) const = 0;
  // It goes on by itself, or says why it must not (deleting a Release restarts nothing). Done: it does.
  virtual Reach free(Turn& turn) const = 0;

  // --- its versions
  virtual Revision revision_of(const Turn& turn, const Version& version) const = 0;
  // The number by which people call it; 0: it has none.
  virtual std::int64_t number_of(const Version& version) const = 0;
  // What is asked for can be told apart from other versions by now.
  virtual bool knows_what_is_asked(const Turn& turn) const = 0;
  virtual Revision asked_revision(const Turn& turn) const = 0;
  // The template of a version where the cluster shows it, without the hash label; null: it does not (any more).
  virtual data::Value shown_template(const Turn& turn, std::string_view hash) const = 0;

  // --- forward
  // What makes the stable version's pods is there; Waiting while it is made again. Done as well when nobody knows what
  // it was.
  virtual Reach restore_stable(Turn& turn) const = 0;
  // What makes the candidate's pods is there, and the Release's to size.
  virtual Reach ensure_versions(Turn& turn) const = 0;
  // As many pods of each version as the scale needs, within the budget; Done when all that should be are available.
  virtual Reach reach_replicas(Turn& turn, const plan::Scale& scale) const = 0;
  // It was given to the workload already, whatever the status says: a crash came between the two.
  virtual bool was_handed_over(const Turn& turn) const = 0;
  // After that: what makes its pods is gone, and the workload makes no other.
  virtual bool lost_candidate(const Turn& turn) const = 0;
  // What comes after the candidate may begin from it, although it was not promoted.
  virtual bool may_begin_from_candidate(const Turn& turn) const = 0;
  // The workload keeps the candidate, which is there; Done when nothing is left of the version before.
  virtual Reach promote(Turn& turn) const = 0;

  // --- back, where pods are the weight
  // Every pod is of the stable version again; Done as well where there is no way back by pods.
  virtual Reach go_back(Turn& turn, Retreat& retreat) const = 0;
  // No pod of the candidate is left.
  virtual Reach remove_candidate(Turn& turn) const = 0;
};

const Workload& workload_of(plan::WorkloadKind kind);

}  // namespace slipway::delivery
