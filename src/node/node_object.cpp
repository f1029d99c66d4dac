#include "node/node_object.h"

namespace slipway::node {

using data::Value;

namespace {

constexpr std::int64_t kLeaseSeconds = 40;

Value condition(const char* type, bool holds, const char* reason, const std::string& message, base::Time now) {
  const std::string when = base::format_time(now);
  return Value::object({{"type", type},
                        {"status", holds ? "True" : "False"},
                        {"reason", reason},
                        {"message", message},
                        {"lastHeartbeatTime", when},
                        {"lastTransitionTime", when}});
}

Value labels(const AgentOptions& o, const RuntimeReport& report) {
  return Value::object({{"kubernetes.io/hostname", o.name},
                        {"kubernetes.io/os", "linux"},
                        {"kubernetes.io/arch", o.machine.architecture},
                        {"slipway.dev/runtime", report.name}});
}

std::string notes_of(const RuntimeReport& report) {
  std::string out;
  for (const std::string& note : report.notes) out += (out.empty() ? "" : "; ") + note;
  return out;
}

}  // namespace

Value node_object(const AgentOptions& o, const RuntimeReport& report) {
  Value metadata = Value::object({{"name", o.name}, {"labels", labels(o, report)}});
  if (!report.notes.empty())
    metadata.set("annotations", Value::object({{"slipway.dev/runtime-notes", notes_of(report)}}));
  return Value::object({{"apiVersion", "v1"},
                        {"kind", "Node"},
                        {"metadata", metadata},
                        {"spec", Value::object({{"podCIDR", report.pod_range + ".0.0/16"}})}});
}

Value node_status(const AgentOptions& o, const RuntimeReport& report, base::Time now) {
  const Value resources = Value::object({{"cpu", std::to_string(o.machine.cpus)},
                                         {"memory", std::to_string(o.machine.memory / 1024) + "Ki"},
                                         {"pods", std::to_string(o.max_pods)}});
  const std::string text =
      "slipway runs pods as processes (" + report.name + (report.limits ? "" : ", without memory and cpu limits") + ")";
  return Value::object(
      {{"capacity", resources},
       {"allocatable", resources},
       {"conditions",
        Value::array(
            {condition("MemoryPressure", false, "KubeletHasSufficientMemory", "kubelet has sufficient memory available",
                       now),
             condition("DiskPressure", false, "KubeletHasNoDiskPressure", "kubelet has no disk pressure", now),
             condition("PIDPressure", false, "KubeletHasSufficientPID", "kubelet has sufficient PID available", now),
             condition("Ready", true, "KubeletReady", text, now)})},
       {"addresses", Value::array({Value::object({{"type", "InternalIP"}, {"address", o.host_ip}}),
                                   Value::object({{"type", "Hostname"}, {"address", o.name}})})},
       {"nodeInfo", Value::object({{"kernelVersion", o.machine.kernel},
                                   {"osImage", o.machine.os_image},
                                   {"operatingSystem", "linux"},
                                   {"architecture", o.machine.architecture},
                                   {"machineID", o.machine.machine_id},
                                   {"systemUUID", o.machine.machine_id},
                                   {"bootID", o.machine.boot_id},
                                   {"containerRuntimeVersion", "slipway://" SLIPWAY_VERSION "-" + report.name},
                                   {"kubeletVersion", o.version},
                                   {"kubeProxyVersion", o.version}})}});
}

Value lease_object(const AgentOptions& o, base::Time now) {
  return Value::object({{"apiVersion", "coordination.k8s.io/v1"},
                        {"kind", "Lease"},
                        {"metadata", Value::object({{"name", o.name}, {"namespace", "kube-node-lease"}})},
                        {"spec", Value::object({{"holderIdentity", o.name},
                                                {"leaseDurationSeconds", kLeaseSeconds},
                                                {"renewTime", base::format_micro_time(now)}})}});
}

}  // namespace slipway::node
