#include "workload/endpointslice/decide.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "api/meta.h"
#include "base/hash.h"
#include "control/patch.h"
#include "control/pod.h"
#include "data/json.h"

namespace slipway::workload::endpointslice {

using control::Decision;
using data::Value;

namespace {

// The container port that a name stands for; null when the pod has none of that name and protocol.
Value named_port(const Value& pod, std::string_view name, std::string_view protocol) {
  for (const Value& container : pod["spec"]["containers"].items())
    for (const Value& port : container["ports"].items())
      if (port["name"].as_string() == name && port["protocol"].as_string("TCP") == protocol)
        return port["containerPort"];
  return {};
}

bool belongs(const Value& pod) { return !control::is_terminal(pod) && !pod["status"]["podIP"].is_empty(); }

struct Conditions {
  bool ready, serving, terminating;
};

Conditions conditions_of(const Value& service, const Value& pod) {
  const bool ready = control::is_ready(pod), terminating = api::is_deleting(pod);
  const bool published = service["spec"]["publishNotReadyAddresses"].as_bool();
  return {published || (ready && !terminating), ready, terminating};
}

bool has_hostname(const Value& service, const Value& pod) {
  return !pod["spec"]["hostname"].is_empty() && pod["spec"]["subdomain"] == service["metadata"]["name"];
}

Value endpoint_of(const Value& service, const Value& pod) {
  const Conditions is = conditions_of(service, pod);
  Value endpoint = Value::object(
      {{"addresses", Value::array({pod["status"]["podIP"]})},
       {"conditions", Value::object({{"ready", is.ready}, {"serving", is.serving}, {"terminating", is.terminating}})},
       {"targetRef", Value::object({{"kind", "Pod"},
                                    {"name", api::name_of(pod)},
                                    {"namespace", api::space_of(pod)},
                                    {"uid", api::uid_of(pod)}})}});
  if (const std::string_view node = control::node_of(pod); !node.empty()) endpoint.set("nodeName", node);
  if (has_hostname(service, pod)) endpoint.set("hostname", pod["spec"]["hostname"]);
  return endpoint;
}

// Is `endpoint` what `endpoint_of` would make of the pod with its uid? Compares without making it.
bool says_the_same(const Value& endpoint, const Value& service, const Value& pod) {
  const Conditions is = conditions_of(service, pod);
  const Value& shown = endpoint["conditions"];
  if (!shown["ready"].is_bool() || shown["ready"].as_bool() != is.ready) return false;
  if (!shown["serving"].is_bool() || shown["serving"].as_bool() != is.serving) return false;
  if (!shown["terminating"].is_bool() || shown["terminating"].as_bool() != is.terminating) return false;
  const Value& target = endpoint["targetRef"];
  return endpoint["addresses"].size() == 1 && endpoint["addresses"].at(0) == pod["status"]["podIP"] &&
         target["name"].as_string() == api::name_of(pod) && target["namespace"].as_string() == api::space_of(pod) &&
         target["kind"].as_string() == "Pod" && target.size() == 4 && shown.size() == 3 &&
         endpoint["nodeName"].as_string() == control::node_of(pod) &&
         endpoint.size() == 3u + !control::node_of(pod).empty() + has_hostname(service, pod) &&
         (!has_hostname(service, pod) || endpoint["hostname"] == pod["spec"]["hostname"]);
}

// A name may stand for another number in every pod.
bool has_named_port(const Value& service) {
  return std::ranges::any_of(service["spec"]["ports"].items(),
                             [](const Value& port) { return port["targetPort"].is_string(); });
}

// Identifies a list of ports, whether a server leaves out an empty name or keeps it.
std::string key_of(const Value& ports) {
  Value plain = Value::array();
  for (const Value& port : ports.items())
    plain.push_back(Value::array(
        {port["name"].as_string(), port["port"], port["protocol"].as_string("TCP"), port["appProtocol"].as_string()}));
  return data::to_json(plain);
}

// One slice as it shall be.
struct Draft {
  const Value* existing = nullptr;
  std::vector<Value> endpoints;
};

// All slices with one list of ports.
struct Group {
  Value ports;
  std::map<std::string_view, Value> missing;  // endpoints that are in no slice yet, by pod uid
  std::vector<Draft> drafts;
};

class Pass {
 public:
  explicit Pass(const Observation& seen) : seen_(seen) {}

  Decision run() {
    collect();
    keep_what_is_there();
    for (auto& [ports, group] : groups_) {
      fill(group);
      for (const Draft& draft : group.drafts) write(group, draft);
    }
    if (!out_.effects.empty())
      out_.reasons.push_back({.rule = "endpointslice.sync",
                              .text = std::to_string(seen_.pods.size()) + " pods, " +
                                      std::to_string(out_.effects.size()) + " slices change"});
    out_.rest = kRestPerPod * static_cast<std::int64_t>(seen_.pods.size());
    return std::move(out_);
  }

 private:
  void collect() {
    index_what_is_there();
    Group* same = nullptr;  // of every pod, unless a port's number depends on the pod
    for (const Value& pod : seen_.pods) {
      if (!belongs(pod)) continue;
      Group& group = same != nullptr ? *same : group_of(resolve_ports(seen_.service, pod));
      if (!has_named_port(seen_.service)) same = &group;
      group.missing[api::uid_of(pod)] = endpoint_for(pod);
    }
    // A Service without pods has one empty slice: "no endpoints" is an answer, too.
    if (groups_.empty()) group_of(resolve_ports(seen_.service, Value()));
  }

  void index_what_is_there() {
    for (const Value& slice : seen_.slices)
      for (const Value& endpoint : slice["endpoints"].items())
        present_[endpoint["targetRef"]["uid"].as_string()] = &endpoint;
  }

