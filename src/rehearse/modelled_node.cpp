#include "rehearse/modelled_node.h"

#include <algorithm>

#include "api/meta.h"
#include "api/resource.h"

namespace slipway::rehearse {

using client::Answer;
using client::Request;
using client::Verb;
using data::Value;

namespace {

constexpr base::Duration kRetry = base::milliseconds(200);
constexpr base::Duration kHeartbeat = base::seconds(10);
constexpr std::int64_t kBeatsPerStatus = 30;  // the Node's status is written each 5 min
constexpr std::int64_t kLeaseSeconds = 40;

client::ObjectName name_of(const Value& o) { return {std::string(api::space_of(o)), std::string(api::name_of(o))}; }

Value condition(std::string_view type, bool holds, base::Time since) {
  return Value::object(
      {{"type", type}, {"status", holds ? "True" : "False"}, {"lastTransitionTime", base::format_time(since)}});
}

// Keeps the time of the last transition when the pod says the same already.
Value condition_of(const Value& pod, std::string_view type, bool holds, base::Time now) {
  const Value& before = api::condition(pod, type);
  const bool same = before["status"].as_string() == (holds ? "True" : "False");
  return condition(type, holds, same ? api::time_at(before["lastTransitionTime"]).value_or(now) : now);
}

// An address of 10.244/16.
std::string address_of(std::int64_t number) {
  return "10.244." + std::to_string(number / 250 % 250) + "." + std::to_string(number % 250 + 2);
}

bool has_ended(const Value& pod) {
  const std::string_view phase = pod["status"]["phase"].as_string();
  return phase == "Succeeded" || phase == "Failed";
}

bool is_gone(const Answer& answer) { return !answer && answer.error().code == base::Code::NotFound; }

Value node_status(base::Time now, std::int64_t room) {
  const Value resources = Value::object({{"cpu", "1000"}, {"memory", "4000Gi"}, {"pods", std::to_string(room)}});
  Value ready = condition("Ready", true, now);
  ready.set("reason", "KubeletReady");
  ready.set("message", "its pods are modelled");
  ready.set("lastHeartbeatTime", base::format_time(now));
  return Value::object(
      {{"capacity", resources},
       {"allocatable", resources},
       {"conditions", Value::array({std::move(ready)})},
       {"nodeInfo", Value::object({{"kubeletVersion", "modelled"}, {"containerRuntimeVersion", "modelled"}})}});
}

}  // namespace

ModelledNode::ModelledNode(client::ApiClient& api, runtime::Loop& loop, runtime::Random& random, std::string name)
    : ModelledNode(api, loop, random, std::vector<std::string>{std::move(name)}) {}

ModelledNode::ModelledNode(client::ApiClient& api, runtime::Loop& loop, runtime::Random& random,
                           std::vector<std::string> names, std::int64_t room)
    : api_(api), loop_(loop), room_(room), pods_(api, loop, random, api::kPods) {
  for (std::string& name : names) nodes_[std::move(name)] = false;
}

void ModelledNode::start() {
  beat_all();
  pods_.add_listener([this](const Value& before, const Value& after) { changed(before, after); });
  pods_.start();
}

// --- nodes ------------------------------------------------------------------------------------------------

void ModelledNode::beat_all() {
  for (const auto& [node, registered] : nodes_) {
    if (!registered)
      enroll(node);
    else if (beats_ % kBeatsPerStatus == 0)
      write_node_status(node);
    beat(node);
  }
  ++beats_;
  heartbeat_timer_ = loop_.after(kHeartbeat, [this] { beat_all(); });
}

void ModelledNode::enroll(const std::string& node) {
  const Value object =
      Value::object({{"apiVersion", "v1"},
                     {"kind", "Node"},
                     {"metadata", Value::object({{"name", node},
                                                 {"labels", Value::object({{"kubernetes.io/hostname", node},
                                                                           {"kubernetes.io/os", "linux"}})}})}});
  api_.call({.verb = Verb::Create, .resource = api::kNodes, .body = object}, [this, node](Answer answer) {
    if (answer || answer.error().code == base::Code::AlreadyExists) write_node_status(node);
  });
}

void ModelledNode::write_node_status(const std::string& node) {
  api_.call({.verb = Verb::Patch,
             .resource = api::kNodes,
             .name = node,
             .subresource = "status",
             .body = Value::object({{"status", node_status(loop_.now(), room_)}}),
             .patch_type = client::PatchType::Strategic},
            [this, node](Answer answer) { nodes_[node] = answer.has_value(); });
}

// The Lease that keeps the node from being taken for dead.
void ModelledNode::beat(const std::string& node) {
  const Value lease = Value::object({{"apiVersion", "coordination.k8s.io/v1"},
                                     {"kind", "Lease"},
                                     {"metadata", Value::object({{"name", node}, {"namespace", "kube-node-lease"}})},
                                     {"spec", Value::object({{"holderIdentity", node},
                                                             {"leaseDurationSeconds", kLeaseSeconds},
                                                             {"renewTime", base::format_micro_time(loop_.now())}})}});
  api_.call({.verb = Verb::Patch,
             .resource = api::kLeases,
             .space = "kube-node-lease",
             .name = node,
             .body = lease,
             .patch_type = client::PatchType::Apply,
             .field_manager = "modelled-node",
             .force = true},
            [](Answer) {});
}

// --- pods -------------------------------------------------------------------------------------------------

void ModelledNode::changed(const Value& before, const Value& after) {
  if (after.is_null()) return forget(before);
  const std::string uid(api::uid_of(after));
  if (!before.is_null() && api::uid_of(before) != uid) forget(before);
  if (const Value& address = after["status"]["podIP"]; !address.is_empty()) addresses_.insert(address.str());
  if (!nodes_.contains(after["spec"]["nodeName"].str()) || (has_ended(after) && !api::is_deleting(after))) return;
  if (!running_.contains(uid)) begin(after);
  if (api::is_deleting(after)) stop(after);
  say_again(after);
}

// While our heartbeats did not arrive, the node and its pods were marked as not ready; we know better, as a kubelet
// does.
void ModelledNode::say_again(const Value& pod) {
  const auto found = running_.find(std::string(api::uid_of(pod)));
  if (found == running_.end()) return;
  const Running& running = found->second;
  const bool marked = api::condition(pod, "Ready")["status"].as_string() == "False";
  if (!running.ready || running.stopping || running.writing || !marked) return;
  write_node_status(pod["spec"]["nodeName"].str());
  write_status(found->first, true);
}

void ModelledNode::forget(const Value& pod) {
  const auto found = running_.find(std::string(api::uid_of(pod)));
  addresses_.erase(pod["status"]["podIP"].str());
  if (found == running_.end()) return;
  addresses_.erase(found->second.address);
  running_.erase(found);
}

void ModelledNode::begin(const Value& pod) {
  const std::string uid(api::uid_of(pod));
  Running& running = running_[uid];
  running.name = name_of(pod);
  running.behaviour = behaviour_of(pod);
  if (api::is_deleting(pod)) return;
  if (!pod["status"]["podIP"].is_empty()) return adopt(pod, running);
  ++pods_started_;
  if (running.behaviour.starts()) running.address = new_address();
  write_status(uid, false);
  if (running.behaviour.mount_fails) tell_failed_mount(pod);
  if (running.behaviour.never_ready || !running.behaviour.starts()) return;
  running.timer = loop_.after(running.behaviour.start, [this, uid] { become_ready(uid); });
}

// It ran before this process did.
void ModelledNode::adopt(const Value& pod, Running& running) {
  const std::string uid(api::uid_of(pod));
  running.address = pod["status"]["podIP"].str();
  for (const Value& container : pod["status"]["containerStatuses"].items())
    running.restarts = std::max(running.restarts, container["restartCount"].as_int());
  running.ready = api::condition(pod, "Ready")["status"].as_string() == "True";
  if (running.ready)
    crash_later(uid);
  else if (!running.behaviour.never_ready)
    running.timer = loop_.after(running.behaviour.start, [this, uid] { become_ready(uid); });
}

void ModelledNode::become_ready(const std::string& uid) {
  const auto found = running_.find(uid);
  if (found == running_.end() || found->second.stopping) return;
  write_status(uid, true);
  crash_later(uid);
}

void ModelledNode::crash_later(const std::string& uid) {
  Running& running = running_.at(uid);
  if (const auto after = running.behaviour.end_after)
    running.timer = loop_.after(*after, [this, uid] { end(uid); });
  else if (const auto after = running.behaviour.crash_after)
    running.timer = loop_.after(*after, [this, uid] { crash(uid); });
}

void ModelledNode::crash(const std::string& uid) {
  const auto found = running_.find(uid);
  if (found == running_.end() || found->second.stopping) return;
  ++found->second.restarts;
  write_status(uid, false);
  found->second.timer = loop_.after(found->second.behaviour.start, [this, uid] { become_ready(uid); });
}

void ModelledNode::end(const std::string& uid) {
  const auto found = running_.find(uid);
  if (found == running_.end() || found->second.stopping) return;
  found->second.ended = true;
  write_status(uid, false);
}

void ModelledNode::stop(const Value& pod) {
  const std::string uid(api::uid_of(pod));
  Running& running = running_[uid];
  if (running.stopping) return;
  running.stopping = true;
  running.again = {};
  const base::Duration grace = base::seconds(pod["metadata"]["deletionGracePeriodSeconds"].as_int());
  running.timer = loop_.after(std::min(running.behaviour.stop, grace), [this, uid] { remove(uid); });
}

void ModelledNode::remove(const std::string& uid) {
  const auto found = running_.find(uid);
  if (found == running_.end()) return;
  const client::ObjectName& name = found->second.name;
  const Value options = Value::object({{"gracePeriodSeconds", 0}, {"preconditions", Value::object({{"uid", uid}})}});
  api_.call({.verb = Verb::Delete, .resource = api::kPods, .space = name.space, .name = name.name, .body = options},
            [this, uid](Answer answer) {
              if (answer || is_gone(answer)) return;
              // The watch says when it is gone; until then every failure is tried again.
              const auto running = running_.find(uid);
              if (running != running_.end()) running->second.again = loop_.after(kRetry, [this, uid] { remove(uid); });
            });
}

void ModelledNode::write_status(const std::string& uid, bool ready) {
  const auto found = running_.find(uid);
  if (found == running_.end() || found->second.stopping) return;
  found->second.ready = ready;
  found->second.unsaid = true;
  send_status(uid);
}

void ModelledNode::send_status(const std::string& uid) {
  Running& running = running_.at(uid);
  if (running.writing) return;
  running.again = {};
  const Value& pod = pods_.find(running.name);
  if (pod.is_null() || api::uid_of(pod) != uid) return;
  running.writing = true;
  running.unsaid = false;
  const Value patch =
      Value::object({{"metadata", Value::object({{"uid", uid}})}, {"status", status_of(pod, running, running.ready)}});
  api_.call({.verb = Verb::Patch,
             .resource = api::kPods,
             .space = running.name.space,
             .name = running.name.name,
             .subresource = "status",
             .body = patch,
             .patch_type = client::PatchType::Strategic},
            [this, uid](Answer answer) { status_answered(uid, answer); });
}

void ModelledNode::status_answered(const std::string& uid, const Answer& answer) {
  const auto found = running_.find(uid);
  if (found == running_.end()) return;
  Running& running = found->second;
  running.writing = false;
  if (running.stopping || is_gone(answer)) return;
  if (!answer)
    running.again = loop_.after(kRetry, [this, uid] { send_status(uid); });
  else if (running.unsaid)
    send_status(uid);
}

std::string ModelledNode::new_address() {
  std::string address = address_of(++last_address_);
  while (!addresses_.insert(address).second) address = address_of(++last_address_);
  return address;
}

void ModelledNode::tell_failed_mount(const Value& pod) {
  const std::string time = base::format_time(loop_.now());
  const Value about = Value::object({{"apiVersion", "v1"},
                                     {"kind", "Pod"},
                                     {"namespace", api::space_of(pod)},
                                     {"name", api::name_of(pod)},
                                     {"uid", api::uid_of(pod)}});
  const Value event = Value::object({{"apiVersion", "v1"},
                                     {"kind", "Event"},
                                     {"metadata", Value::object({{"name", std::string(api::name_of(pod)) + ".mount"},
                                                                 {"namespace", api::space_of(pod)}})},
                                     {"involvedObject", about},
                                     {"type", "Warning"},
                                     {"reason", "FailedMount"},
                                     {"message", "MountVolume.SetUp failed for volume \"data\" : modelled failure"},
                                     {"source", Value::object({{"component", "kubelet"}})},
                                     {"firstTimestamp", time},
                                     {"lastTimestamp", time},
                                     {"count", 1}});
  api_.call({.verb = Verb::Create, .resource = api::kEvents, .space = std::string(api::space_of(pod)), .body = event},
            [](Answer) {});
}

namespace {

Value waiting_state(const Behaviour& behaviour, const Value& container) {
  Value waiting = Value::object({{"reason", "ContainerCreating"}});
  if (behaviour.image_missing)
    waiting = Value::object(
        {{"reason", "ErrImagePull"}, {"message", "image \"" + container["image"].str() + "\": not found"}});
  return Value::object({{"waiting", waiting}});
}

// Of a container that has crashed.
Value last_state_of(const Behaviour& behaviour, base::Time now) {
  return Value::object({{"terminated", Value::object({{"exitCode", behaviour.out_of_memory ? 137 : 1},
                                                      {"reason", behaviour.out_of_memory ? "OOMKilled" : "Error"},
                                                      {"finishedAt", base::format_time(now)}})}});
}

Value state_of(bool ended, int exit_code, base::Time now) {
  const Value time = base::format_time(now);
  if (!ended) return Value::object({{"running", Value::object({{"startedAt", time}})}});
  return Value::object({{"terminated", Value::object({{"exitCode", exit_code},
                                                      {"reason", exit_code == 0 ? "Completed" : "Error"},
                                                      {"message", exit_code == 0 ? "" : "modelled failure"},
                                                      {"finishedAt", time}})},
                        {"running", Value()}});
}
}  // namespace

Value ModelledNode::container_status(const Value& container, const Running& running, bool ready, base::Time now) {
  const bool starts = running.behaviour.starts();
  Value out = Value::object({{"name", container["name"]},
                             {"image", container["image"]},
                             {"imageID", starts ? container["image"] : Value("")},
                             {"ready", ready},
                             {"started", starts},
                             {"restartCount", running.restarts}});
  out.set("state", starts ? state_of(running.ended, running.behaviour.exit_code, now)
                          : waiting_state(running.behaviour, container));
  if (running.restarts > 0 && !ready) out.set("lastState", last_state_of(running.behaviour, now));
  return out;
}

Value ModelledNode::status_of(const Value& pod, const Running& running, bool ready) const {
  const base::Time now = loop_.now();
  Value containers = Value::array();
  for (const Value& container : pod["spec"]["containers"].items())
    containers.push_back(container_status(container, running, ready, now));
  const Value& started = pod["status"]["startTime"];
  const bool starts = running.behaviour.starts();
  Value status = Value::object(
      {{"phase", !starts                            ? "Pending"
                 : !running.ended                   ? "Running"
                 : running.behaviour.exit_code == 0 ? "Succeeded"
                                                    : "Failed"},
       {"hostIP", "127.0.0.1"},
       {"startTime", started.is_empty() ? Value(base::format_time(now)) : started},
       {"conditions",
        Value::array({condition_of(pod, "PodScheduled", true, now), condition_of(pod, "Initialized", true, now),
                      condition_of(pod, "ContainersReady", ready, now), condition_of(pod, "Ready", ready, now)})},
       {"containerStatuses", containers}});
  if (!starts) return status;
  status.set("podIP", running.address);
  status.set("podIPs", Value::array({Value::object({{"ip", running.address}})}));
  return status;
}

}  // namespace slipway::rehearse
