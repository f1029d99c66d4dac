// The store: every object of the cluster at every recent revision.
//
// One thread, the control loop, owns the *head* and makes changes; everybody else reads `Snapshot`s, which are
// immutable and need no lock. A change is acknowledged, published to snapshots and seen by watchers only once
// it is durable; preconditions are checked against the pending head, so that two writes in one batch see each other.
// A failed disk commit ends the process (`SLIPWAY_CHECK`-like): nothing acknowledged may be wrong.
//
// Revisions are one increasing counter over all kinds; revision N is the state after change N.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "data/value.h"

namespace slipway::store {

using Revision = std::uint64_t;

// An object's place. `resource` is "pods" or "deployments.apps"; `space` the namespace, empty for cluster scope.
struct Key {
  std::string resource;
  std::string space;
  std::string name;
  auto operator<=>(const Key&) const = default;
};

struct Entry {
  Key key;
  data::Value object;         // without resourceVersion; readers add it from `modified`
  Revision created = 0;
  Revision modified = 0;
};
using EntryPtr = std::shared_ptr<const Entry>;

// One change as watchers see it.
struct Change {
  enum class Kind { Put, Delete };
  Kind kind;
  Revision revision;
  EntryPtr entry;     // after a Put; for a Delete the last state, with `modified` set to the delete's revision
  EntryPtr previous;  // before the change; null when it was created
};

// The whole state at one revision. Cheap to hold; usable from any thread.
class Snapshot {
 public:
  virtual ~Snapshot() = default;
  virtual Revision revision() const = 0;
  virtual EntryPtr find(const Key& key) const = 0;
  // In (space, name) order; `space` empty: all namespaces. Starts after `after` when given. Stops when `visit` is false.
  virtual void scan(std::string_view resource, std::string_view space, const Key* after,
                    const std::function<bool(const EntryPtr&)>& visit) const = 0;
  virtual std::size_t count(std::string_view resource) const = 0;  // over all namespaces
};
using SnapshotPtr = std::shared_ptr<const Snapshot>;

// Told of every published change of one resource, in revision order, on the control loop.
class Watcher {
 public:
  virtual ~Watcher() = default;
  virtual void changed(const Change& change) = 0;
  virtual void progressed(Revision) {}  // everything up to here has been told
};

// Destroying it ends the watch.
class Subscription {
 public:
  virtual ~Subscription() = default;
};

class Store {
 public:
  virtual ~Store() = default;

  // Any thread.
  virtual SnapshotPtr published() const = 0;

  // The rest: control loop only.
  virtual SnapshotPtr head() const = 0;  // includes changes that are not yet durable

  // Writes one object. `expected` is the revision at which it must stand now: 0 for "must not exist", nullopt for "whatever".
  // Returns the revision at once (Conflict / AlreadyExists / NotFound otherwise); `durable` runs on the control loop when the change is
  // published, never before this call returned.
  using Durable = std::move_only_function<void()>;
  virtual base::Result<Revision> put(const Key& key, data::Value object, std::optional<Revision> expected,
                                     Durable durable) = 0;
  virtual base::Result<Revision> erase(const Key& key, std::optional<Revision> expected, Durable durable) = 0;

  // Every change of `resource` after revision `after`, first from history, then live. Expired when `after` lies before the compaction.
  virtual base::Result<std::unique_ptr<Subscription>> watch(std::string_view resource, Revision after,
                                                            Watcher& watcher) = 0;
  // The state at an older revision, as long as history reaches it (Expired otherwise).
  virtual base::Result<SnapshotPtr> at(Revision revision) const = 0;
  // Forgets history before `revision`.
  virtual void compact(Revision revision) = 0;
  virtual Revision compacted() const = 0;
};

}  // namespace slipway::store
