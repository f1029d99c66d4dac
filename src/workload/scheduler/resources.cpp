#include "workload/scheduler/resources.h"

#include <algorithm>

#include "data/quantity.h"

namespace slipway::workload::scheduler {

using data::Value;

namespace {

Amounts amounts(const Value& quantities) {
  Amounts out;
  for (const data::Member& member : quantities.members())
    if (const auto quantity = data::Quantity::from_value(member.value)) out[member.key.str()] = quantity->milli();
  return out;
}

Amounts requests_of_container(const Value& container) {
  const Value& resources = container["resources"];
  Amounts out = amounts(resources["limits"]);
  for (auto& [name, amount] : amounts(resources["requests"])) out[name] = amount;
  return out;
}

void raise_to(Amounts& to, const Amounts& other) {
  for (const auto& [name, amount] : other) to[name] = std::max(to[name], amount);
}

}  // namespace

void add(Amounts& to, const Amounts& more) {
  for (const auto& [name, amount] : more) to[name] += amount;
}

Amounts requests_of(const Value& pod) {
  const Value& spec = pod["spec"];
  Amounts total, greediest, running;
  for (const Value& container : spec["containers"].items()) add(total, requests_of_container(container));
  for (const Value& container : spec["initContainers"].items()) {
    Amounts needed = requests_of_container(container);
    if (container["restartPolicy"].as_string() == "Always") {
      add(running, needed);
      continue;
    }
    add(needed, running);
    raise_to(greediest, needed);
  }
  add(total, running);
  raise_to(total, greediest);
  add(total, amounts(spec["overhead"]));
  total["pods"] = 1000;
  return total;
}

Amounts allocatable_of(const Value& node) {
  const Value& status = node["status"];
  return amounts(status["allocatable"].is_null() ? status["capacity"] : status["allocatable"]);
}

}  // namespace slipway::workload::scheduler
