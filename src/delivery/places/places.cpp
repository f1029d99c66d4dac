#include "delivery/places/places.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "api/meta.h"
#include "control/mutants.h"
#include "delivery/state.h"

namespace slipway::delivery::places {
namespace {

using control::Mutant;
using control::mutant;
using data::Value;

std::optional<std::int64_t> cap_of(const Value& v) { return v.is_int() ? std::optional(v.as_int()) : std::nullopt; }

// What of a Release's status counts here; the whole of it is not read, since there may be many.
struct Claim {
  const Value* release;
  std::string_view space, name, uid;
  std::int64_t ticket = 0;
  std::string_view since = {};
  bool under_way = false;
  bool asks = false;

  bool stands() const { return under_way || asks; }
};

Claim claim_of(const Value& release) {
  const Value& status = release["status"];
  return {.release = &release,
          .space = api::space_of(release),
          .name = api::name_of(release),
          .uid = api::uid_of(release),
          .ticket = status["ticket"]["number"].as_int(),
          .since = status["ticket"]["since"].as_string(),
          .under_way = status["candidate"].is_object(),
          .asks = status["waiting"]["reason"].as_string() == to_text(WaitReason::Place)};
}

bool is_of(const Value& place, const Claim& claim) {
  return place["uid"].as_string() == claim.uid && place["ticket"].as_int() == claim.ticket;
}

Value place_for(const Claim& c) {
  return Value::object({{"namespace", c.space}, {"name", c.name}, {"uid", c.uid}, {"ticket", c.ticket}});
}

using Places = std::map<std::pair<std::string_view, std::string_view>, Value>;  // by namespace and name

// A claim that is older than the place is the Release as it was before: it is not believed.
bool keeps(const Value& place, const Claim& claim) {
  if (place["uid"].as_string() != claim.uid || claim.ticket > place["ticket"].as_int()) return false;
  return claim.ticket < place["ticket"].as_int() || claim.stands();
}

Places kept_places(const Value& policy, const std::vector<Claim>& claims) {
  std::map<std::string_view, const Value*> known;
  for (const Value& place : policy["status"]["places"].items()) known[place["uid"].as_string()] = &place;
  Places out;
  for (const Claim& c : claims) {
    const auto place = known.find(c.uid);
    if (place != known.end() && keeps(*place->second, c))
      out[{c.space, c.name}] = *place->second;
    else if (c.under_way)
      out[{c.space, c.name}] = place_for(c);
  }
  return out;
}

std::vector<const Claim*> queue_of(const std::vector<Claim>& claims, const Places& taken) {
  std::vector<const Claim*> out;
  for (const Claim& c : claims)
    if (c.asks && !c.under_way && !taken.contains({c.space, c.name})) out.push_back(&c);
  std::ranges::sort(out, {}, [](const Claim* c) { return std::tuple(c->since, c->space, c->name); });
  return out;
}

// Whoever's namespace is full lets the next ones pass.
void give(const Caps& caps, std::vector<const Claim*>& queue, Places& taken) {
  std::map<std::string_view, std::int64_t> in_space;
  for (const auto& [where, place] : taken) ++in_space[where.first];
  std::erase_if(queue, [&](const Claim* c) {
    if (mutant(Mutant::GiveOnePlaceTooMany) && std::ssize(taken) == caps.cluster)
      return taken[{c->space, c->name}] = place_for(*c), true;
    if (caps.cluster && std::ssize(taken) >= *caps.cluster) return false;
    if (caps.space && in_space[c->space] >= *caps.space) return false;
    ++in_space[c->space];
    taken[{c->space, c->name}] = place_for(*c);
    return true;
  });
}

Value shown(const std::vector<const Claim*>& queue) {
  Value out = Value::array();
  for (std::size_t i = 0; i < std::min(queue.size(), kQueueShown); ++i) {
    Value entry = Value::object(
        {{"namespace", queue[i]->space}, {"name", queue[i]->name}, {"place", static_cast<std::int64_t>(i) + 1}});
    if (!queue[i]->since.empty()) entry.set("since", queue[i]->since);
    out.push_back(std::move(entry));
  }
  return out;
}

std::string ordinal(std::int64_t n) {
  const std::int64_t last = n % 10, teens = n % 100;
  const char* end = teens >= 11 && teens <= 13 ? "th" : last == 1 ? "st" : last == 2 ? "nd" : last == 3 ? "rd" : "th";
  return fmt::format("{}{}", n, end);
}

std::string place_in_queue(const Value& policy, const Value& release) {
  for (const Value& entry : policy["status"]["queue"].items())
    if (entry["namespace"].as_string() == api::space_of(release) && entry["name"].as_string() == api::name_of(release))
      return fmt::format("; {} in the queue", ordinal(entry["place"].as_int()));
  if (policy["status"]["waiting"].as_int() <= static_cast<std::int64_t>(kQueueShown)) return "";
  return fmt::format("; more than {} are before it", kQueueShown);
}

}  // namespace

Caps caps_of(const Value& policy) {
  return {cap_of(policy["spec"]["maxConcurrent"]), cap_of(policy["spec"]["maxConcurrentPerNamespace"])};
}

bool has_place(const Value& policy, std::string_view uid, std::int64_t ticket) {
  return std::ranges::any_of(policy["status"]["places"].items(), [&](const Value& place) {
    return place["uid"].as_string() == uid && place["ticket"].as_int() == ticket;
  });
}

std::string queue_text(const Value& policy, const Value& release) {
  const Caps caps = caps_of(policy);
  const auto& places = policy["status"]["places"];
  const auto all = static_cast<std::int64_t>(places.size());
  const std::int64_t here = std::ranges::count_if(
      places.items(), [&](const Value& p) { return p["namespace"].as_string() == api::space_of(release); });
  const std::string place = place_in_queue(policy, release);
  const auto text = [&](std::int64_t n, const std::string& where, std::int64_t cap) {
    return fmt::format("waits for its turn: {} release{} under way{}, the cap is {}{}", n, n == 1 ? " is" : "s are",
                       where, cap, place);
  };
  if (caps.cluster && all >= *caps.cluster) return text(all, "", *caps.cluster);
  if (caps.space && here >= *caps.space)
    return text(here, fmt::format(" in namespace {}", api::space_of(release)), *caps.space);
  return "waits for its turn" + place;
}

bool concerns(const Value& policy, const Value& release) {
  if (!caps_of(policy).any()) return false;
  const Claim claim = claim_of(release);
  const auto& places = policy["status"]["places"];
  const auto mine =
      std::ranges::find_if(places.items(), [&](const Value& place) { return place["uid"].as_string() == claim.uid; });
  if (mine == places.items().end()) return claim.stands();
  return !is_of(*mine, claim) || !claim.stands();
}

control::Decision decide(const Value& policy, const std::vector<Value>& releases) {
  Value status = Value::object({{"observedGeneration", api::generation_of(policy)}});
  const Caps caps = caps_of(policy);
  if (caps.any()) {
    std::vector<Claim> claims;
    for (const Value& release : releases) claims.push_back(claim_of(release));
    Places taken = kept_places(policy, claims);
    std::vector<const Claim*> queue = queue_of(claims, taken);
    give(caps, queue, taken);
    Value places = Value::array();
    for (auto& [where, place] : taken) places.push_back(place);
    status.set("places", std::move(places));
    if (!queue.empty()) {
      status.set("waiting", static_cast<std::int64_t>(queue.size()));
      status.set("queue", shown(queue));
    }
  }
  return {.status = std::move(status)};
}

}  // namespace slipway::delivery::places
