// A safety rule of a simulated world, checked on the truth (the store and the proxy), not on what a controller
// believes.
//
// One rule, one file in checkers/. A checker sees every durable change in order and may keep state of its own. It
// reports at most one sentence; the first report ends the run, and the seed reproduces it.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/meta.h"
#include "rehearse/modelled_gateway.h"
#include "rehearse/modelled_hooks.h"
#include "rehearse/routed.h"
#include "store/store.h"

namespace slipway::rehearse {

// The truth at one revision.
struct Truth {
  store::SnapshotPtr snapshot;
  const ModelledGateway& gateway;
  const ModelledHooks& hooks;
  base::Time now;  // of a clock that never jumps; only differences mean something
  // What a controller decides on may be as old as this in this world: what was true within it cannot be held against
  // anybody.
  base::Duration behind{};
  std::optional<base::Time> jumped =
      {};  // the last jump of the wall clock: times in objects from before it mean little

  data::Value find(const api::Resource& resource, std::string_view space, std::string_view name) const;
  std::vector<data::Value> list(const api::Resource& resource, std::string_view space = {}) const;
  // What the objects of a route say now, and what the proxies have of them; empty when there is no such route.
  RoutedRules written(const client::ObjectName& route) const;
  RoutedRules in_force(const client::ObjectName& route) const;
  // The version that a part of a route goes to; empty when it may be any.
  std::string hash_of(std::string_view space, const Routed& part) const;
};

class Checker {
 public:
  virtual ~Checker() = default;
  virtual std::string_view name() const = 0;
  // After each durable change, with the world as it is then.
  virtual std::optional<std::string> changed(const Truth& truth, const store::Change& change) = 0;
  // After each change of what the objects of a route say; no rules: the route is gone, or was not there before.
  virtual std::optional<std::string> rewritten(const Truth&, const client::ObjectName& /*route*/,
                                               const RoutedRules& /*before*/, const RoutedRules& /*after*/) {
    return {};
  }
  // After each change of what the proxy routes.
  virtual std::optional<std::string> routed(const Truth&, const client::ObjectName&, const ModelledGateway::Route&) {
    return {};
  }
  // When a control process sends a write, before anything can happen to it.
  virtual std::optional<std::string> sent(const Truth&, const std::string& /*process*/, const client::Request&) {
    return {};
  }
};

// What had this value at any moment that a controller may still believe in: numbers over the last `Truth::behind`.
class Lately {
 public:
  void set(const Truth& truth, std::int64_t value);
  std::int64_t least(const Truth& truth) { return range(truth).first; }
  std::int64_t most(const Truth& truth) { return range(truth).second; }

 private:
  std::pair<std::int64_t, std::int64_t> range(const Truth& truth);
  std::deque<std::pair<base::Time, std::int64_t>> values_;  // each holds until the next
};

// All of them, fresh.
std::vector<std::unique_ptr<Checker>> all_checkers();

// Active pods (neither ended nor being deleted) of a namespace that carry all labels of `selector`.
std::vector<data::Value> active_pods(const Truth& truth, std::string_view space, const data::Value& match_labels);

}  // namespace slipway::rehearse
