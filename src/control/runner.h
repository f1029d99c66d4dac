// The only writer: carries decisions out, with the guarantees that controllers otherwise each get wrong.
//
//  - level-based queue of names, one decision at a time per object;
//  - no decision until the caches hold our own last write to anything the decision touched;
//  - effects in order, stop at the first failure, then observe again; status last;
//  - one wake-up per object; back-off with jitter from the seeded random source; retry behaviour from the error's code;
//  - writes are fenced by the leadership term: nothing is sent once the lease is lost;
//  - a new term begins with a fresh list of everything: nothing is decided on what was true before the last write of
//    another leader (docs/decisions/0018);
//  - safety invariants are checked on every decision before acting (control/invariant.h); a violation is refused,
//  reported
//    in an Event and in metrics, and decided again.
// A status is written with a merge patch on /status with uid and resourceVersion as preconditions (control/requests.h).
// A request whose answer was lost is looked up before anything is decided again: the object as it stands then is what
// the cache must show. Notes become Events once the decision is carried out; those of a decision that changed nothing
// are dropped. Runs on the control loop.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "client/api_client.h"
#include "client/cache.h"
#include "control/controller.h"
#include "control/invariant.h"
#include "control/ports.h"
#include "runtime/loop.h"

namespace slipway::control {

// Says whether this process may write. Term numbers only grow; a write made under an old term is dropped.
class Leadership {
 public:
  virtual ~Leadership() = default;
  virtual bool leads() const = 0;
  virtual std::uint64_t term() const = 0;
  // Called on the control loop whenever `leads` or `term` may have changed. One listener, set by the runner.
  virtual void on_change(std::function<void()> listener) = 0;
};

// What happened, for the decision log, metrics and simulation checkers.
class RunnerObserver {
 public:
  virtual ~RunnerObserver() = default;
  virtual void decided(const Controller&, const ObjectName&, base::Time, const Decision&) {}
  virtual void acting(const Controller&, const ObjectName&, const Effect&) {}
  virtual void acted(const Controller&, const ObjectName&, const Effect&, const client::Answer&) {}
  virtual void refused(const Controller&, const ObjectName&, const Violation&) {}
  // The decision has been carried out to its end (null), or stopped by this error.
  virtual void finished(const Controller&, const ObjectName&, base::Time, const Decision&, const base::Error*) {}
  // An Event for people is written.
  virtual void told(const Controller&, const Note&) {}
  // A cache has changed; `before` or `after` is null for an object that came or went.
  virtual void changed(const api::Resource&, const data::Value& /*before*/, const data::Value& /*after*/) {}
  // Whether this process may write has changed. Before the first call it may not.
  virtual void led(bool) {}
};

// A process that is alone and needs no lease.
class AlwaysLeader final : public Leadership {
 public:
  bool leads() const override { return true; }
  std::uint64_t term() const override { return 1; }
  void on_change(std::function<void()>) override {}
};

struct RunnerOptions {
  base::Duration backoff_base = base::milliseconds(5);
  base::Duration backoff_cap = base::seconds(60);
  int max_in_flight = 64;  // objects whose effects are being carried out at once, over all controllers
  client::CacheOptions caches = {};  // namespaces, metrics, who hears of trouble; `keep` is the function below
  client::Projection (*keep)(const api::Resource&) = nullptr;  // what the caches keep, by kind; null: everything
};

class Runner {
 public:
  Runner(client::ApiClient& api, runtime::Loop& loop, runtime::Random& random, Leadership& leadership,
         RunnerOptions options = {});
  ~Runner();
  Runner(const Runner&) = delete;

  // The ports "object" and "timer" (control/outside.h) are always there.
  void add_port(std::string name, Port& port);
  void add_invariant(std::unique_ptr<Invariant> invariant);
  void add_observer(RunnerObserver& observer);
  // Also while running: until the caches of its resources are there, all decisions wait.
  void add(std::unique_ptr<Controller> controller);
  void start();
  bool synced() const;  // all caches have had their first list
  bool idle() const;    // nothing queued, nothing in flight (timers may wait)
  const World& world() const;

  struct Stats {
    std::uint64_t decisions = 0;
    std::uint64_t effects = 0;  // sent to the API or a port
    std::uint64_t status_writes = 0;
    std::uint64_t failures = 0;
    std::uint64_t refusals = 0;  // by an invariant
    std::size_t queued = 0;
    std::size_t waiting = 0;  // for a cache to show our own write
    std::size_t in_flight = 0;
  };
  Stats stats() const;
  // Decide about it again, as if it had changed.
  void nudge(std::string_view controller, const ObjectName& name);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace slipway::control
