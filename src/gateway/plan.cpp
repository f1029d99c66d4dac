#include "gateway/plan.h"

#include <algorithm>
#include <optional>

#include "gateway/config.h"
#include "gateway/emitter.h"

namespace slipway::gateway {
namespace {

constexpr std::string_view kFree = "-";

std::string lookup(const Map& map, const std::string& key, std::string_view fallback) {
  auto found = map.find(key);
  return found == map.end() ? std::string(fallback) : found->second;
}

const std::map<std::string, ServerState>& servers_in(const Worker& worker, const std::string& section) {
  static const std::map<std::string, ServerState> kNone;
  auto found = worker.servers.find(section);
  return found == worker.servers.end() ? kNone : found->second;
}

bool takes_requests(const std::map<std::string, ServerState>& servers) {
  return std::any_of(servers.begin(), servers.end(), [](auto& s) { return s.second.mode == ServerMode::Ready; });
}

bool is_leaving(const LeavingPods& leaving, const Server& server) {
  auto found = leaving.find(server.ip);
  return found != leaving.end() && (found->second.empty() || server.uid.empty() || found->second == server.uid);
}

std::string ip_of(const std::string& address) { return address.substr(0, address.rfind(':')); }

// The shares of a rule as one worker shows them, by slot.
std::map<int, int> shares_by_slot(const Worker& worker, const std::string& rule) {
  std::map<int, int> out;
  for (const SlotShare& s : read_weights(lookup(worker.weights, rule, ""))) out[s.slot] += s.share;
  return out;
}

// One rule in one worker: gathers commands and the state that they lead to.
class RulePlanner {
 public:
  RulePlanner(const RuleTarget& target, const RuleSpec& spec, const Observed& observed, const Worker& worker,
              const LeavingPods& leaving, const std::set<std::string>& given_up, const MapFiles& files, Plan& plan)
      : target_(target),
        spec_(spec),
        observed_(observed),
        worker_(worker),
        leaving_(leaving),
        given_up_(given_up),
        files_(files),
        plan_(plan) {
    for (int i = 0; i < spec.slots; ++i) service_of_.push_back(lookup(worker.slots, section(i), kFree));
  }

  void current() {
    set(files_.salts, worker_.salts, plan_.salts, spec_.id, target_.salt);
    assign_slots();
    for (const BackendTarget& b : target_.backends) add_servers(b);
    move_shares();
    remove_servers();
    free_slots();
    for (int i = 0; i < spec_.slots; ++i) plan_.slots[section(i)] = service_of_[static_cast<std::size_t>(i)];
    if (!held_ && is_applied()) plan_.applied.insert(spec_.id);
    if (held_) plan_.held[spec_.id] = *held_;
  }

  // An old worker has the servers it has, and its slots keep their meaning.
  void old() {
    auto shares = wanted_shares();
    bool able =
        shares && carries(*shares, [&](int slot) { return takes_requests(servers_in(worker_, section(slot))); });
    if (able) set(files_.weights, worker_.weights, ignored_, spec_.id, write_weights(*shares));
    if (!able || lookup(worker_.weights, spec_.id, "") != write_weights(*shares)) {
      plan_.applied.erase(spec_.id);
      plan_.waiting = true;
      plan_.held.try_emplace(spec_.id, "an old worker of the proxy has requests to end");
    }
  }

 private:
  std::string section(int slot) const { return slot_name(spec_.id, slot); }
  void send(const std::string& text) { plan_.commands.push_back({worker_.pid, text}); }

  void set(const std::string& file, const Map& now, Map& after, const std::string& key, const std::string& value) {
    after[key] = value;
    auto found = now.find(key);
    if (found != now.end() && found->second == value) return;
    const char* verb = found == now.end() ? "add map " : "set map ";
    send(verb + file + " " + socket_word(key) + " " + socket_word(value));
  }

  std::optional<int> slot_of(const std::string& service) const {
    auto found = std::find(service_of_.begin(), service_of_.end(), service);
    if (found == service_of_.end()) return std::nullopt;
    return static_cast<int>(found - service_of_.begin());
  }

  bool is_wanted(const std::string& service) const {
    return std::any_of(target_.backends.begin(), target_.backends.end(), [&](auto& b) { return b.service == service; });
  }

  void assign_slots() {
    for (const BackendTarget& b : target_.backends) {
      if (slot_of(b.service)) continue;
      auto free = std::find(service_of_.begin(), service_of_.end(), kFree);
      if (free == service_of_.end()) {
        hold("all slots still have requests to end");
        continue;
      }
      *free = b.service;
      set(files_.slots, worker_.slots, plan_.slots, section(static_cast<int>(free - service_of_.begin())), b.service);
    }
  }

