// A router back end: how one kind of object splits the traffic of a Service between two versions.
//
// Pure: it looks at objects and says what to write; the decisions (decide/traffic.h) say when, and the runner writes.
// What it reads besides the user's and the Release's Services is one object that the user owns (`route`) and, for some,
// a second one (`companion`). It writes only the fields that carry the split, with uid and resourceVersion as
// preconditions, and takes everything of its own away again. How to add one: docs/how-to-add-router.md.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/resource.h"
#include "control/decision.h"
#include "data/value.h"
#include "delivery/plan/plan.h"
#include "delivery/route.h"

namespace slipway::delivery {

// What is there, at one moment; null for what is absent.
struct RouterObjects {
  data::Value route;      // what spec.traffic.route names
  data::Value companion;  // a DestinationRule, a canary Ingress
  data::Value service, stable_service, canary_service;
  std::map<std::string, std::int64_t> ready = {};          // ready endpoints by Service
  std::map<std::string, std::int64_t> ready_by_hash = {};  // of the user's Service, by pod-template-hash
};

// Whose objects are written, and which two versions they select.
struct Claim {
  data::Value metadata = {};                          // for what is created: namespace, label and owner
  std::string release = {};                           // the Release's name, by which it knows what it made
  std::string stable_hash = {}, candidate_hash = {};  // candidate: empty when there is none
};

class Router {
 public:
  virtual ~Router() = default;
  virtual plan::RouterKind kind() const = 0;
  virtual const api::Resource& route_kind() const = 0;
  // The second object: its kind and its name for this Release; nullopt when there is none.
  struct Companion {
    api::Resource kind;
    std::string name;
  };
  virtual std::optional<Companion> companion(const plan::Routing&) const { return std::nullopt; }

  // What the objects say. `generation` changes whenever anything does that carries the split.
  virtual RouteView look_at(const RouterObjects&, const plan::Routing&) const = 0;
  // Beside the share of everybody: the objects say what `wanted` asks for, its audiences and its mirror.
  virtual bool says_rules_of(const RouterObjects&, const plan::Routing&, const plan::Traffic& wanted) const {
    return wanted.audiences.empty() && wanted.mirror == plan::kNone;
  }
  // Why these objects cannot be split so, for people, with the field.
  virtual std::optional<std::string> problem(const RouterObjects&, const plan::Routing&, const Claim&,
                                             const plan::Traffic& wanted) const = 0;
  // What has to stand, and to be known to the router, before a split may name it; empty when it does.
  virtual std::vector<control::Effect> prepare(const RouterObjects&, const plan::Routing&, const Claim&) const {
    return {};
  }
  // What is prepared takes as long as a split until it is in force.
  virtual bool prepares(const plan::Routing&) const { return false; }
  // Writes that give the candidate what is wanted. Nothing at all is wanted on the way back: what an audience matches
  // may then stay, as long as the stable version gets it.
  virtual std::vector<control::Effect> split(const RouterObjects&, const plan::Routing&, const Claim&,
                                             const plan::Traffic& wanted) const = 0;
  // Writes after which the user's Service gets everything again.
  virtual std::vector<control::Effect> join(const RouterObjects&, const plan::Routing&) const = 0;
  // Writes that take away what is left of ours once that is in force; empty when nothing is.
  virtual std::vector<control::Effect> clean(const RouterObjects&, const plan::Routing&, const Claim&) const {
    return {};
  }
  // What the objects tell of what the router does; nullopt: the port `traffic` has to be asked.
  virtual std::optional<ReadBack> read_back(const RouterObjects&, const plan::Routing&) const = 0;
  // A negative weight, or traffic for nobody; empty when all is well.
  virtual std::string weights_problem(const RouterObjects&, const plan::Routing&) const { return ""; }
};

const Router& router_of(plan::RouterKind kind);

// The objects as this effect leaves them; nullopt when it touches neither route nor companion.
std::optional<RouterObjects> after(const RouterObjects& before, const plan::Routing& routing,
                                   const control::Effect& effect);

// All kinds of objects that routers read, each once, Services excepted.
std::vector<api::Resource> router_resources();

}  // namespace slipway::delivery