  // Nearly all endpoints are as they were: those are shared, not made anew.
  Value endpoint_for(const Value& pod) const {
    const auto present = present_.find(api::uid_of(pod));
    if (present != present_.end() && says_the_same(*present->second, seen_.service, pod)) return *present->second;
    return endpoint_of(seen_.service, pod);
  }

  Group& group_of(Value ports) {
    Group& group = groups_[key_of(ports)];
    group.ports = std::move(ports);
    return group;
  }

  // Endpoints stay where they are; slices that are left without a group or without endpoints go.
  void keep_what_is_there() {
    for (const Value& slice : seen_.slices) {
      if (api::is_deleting(slice)) continue;
      const auto it = groups_.find(key_of(slice["ports"]));
      if (it == groups_.end()) {
        remove(slice);
        continue;
      }
      Group& group = it->second;
      Draft draft{.existing = &slice};
      for (const Value& endpoint : slice["endpoints"].items()) {
        const auto wanted = group.missing.find(endpoint["targetRef"]["uid"].as_string());
        if (wanted == group.missing.end()) continue;
        draft.endpoints.push_back(std::move(wanted->second));
        group.missing.erase(wanted);
      }
      group.drafts.push_back(std::move(draft));
    }
  }

  // Emptiest slices last, so that the few that are nearly full fill up first.
  void fill(Group& group) {
    std::vector<Draft*> order;
    for (Draft& draft : group.drafts) order.push_back(&draft);
    std::ranges::sort(order, [](const Draft* a, const Draft* b) {
      if (a->endpoints.size() != b->endpoints.size()) return a->endpoints.size() > b->endpoints.size();
      return api::name_of(*a->existing) < api::name_of(*b->existing);
    });
    auto next = group.missing.begin();
    for (Draft* draft : order)
      for (; next != group.missing.end() && draft->endpoints.size() < kEndpointsPerSlice; ++next)
        draft->endpoints.push_back(std::move(next->second));
    while (next != group.missing.end()) {
      Draft draft;
      for (; next != group.missing.end() && draft.endpoints.size() < kEndpointsPerSlice; ++next)
        draft.endpoints.push_back(std::move(next->second));
      group.drafts.push_back(std::move(draft));
    }
    if (group.drafts.empty()) group.drafts.emplace_back();
    drop_empty(group);
  }

  void drop_empty(Group& group) {
    const bool all_empty = std::ranges::all_of(group.drafts, [](const Draft& d) { return d.endpoints.empty(); });
    bool kept_one = !all_empty;
    std::erase_if(group.drafts, [&](const Draft& draft) {
      if (!draft.endpoints.empty() || !std::exchange(kept_one, true)) return false;
      if (draft.existing != nullptr) remove(*draft.existing);
      return true;
    });
  }

  void write(const Group& group, const Draft& draft) {
    Value endpoints = Value::array_of(draft.endpoints);
    if (draft.existing == nullptr) return create(group, std::move(endpoints));
    const Value& slice = *draft.existing;
    const Value& present = slice["endpoints"];
    if (present == endpoints || (present.is_null() && endpoints.size() == 0)) return;
    out_.effects.push_back(
        control::patch_of(api::kEndpointSlices, slice, Value::object({{"endpoints", std::move(endpoints)}})));
  }

  void create(const Group& group, Value endpoints) {
    const Value& service = seen_.service;
    Value labels = Value::object({{kServiceName, api::name_of(service)}, {kManagedBy, kManager}});
    Value metadata = Value::object({{"name", free_name()}, {"namespace", api::space_of(service)}, {"labels", labels}});
    metadata.set("ownerReferences", Value::array({api::controller_reference(service, api::kServices)}));
    out_.effects.push_back(control::Create{api::kEndpointSlices, Value::object({{"apiVersion", "discovery.k8s.io/v1"},
                                                                                {"kind", "EndpointSlice"},
                                                                                {"metadata", metadata},
                                                                                {"addressType", "IPv4"},
                                                                                {"ports", group.ports},
                                                                                {"endpoints", std::move(endpoints)}})});
  }

  // The first free name of a fixed sequence: a repeated decision meets its own slices.
  std::string free_name() {
    const Value& service = seen_.service;
    while (true) {
      const std::string text = std::string(api::uid_of(service)) + "/" + std::to_string(names_++);
      std::string name =
          std::string(api::name_of(service)).substr(0, 50) + "-" + base::safe_encode(base::fnv1a32(text));
      if (!seen_.is_taken(name)) return name;
    }
  }

  void remove(const Value& slice) { out_.effects.push_back(control::delete_of(api::kEndpointSlices, slice)); }

  const Observation& seen_;
  std::unordered_map<std::string_view, const Value*> present_;  // endpoints by pod uid; never iterated
  std::map<std::string, Group> groups_;                         // by the JSON of their ports
  int names_ = 0;
  Decision out_;
};

}  // namespace

Value resolve_ports(const Value& service, const Value& pod) {
  Value ports = Value::array();
  for (const Value& port : service["spec"]["ports"].items()) {
    const std::string_view protocol = port["protocol"].as_string("TCP");
    const Value& target = port["targetPort"];
    Value number = target.is_null() ? port["port"] : target;
    if (target.is_string()) number = named_port(pod, target.as_string(), protocol);
    if (number.is_null()) continue;
    Value resolved = Value::object({{"name", port["name"].as_string()}, {"port", number}, {"protocol", protocol}});
    if (const Value& app = port["appProtocol"]; !app.is_empty()) resolved.set("appProtocol", app);
    ports.push_back(std::move(resolved));
  }
  return ports;
}

Decision decide(const Observation& seen, base::Time) { return Pass(seen).run(); }

}  // namespace slipway::workload::endpointslice
