#include "workload/daemonset/pods.h"

#include <algorithm>
#include <array>
#include <utility>

#include "api/meta.h"
#include "base/strings.h"
#include "control/pod.h"
#include "workload/revisions/history.h"
#include "workload/scheduler/placement.h"

namespace slipway::workload::daemonset {

using data::Value;

namespace {

using Taint = std::pair<std::string_view, std::string_view>;  // key and effect
constexpr std::array<Taint, 6> kTolerated = {{{"node.kubernetes.io/not-ready", "NoExecute"},
                                              {"node.kubernetes.io/unreachable", "NoExecute"},
                                              {"node.kubernetes.io/disk-pressure", "NoSchedule"},
                                              {"node.kubernetes.io/memory-pressure", "NoSchedule"},
                                              {"node.kubernetes.io/pid-pressure", "NoSchedule"},
                                              {"node.kubernetes.io/unschedulable", "NoSchedule"}}};
constexpr Taint kNetwork = {"node.kubernetes.io/network-unavailable", "NoSchedule"};

constexpr std::string_view kRequired = "requiredDuringSchedulingIgnoredDuringExecution";

// One that says the same, but only for some time, is replaced.
void tolerate(Value& tolerations, const Taint& taint) {
  const Value wanted = Value::object({{"key", taint.first}, {"operator", "Exists"}, {"effect", taint.second}});
  for (std::size_t i = 0; i < tolerations.size(); ++i) {
    if (tolerations.at(i).without("tolerationSeconds") != wanted) continue;
    tolerations.set_at(i, wanted);
    return;
  }
  tolerations.push_back(wanted);
}

Value with_tolerations(Value spec) {
  Value tolerations = spec["tolerations"];
  if (tolerations.is_null()) tolerations = Value::array();
  for (const Taint& taint : kTolerated) tolerate(tolerations, taint);
  if (spec["hostNetwork"].as_bool()) tolerate(tolerations, kNetwork);
  spec.set("tolerations", std::move(tolerations));
  return spec;
}

// Takes the place of what the template requires of nodes: this one has it.
void bind_to(Value& spec, std::string_view node) {
  const Value field = Value::object({{"key", "metadata.name"}, {"operator", "In"}, {"values", Value::array({node})}});
  const Value term = Value::object({{"matchFields", Value::array({field})}});
  spec.set({"affinity", "nodeAffinity", kRequired, "nodeSelectorTerms"}, Value::array({term}));
}

bool has_untolerated(const Value& pod, const Value& node, std::initializer_list<std::string_view> effects) {
  return std::ranges::any_of(node["spec"]["taints"].items(), [&](const Value& taint) {
    return std::ranges::find(effects, taint["effect"].as_string()) != effects.end() &&
           !scheduler::tolerates(pod, taint);
  });
}

}  // namespace

NodeWish wish_of(const Value& set, const Value& node) {
  const Value& spec = set["spec"]["template"]["spec"];
  const std::string_view fixed = spec["nodeName"].as_string();
  if (!fixed.empty() && fixed != api::name_of(node)) return {};
  const Value pod = Value::object({{"spec", with_tolerations(spec)}});
  if (!scheduler::matches_labels(pod, node)) return {};
  return {.run = !has_untolerated(pod, node, {"NoSchedule", "NoExecute"}),
          .keep = !has_untolerated(pod, node, {"NoExecute"})};
}

Value new_pod(const Value& set, const replicaset::PodName& name, std::string_view node, std::string_view hash,
              std::int64_t attempt) {
  const Value& pod_template = set["spec"]["template"];
  Value metadata = Value::object(
      {{"name", name.name}, {"generateName", std::string(api::name_of(set)) + "-"}, {"namespace", api::space_of(set)}});
  for (const std::string_view field : {"labels", "annotations", "finalizers"})
    if (const Value& value = pod_template["metadata"][field]; !value.is_empty()) metadata.set(field, value);
  metadata.set({"labels", revisions::kPodLabel}, hash);
  metadata.set({"annotations", replicaset::kOrdinal}, std::to_string(name.ordinal));
  if (attempt > 0) metadata.set({"annotations", kAttempt}, std::to_string(attempt));
  metadata.set("ownerReferences", Value::array({api::controller_reference(set, api::kDaemonSets)}));
  Value spec = with_tolerations(pod_template["spec"]);
  bind_to(spec, node);
  return Value::object(
      {{"apiVersion", "v1"}, {"kind", "Pod"}, {"metadata", std::move(metadata)}, {"spec", std::move(spec)}});
}

std::string_view target_of(const Value& pod) {
  if (const std::string_view node = control::node_of(pod); !node.empty()) return node;
  for (const Value& term : pod["spec"]["affinity"]["nodeAffinity"][kRequired]["nodeSelectorTerms"].items())
    for (const Value& field : term["matchFields"].items())
      if (field["key"].as_string() == "metadata.name" && field["operator"].as_string() == "In")
        return field["values"].size() == 1 ? field["values"].at(0).as_string() : std::string_view();
  return {};
}

std::int64_t attempt_of(const Value& pod) { return base::parse_int(api::annotation(pod, kAttempt)).value_or(0); }

}  // namespace slipway::workload::daemonset
