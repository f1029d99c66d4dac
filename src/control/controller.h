// A controller: which objects it watches, and a pure decision for one of them.
//
// How to write one: a struct `Observation` with just what the rule needs; a free function
// `Decision decide(const Observation&, base::Time now)` that is pure, total and deterministic; and a subclass of
// Controller whose `reconcile` gathers the one and calls the other. No clock, no randomness, no logging, no I/O.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "client/cache.h"
#include "control/decision.h"

namespace slipway::control {

using client::ObjectName;

// A recorded answer from outside.
struct Fact {
  base::Time asked;
  base::Time answered;
  base::Result<data::Value> answer;
};

// Why the previous decision about this object was not carried out to its end.
struct Failure {
  base::Error error;
  base::Time at;
  int attempts = 0;        // failures in a row
  std::size_t effect = 0;  // index of the effect that failed; the number of effects when it was the status
};

// What a decision may look at: caches, all on the same loop turn, and recorded facts. Read-only.
class World {
 public:
  virtual ~World() = default;
  virtual const client::Cache& cache(const api::Resource& resource) const = 0;  // a watched one; anything else is a bug
  virtual const Fact* fact(std::string_view id) const = 0;                      // null: not asked, or no answer yet
  virtual bool is_pending(std::string_view id) const = 0;                       // asked, no answer yet
  // The failure that stopped the last decision about the object that is being decided; null after a success. A
  // controller that wants to show it answers once with a status and no effects; the same effects again are held back by
  // the runner for the back-off, different ones are not.
  virtual const Failure* failure() const { return nullptr; }

  const data::Value& find(const api::Resource& resource, const ObjectName& name) const {
    return cache(resource).find(name);
  }
};

// One watched resource. A change of such an object (before and after; null when it came or went) makes `affected` names
// of the controller's own resource to decide about again.
struct Watch {
  api::Resource resource;
  std::function<std::vector<ObjectName>(const World&, const data::Value& object)> affected;
  bool optional = false;  // the controller can do without: it works where these may not be read (Cache::absence)
};

class Controller {
 public:
  virtual ~Controller() = default;
  virtual std::string_view name() const = 0;          // "deployment": field manager, metrics, event source
  virtual const api::Resource& resource() const = 0;  // what it decides about
  virtual std::vector<Watch> watches() const = 0;     // others; its own resource is always watched
  virtual bool optional() const { return false; }     // of its own resource: as Watch::optional
  // Changes of its own objects for which this is false are not looked at. Must be a cheap look at the object alone.
  virtual bool decides_about(const data::Value&) const { return true; }
  // True when decisions about different objects compete for the same thing (room on a node): then one object at a time
  // is decided, and only once the caches show everything this controller wrote.
  virtual bool competes() const { return false; }
  // The shortest time between two decisions about one object (when its objects compete: after one that had effects,
  // about any). For decisions that cost as much as there are related objects: a storm of changes is then looked at
  // once, while a single change is still answered at once.
  virtual base::Duration min_interval() const { return {}; }
  // nullopt: nothing to do with this object. The object may be gone: then `World::find` gives null.
  virtual std::optional<Decision> reconcile(const World& world, const ObjectName& name, base::Time now) const = 0;
};

// Affected: the controller owner, when it is of `owner`'s kind.
std::function<std::vector<ObjectName>(const World&, const data::Value&)> owner_of_kind(api::Resource owner);
// Affected: the object of the same name.
std::function<std::vector<ObjectName>(const World&, const data::Value&)> same_name();

}  // namespace slipway::control