  void hold(const std::string& why) {
    if (!held_) held_ = why;
    plan_.waiting = true;
  }

  // Ready endpoints in; a server that was on its way out comes back.
  void add_servers(const BackendTarget& backend) {
    auto slot = slot_of(backend.service);
    if (!slot) return;
    for (const Server& s : backend.servers) {
      if (!s.ready || is_leaving(leaving_, s)) continue;
      const auto& there = servers_in(worker_, section(*slot));
      auto found = there.find(s.name);
      std::string name = section(*slot) + "/" + socket_word(s.name);
      usable_.insert(*slot);
      if (found == there.end()) {
        send("add server " + name + " " + socket_word(s.address));
        send("enable server " + name);
      } else if (found->second.mode != ServerMode::Ready) {
        send("set server " + name + " state ready");
      }
    }
  }

  // In the order of the route's backends; nullopt when one with a share has no slot.
  std::optional<std::vector<SlotShare>> wanted_shares() const {
    std::vector<SlotShare> out;
    for (const Zone& zone : zones_of(target_)) {
      auto slot = slot_of(target_.backends[zone.backend].service);
      if (!slot && zone.share > 0) return std::nullopt;
      if (slot) out.push_back({*slot, zone.share});
    }
    return out;
  }

  // A slot that answers 500 by itself carries its share too.
  template <class HasServers>
  bool carries(const std::vector<SlotShare>& shares, HasServers has_servers) const {
    return std::all_of(shares.begin(), shares.end(), [&](const SlotShare& s) {
      return s.share == 0 || service_of_[static_cast<std::size_t>(s.slot)] == kInvalidService || has_servers(s.slot);
    });
  }

  bool has_server_now(int slot) const { return takes_requests(servers_in(worker_, section(slot))); }

  void move_shares() {
    std::string now = lookup(worker_.weights, spec_.id, "");
    auto shares = wanted_shares();
    if (!shares) return keep_shares(now);
    std::string wanted = write_weights(*shares);
    bool able = carries(*shares, [&](int slot) { return usable_.contains(slot) || has_server_now(slot); });
    bool works =
        !now.empty() && now != "0:0" && carries(read_weights(now), [&](int slot) { return has_server_now(slot); });
    if (now != wanted && !able && works) {
      hold("a version that shall get requests has no ready endpoint");
      return keep_shares(now);
    }
    shares_ = *shares;
    set(files_.weights, worker_.weights, plan_.weights, spec_.id, wanted);
  }

  void keep_shares(const std::string& now) {
    shares_ = read_weights(now);
    plan_.weights[spec_.id] = now.empty() ? "0:0" : now;
  }

  // Does the slot get requests, now or after these commands?
  bool is_used(int slot) const {
    bool after = std::any_of(shares_.begin(), shares_.end(), [&](auto& s) { return s.slot == slot && s.share > 0; });
    auto now = shares_by_slot(worker_, spec_.id);
    return after || (now.contains(slot) && now[slot] > 0);
  }

  const Server* endpoint(const std::string& service, const std::string& server) const {
    for (const BackendTarget& b : target_.backends) {
      if (b.service != service) continue;
      for (const Server& s : b.servers) {
        if (s.name == server) return &s;
      }
    }
    return nullptr;
  }

  void remove_servers() {
    for (int slot = 0; slot < spec_.slots; ++slot) {
      const std::string& service = service_of_[static_cast<std::size_t>(slot)];
      for (const auto& [name, state] : servers_in(worker_, section(slot))) {
        const Server* e = endpoint(service, name);
        if (e && e->ready && !is_leaving(leaving_, *e)) continue;
        remove(slot, name, state, e);
      }
    }
  }

  void remove(int slot, const std::string& name, const ServerState& state, const Server* endpoint) {
    std::string full = section(slot) + "/" + socket_word(name);
    if (state.mode == ServerMode::Ready) {
      plan_.waiting = true;
      // A slot that is losing its share goes only once this worker sends no requests there any more.
      if (!is_wanted(service_of_[static_cast<std::size_t>(slot)]) && is_used(slot)) return;
      if (is_needed(slot, state, endpoint)) {
        plan_.last_ones.insert(ip_of(state.address));
        return;
      }
      return send("set server " + full + " state drain");
    }
    plan_.waiting = true;
    if (state.sessions > 0) return;
    if (state.mode == ServerMode::Drain) send("set server " + full + " state maint");
    send("del server " + full);
  }

