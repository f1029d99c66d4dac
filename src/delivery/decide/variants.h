// The variants of an A/B test: which versions stand beside the stable one, what each is, and when one ends.
//
// One variant is the release's candidate: what the Deployment asks for. A person decides by making the Deployment's
// template that of a variant (or promotes the candidate): then that one is the candidate, and the release goes on to
// its end with it. A variant that fails is stopped alone: its users get the stable version and stay there, the others
// go on. When none is left the release turns back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "delivery/decide/analyses.h"
#include "delivery/decide/traffic.h"
#include "delivery/decide/turn.h"

namespace slipway::delivery {

// A version beside the stable one: the candidate, or one of the variants. Valid as long as the Turn.
struct Beside {
  std::size_t index;  // as in Routing::versions
  const Revision* revision;
  const Version* version;  // null: it has no ReplicaSet
  std::string service;     // empty without a router
  bool stopped;
};
// Empty without a candidate.
std::vector<Beside> versions_beside(const Turn& turn);

// Pods of version `i` without which this traffic must not be.
std::int64_t pods_needed_of(const Turn& turn, const plan::Traffic& traffic, std::size_t i);
// Pods that a step asks for; nullopt: it says nothing of this version.
std::optional<std::int64_t> pods_wanted_of(const Turn& turn, const plan::Scale& scale, std::size_t i);
// Any share of what is left, as the variants have it now.
plan::Traffic traffic_of_share(const Turn& turn, plan::Share share);

// Begins a test: what each variant is. Empty, or why there can be no such test.
std::string begin_variants(Turn& turn);
// The variant's pod template: the Deployment's with its changes.
base::Result<data::Value> template_of_variant(const data::Value& deployment, const plan::Variant& variant);

// What the Deployment asks for is a variant that is stopped: it cannot win.
bool candidate_is_stopped(const Turn& turn);
// The step at which a person decides is behind us.
bool is_decided(const Turn& turn);
// The Deployment asks for a variant that is not the candidate: it is from now on, and the test is over. True when that
// was just found out.
bool note_decision(Turn& turn);
// The same while the spec cannot be carried out, so that there are no steps by which to go on: it counts once the spec
// is right again.
bool decision_waits(const Turn& turn);
// Its users get the stable version; when it is the last one the release turns back. With `onFailure: Pause` or
// Freeze the release halts as a whole.
void stop_variant(Turn& turn, std::size_t i, Cause cause, std::string message, Evidence evidence = {});
// Pods of stopped variants go once the router gives them nothing.
void retire_stopped(Turn& turn);
// The variants that have lost, with their ReplicaSets: none of them was ever what the Deployment asked for.
// `all`: the candidate's pods go as well (its ReplicaSet stays). Done: they are gone.
Reach remove_variants(Turn& turn);
// Services of variants, when nothing names them any more.
void delete_variant_services(Turn& turn);

// Pods, shares and requests of each variant, for people.
void count_variants(Turn& turn);
// Asks the router now and then for the requests of each variant while the test runs.
void watch_requests(Turn& turn);

}  // namespace slipway::delivery
