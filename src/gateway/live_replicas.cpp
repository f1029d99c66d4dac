#include "gateway/live_replicas.h"

#include <algorithm>

#include "api/meta.h"

namespace slipway::gateway {
namespace {

using data::Value;

client::CacheOptions in_space(client::CacheOptions options, const std::string& space) {
  options.spaces = {space};
  return options;
}

}  // namespace

LiveReplicas::LiveReplicas(client::ApiClient& api, runtime::Loop& loop, runtime::Random& random, std::string space,
                           client::CacheOptions caches)
    : loop_(loop),
      space_(std::move(space)),
      leases_(api, loop, random, api::kLeases, in_space(std::move(caches), space_)) {
  leases_.add_listener([this](const Value& before, const Value& after) { saw(before, after); });
}

void LiveReplicas::start() { leases_.start(); }

void LiveReplicas::saw(const Value& before, const Value& after) {
  const std::string name(api::name_of(after.is_null() ? before : after));
  if (after.is_null() || !replica_of(after)) {
    seen_.erase(name);
    ends_.erase(name);
  } else {
    const base::Duration lasts =
        base::seconds(after["spec"]["leaseDurationSeconds"].as_int(kReplicaLeaseTime / base::seconds(1)));
    seen_[name] = {loop_.mono(), lasts};
    ends_[name] = loop_.after(lasts, [this] {
      if (listener_) listener_();
    });
  }
  if (listener_) listener_();
}

std::vector<ReplicaFacts> LiveReplicas::live() const {
  std::vector<ReplicaFacts> out;
  for (const auto& [name, seen] : seen_) {
    if (loop_.mono() - seen.at >= seen.lasts) continue;
    if (auto facts = replica_of(leases_.find({space_, name}))) out.push_back(std::move(*facts));
  }
  std::ranges::sort(out, {}, &ReplicaFacts::identity);
  return out;
}

std::vector<std::string> LiveReplicas::dead_for(base::Duration time) const {
  std::vector<std::string> out;
  for (const auto& [name, seen] : seen_) {
    if (loop_.mono() - seen.at >= seen.lasts + time) out.push_back(name);
  }
  return out;
}

std::string LiveReplicas::trusted() const { return controller_certificate(leases_.find({space_, kControllerLease})); }

}  // namespace slipway::gateway
