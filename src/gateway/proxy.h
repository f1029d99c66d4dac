// What the proxy shall do, as plain data: the *structure*, whose change needs a reload, and the *targets*, which change
// at run time.
//
// A rule owns a fixed number of *slots*. Each slot is one backend section of the proxy's configuration, empty at first.
// Which Service a slot stands for, the servers in it, and the share of requests it gets are all run-time state. So a
// release that replaces one backend by two, moves weights and goes back changes nothing of the structure.
#pragma once

#include <compare>
#include <map>
#include <string>
#include <vector>

#include "gateway/route.h"

namespace slipway::gateway {

inline constexpr int kBuckets = 10000;  // a share of 1 is 0.01 %
inline constexpr int kMinSlots = 4;     // two versions, and two on their way out
inline constexpr int kMaxSlots = 32;    // backends of one rule, twice

// --- structure ----------------------------------------------------------------------------------------------

// When a request belongs to a rule. All parts must hold.
struct Condition {
  std::string hostname;  // "", "web.shop" or "*.shop"
  RouteMatch match;
  bool operator==(const Condition&) const = default;
};

struct RuleSpec {
  std::string id;  // letters, digits and dots; derived from the names, so it is the same after a restart
  int slots = kMinSlots;
  base::Duration timeout{0};
  std::vector<HeaderChange> changes;
  std::optional<Redirect> redirect;
  std::optional<Rewrite> rewrite;
  std::vector<std::string> prefixes;  // the paths that a prefix replacement removes, longest first
  Sticky sticky;
  bool operator==(const RuleSpec&) const = default;
};

struct Entry {
  Condition condition;
  std::string rule;
  bool operator==(const Entry&) const = default;
};

struct Frontend {
  std::string id;
  std::vector<std::string> binds;  // "10.96.0.3:80" or "fd@3"
  bool http = true;
  std::vector<Entry> entries;  // tried in this order
  std::string tcp_rule;        // without http: the rule whose slot 0 takes all
  bool operator==(const Frontend&) const = default;
};

struct Structure {
  std::vector<Frontend> frontends;
  std::map<std::string, RuleSpec> rules;
  std::vector<std::string> tcp_rules;  // ids of rules that pass bytes on; they have one slot and no filters
  bool operator==(const Structure&) const = default;
};

// --- targets ------------------------------------------------------------------------------------------------

struct Server {
  std::string name;     // unique within a slot: address, port and pod
  std::string address;  // "10.244.0.7:8080"
  std::string ip;
  std::string uid;           // of the pod
  bool ready = false;        // gets requests
  bool terminating = false;  // not ready any more, but can still carry requests if nobody else does
  auto operator<=>(const Server&) const = default;
};

// A backend that cannot be resolved: its share of requests is answered with 500.
inline constexpr std::string_view kInvalidService = "!";

struct BackendTarget {
  std::string service;  // name within the rule's namespace, "namespace/name" of another, or kInvalidService
  int weight = 0;       // as the route says
  int share = 0;        // of kBuckets
  std::vector<Server> servers;
  bool operator==(const BackendTarget&) const = default;
};

// A run of buckets: where a Service stands more than once in a rule it has several, each in its place.
struct Zone {
  std::size_t backend;
  int share;  // of kBuckets
  bool operator==(const Zone&) const = default;
};

struct RuleTarget {
  std::string space;
  std::string route;  // empty for a Service without a route
  std::string salt;
  std::string audience;                 // whose requests these are; empty: nobody's in particular
  std::vector<BackendTarget> backends;  // each service once
  std::vector<Zone> zones = {};         // in the route's order; empty: one for each backend
  bool operator==(const RuleTarget&) const = default;
};

std::vector<Zone> zones_of(const RuleTarget& target);

using Targets = std::map<std::string, RuleTarget>;  // by rule id

// weights -> shares of kBuckets that add up to it (all zero when the weights are), exact at the cumulative ends.
std::vector<int> shares_of(const std::vector<int>& weights);

}  // namespace slipway::gateway