  // The last server of a slot with requests. One that is unready without being on its way out must not get any, last or
  // not.
  bool is_needed(int slot, const ServerState& state, const Server* endpoint) const {
    bool unready = endpoint && !endpoint->ready && !endpoint->terminating;
    return is_used(slot) && !usable_.contains(slot) && !unready && !given_up_.contains(ip_of(state.address));
  }

  bool has_share_anywhere(int slot) const {
    return std::any_of(observed_.workers.begin(), observed_.workers.end(), [&](const Worker& w) {
      auto shares = shares_by_slot(w, spec_.id);
      return shares.contains(slot) && shares[slot] > 0;
    });
  }

  void free_slots() {
    for (int slot = 0; slot < spec_.slots; ++slot) {
      std::string& service = service_of_[static_cast<std::size_t>(slot)];
      if (service == kFree || is_wanted(service)) continue;
      bool busy = !servers_in(worker_, section(slot)).empty() || is_used(slot) || has_share_anywhere(slot);
      plan_.waiting = plan_.waiting || busy;
      if (busy) continue;
      service = kFree;
      set(files_.slots, worker_.slots, plan_.slots, section(slot), service);
    }
  }

  bool is_applied() const {
    auto shares = wanted_shares();
    if (!shares || lookup(worker_.weights, spec_.id, "") != write_weights(*shares)) return false;
    for (const BackendTarget& b : target_.backends) {
      int slot = *slot_of(b.service);
      if (lookup(worker_.slots, section(slot), kFree) != b.service) return false;
      const auto& there = servers_in(worker_, section(slot));
      for (const Server& s : b.servers) {
        if (!s.ready || is_leaving(leaving_, s)) continue;
        auto found = there.find(s.name);
        if (found == there.end() || found->second.mode != ServerMode::Ready) return false;
      }
    }
    return true;
  }

  const RuleTarget& target_;
  const RuleSpec& spec_;
  const Observed& observed_;
  const Worker& worker_;
  const LeavingPods& leaving_;
  const std::set<std::string>& given_up_;
  const MapFiles& files_;
  Plan& plan_;
  std::vector<std::string> service_of_;  // by slot, after the commands
  std::set<int> usable_;                 // slots with a ready endpoint, after the commands
  std::vector<SlotShare> shares_;        // after the commands
  std::optional<std::string> held_;
  Map ignored_;
};

}  // namespace

Plan plan(const Targets& targets, const std::map<std::string, RuleSpec>& rules, const Observed& observed,
          const LeavingPods& leaving, const std::set<std::string>& given_up, const MapFiles& files) {
  Plan out;
  for (const auto& [id, target] : targets) {
    auto spec = rules.find(id);
    if (spec == rules.end()) continue;
    for (const Worker& worker : observed.workers) {
      if (!worker.sections.contains(slot_name(id, 0))) {
        // A worker without the rule gets no request for it.
        if (!worker.old) out.held[id] = "the proxy has not loaded this rule";
        continue;
      }
      RulePlanner planner(target, spec->second, observed, worker, leaving, given_up, files, out);
      worker.old ? planner.old() : planner.current();
    }
  }
  return out;
}

bool is_drained(const Observed& observed, const std::string& ip) {
  std::string prefix = ip + ":";
  for (const Worker& worker : observed.workers) {
    for (const auto& [section, servers] : worker.servers) {
      for (const auto& [name, state] : servers) {
        if (!state.address.starts_with(prefix)) continue;
        // `set server` is refused in an old worker: there a server is out only when its slot gets nothing.
        auto dot = section.rfind(".s");
        auto shares = shares_by_slot(worker, section.substr(0, dot));
        int slot = std::atoi(section.c_str() + dot + 2);
        bool out = state.mode != ServerMode::Ready || (worker.old && shares[slot] == 0);
        if (!out || state.sessions > 0) return false;
      }
    }
  }
  return true;
}

std::map<std::string, ServiceFacts> facts_of(const Worker& worker, const std::string& rule) {
  std::map<std::string, ServiceFacts> out;
  auto shares = shares_by_slot(worker, rule);
  for (int slot = 0; slot < kMaxSlots; ++slot) {
    std::string section = slot_name(rule, slot);
    auto service = worker.slots.find(section);
    if (service == worker.slots.end()) break;
    if (service->second == kFree) continue;
    ServiceFacts& facts = out[service->second];
    facts.share += shares[slot];
    auto counts = worker.sections.find(section);
    if (counts != worker.sections.end()) facts.sessions += counts->second.sessions;
    for (const auto& [_, s] : servers_in(worker, section)) facts.servers += s.mode == ServerMode::Ready;
  }
  return out;
}

}  // namespace slipway::gateway
