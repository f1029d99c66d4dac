// Planted mistakes, each one that a careless author could make. Tests switch one on and a checker must catch it: that
// is the proof that the checker can fail.
//
// Which answer a program gets is settled when it is linked: tests link mutants_planted.cpp, where `set_mutant` is
// defined; programs for users link mutants_none.cpp, where every answer is false and nothing can change it. The
// libraries between are the same, so a test runs the very code that ships.
//
// A module plants its mutant where the mistake would be made: `if (!mutant(Mutant::SkipReadiness) && !ready) ...`.
#pragma once

namespace slipway::control {

enum class Mutant {
  // runner
  SkipTermFence,          // keeps writing after the lease was lost
  StatusBeforeEffects,    // the status says it is done before it is
  ForgetOwnWrite,         // does not remember what it wrote, so a stale cache is believed
  IgnoreFailureOfEffect,  // goes on after a failed effect
  DecideOnStaleCache,     // remembers its writes but does not wait for them
  SkipInvariants,         // acts without asking the invariants
  // workload
  SkipReadiness,   // counts running pods as available
  IgnoreMinReady,  // counts pods as available the moment they are ready
  ScaleDownFirst,  // removes old replicas before new ones are available
  // delivery
  WeightWithoutCapacity,  // moves traffic before the pods can carry it
  SkipVerification,       // believes that a weight is set without reading it back
  PassFailedGate,         // goes on after a failed analysis
  NoDataIsSuccess,        // takes a missing metric as a good one
  ScaleDownEarly,         // removes the old version before its rollback window ends
  KeepAudience,           // takes everybody back, and forgets those who opted in
  IgnoreWindows,          // goes forward whatever windows and stop say
  GiveOnePlaceTooMany,    // lets one release more begin than the cap allows
  TakeTooManyPods,        // replaces pods in place beyond what may be unavailable
  LetAllPodsGo,           // lowers the partition for all pods, and leaves it there
  PodsBeforeConfig,       // makes pods before the copies of their ConfigMaps are there
  TrimConfigInUse,        // deletes copies of ConfigMaps that pods still read
  PreviewUninvited,       // makes previews in namespaces that do not let them in
  LeavePreview,           // forgets to take previews away
  WaitForNoHook,          // starts hooks and goes on at once
  PassFailedHook,         // goes on after a hook that has failed
  RepeatHook,             // takes each look at a hook for another attempt
  ForgetRollbackHooks,    // goes back without those of the way back
  WaitForRollbackHooks,   // lets the way back wait until they have ended
  ShrinkStableEarly,      // takes stable pods away before the router gives their part to the candidate
  BackWithoutCapacity,    // gives the stable version everything back before its pods have come back
  TroubleAtOnce,          // takes a release back for a trouble the moment that it is seen
  KeepPodsEarly,          // takes pods aside that are to be kept while users are still served by them
  kCount,
};

bool mutant(Mutant which);
void set_mutant(Mutant which, bool on);  // tests only: programs for users do not link it

// Switches one on for a scope.
class PlantedMutant {
 public:
  explicit PlantedMutant(Mutant which) : which_(which) { set_mutant(which_, true); }
  ~PlantedMutant() { set_mutant(which_, false); }
  PlantedMutant(const PlantedMutant&) = delete;

 private:
  Mutant which_;
};

}  // namespace slipway::control
