// What a fresh worker starts with.
#include <algorithm>

#include "gateway/config.h"
#include "gateway/plan.h"

namespace slipway::gateway {
namespace {

void start_new(const RuleSpec& spec, const RuleTarget& target, StartingPoint& out) {
  std::vector<SlotShare> shares;
  for (int i = 0; i < spec.slots; ++i) {
    std::string section = slot_name(spec.id, i);
    auto index = static_cast<std::size_t>(i);
    bool used = index < target.backends.size();
    out.slots[section] = used ? target.backends[index].service : "-";
    if (!used) continue;
    for (const Server& s : target.backends[index].servers) {
      if (s.ready) out.servers[section].push_back(s);
    }
  }
  for (const Zone& zone : zones_of(target)) shares.push_back({static_cast<int>(zone.backend), zone.share});
  out.weights[spec.id] = write_weights(shares);
}

// As it is now, without the servers that are on their way out: their last requests end in the old worker.
void start_as_before(const RuleSpec& spec, const Worker& before, StartingPoint& out) {
  for (int i = 0; i < spec.slots; ++i) {
    std::string section = slot_name(spec.id, i);
    auto service = before.slots.find(section);
    out.slots[section] = service == before.slots.end() ? "-" : service->second;
    auto servers = before.servers.find(section);
    if (servers == before.servers.end()) continue;
    for (const auto& [name, state] : servers->second) {
      if (state.mode == ServerMode::Ready) out.servers[section].push_back({.name = name, .address = state.address});
    }
  }
  out.weights[spec.id] = before.weights.at(spec.id);
}

}  // namespace

StartingPoint starting_point(const Targets& targets, const std::map<std::string, RuleSpec>& rules,
                             const Worker* before) {
  StartingPoint out;
  for (const auto& [id, spec] : rules) {
    const RuleTarget& target = targets.at(id);
    bool known = before && before->weights.contains(id) && before->slots.contains(slot_name(id, 0));
    known ? start_as_before(spec, *before, out) : start_new(spec, target, out);
    out.salts[id] = target.salt;
  }
  return out;
}

}  // namespace slipway::gateway
