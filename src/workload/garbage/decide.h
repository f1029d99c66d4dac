// Garbage collection of one object, as a dependent of its owners and as an owner of its dependents.
//
// Specification: Kubernetes documentation "Garbage Collection", "Owners and Dependents", "Use Cascading Deletion".
//  - as a dependent: deleted when none of its owners is left; loses the references to owners that are gone when another
//  is left; and is deleted
//    when an owner waits for it (foreground);
//  - as an owner that is being deleted in the foreground: released when no dependent blocks it any more; with `orphan`:
//  strips
//    its dependents' references first.
// An owner counts as gone only when the API itself, not a cache, says so: caches of different kinds are not equally
// fresh. An owner in another namespace counts as absent.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "control/decision.h"
#include "data/value.h"

namespace slipway::workload::garbage {

inline constexpr std::string_view kForeground = "foregroundDeletion";
inline constexpr std::string_view kOrphan = "orphan";
inline constexpr std::size_t kBatch = 200;

struct Owner {
  enum class State {
    Present,  // there, with this uid
    Waiting,  // there, being deleted in the foreground: waits for its dependents
    Missing,  // not in the cache; the API has not been asked yet
    Asked,    // the API has been asked, no answer yet
    Gone,     // the API says that it is not there, or that another object has its name
  };
  data::Value reference;
  State state = State::Present;
  bool answered = false;      // the state comes from the API's answer, not from a cache
  data::Value question = {};  // for Missing: what to ask
};

struct Dependent {
  api::Resource resource;
  data::Value object;
};

struct Observation {
  api::Resource resource;
  data::Value object;
  std::vector<Owner> owners;
  std::vector<Dependent> dependents;  // needed when it is being deleted with a finalizer, or an owner waits for it
};

std::string question_id(const data::Value& object, const data::Value& reference);

control::Decision decide(const Observation& seen, base::Time now);

}  // namespace slipway::workload::garbage
