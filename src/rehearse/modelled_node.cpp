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
constexpr base::Duration kStopTime = base::milliseconds(300);

client::ObjectName name_of(const Value& o) { return {std::string(api::space_of(o)), std::string(api::name_of(o))}; }

Value condition(std::string_view type, bool holds, base::Time now) {
  return Value::object(
      {{"type", type}, {"status", holds ? "True" : "False"}, {"lastTransitionTime", base::format_time(now)}});
}

// An address of 10.244/16 that is the pod's for its life.
std::string address_of(std::int64_t number) {
  return "10.244." + std::to_string(number / 250 % 250) + "." + std::to_string(number % 250 + 2);
}

}  // namespace

ModelledNode::ModelledNode(client::ApiClient& api, runtime::Loop& loop, runtime::Random& random, std::string name)
    : api_(api), loop_(loop), name_(std::move(name)), pods_(api, loop, random, api::kPods) {}

void ModelledNode::start() {
  const Value resources = Value::object({{"cpu", "1000"}, {"memory", "4000Gi"}, {"pods", "100000"}});
  const Value node = Value::object(
      {{"apiVersion", "v1"},
       {"kind", "Node"},
       {"metadata", Value::object({{"name", name_}})},
       {"status", Value::object({{"capacity", resources},
                                 {"allocatable", resources},
                                 {"conditions", Value::array({condition("Ready", true, loop_.now())})}})}});
  api_.call({.verb = Verb::Create, .resource = api::kNodes, .body = node}, [this, node](Answer) {
    api_.call({.verb = Verb::Patch,
               .resource = api::kNodes,
               .name = name_,
               .subresource = "status",
               .body = Value::object({{"status", node["status"]}})},
              [](Answer) {});
  });
  heartbeat();
  pods_.add_listener([this](const Value& before, const Value& after) { changed(before, after); });
  pods_.start();
}

// The Lease that keeps the node from being taken for dead.
void ModelledNode::heartbeat() {
  const Value lease = Value::object({{"apiVersion", "coordination.k8s.io/v1"},
                                     {"kind", "Lease"},
                                     {"metadata", Value::object({{"name", name_}, {"namespace", "kube-node-lease"}})},
                                     {"spec", Value::object({{"holderIdentity", name_},
                                                             {"leaseDurationSeconds", 40},
                                                             {"renewTime", base::format_micro_time(loop_.now())}})}});
  api_.call({.verb = Verb::Patch,
             .resource = api::kLeases,
             .space = "kube-node-lease",
             .name = name_,
             .body = lease,
             .patch_type = client::PatchType::Apply,
             .field_manager = "modelled-node",
             .force = true},
            [](Answer) {});
  heartbeat_timer_ = loop_.after(base::seconds(10), [this] { heartbeat(); });
}

void ModelledNode::changed(const Value& before, const Value& after) {
  if (after.is_null()) {
    running_.erase(std::string(api::uid_of(before)));
    names_.erase(std::string(api::uid_of(before)));
    return;
  }
  if (after["spec"]["nodeName"].as_string() != name_) return;
  const std::string uid(api::uid_of(after));
  if (!running_.contains(uid) && !api::is_deleting(after)) begin(after);
  if (api::is_deleting(after)) stop(after);
}

void ModelledNode::begin(const Value& pod) {
  const std::string uid(api::uid_of(pod));
  names_[uid] = name_of(pod);
  Running& running = running_[uid];
  running.behaviour = behaviour_of(pod);
  ++pods_started_;
  write_status(uid, false);
  if (running.behaviour.never_ready) return;
  running.timer = loop_.after(running.behaviour.start, [this, uid] { become_ready(uid); });
}

void ModelledNode::become_ready(const std::string& uid) {
  const auto found = running_.find(uid);
  if (found == running_.end() || found->second.stopping) return;
  write_status(uid, true);
  if (const auto after = found->second.behaviour.crash_after)
    found->second.timer = loop_.after(*after, [this, uid] { crash(uid); });
}

void ModelledNode::crash(const std::string& uid) {
  const auto found = running_.find(uid);
  if (found == running_.end() || found->second.stopping) return;
  ++found->second.restarts;
  write_status(uid, false);
  found->second.timer = loop_.after(found->second.behaviour.start, [this, uid] { become_ready(uid); });
}

void ModelledNode::stop(const Value& pod) {
  const std::string uid(api::uid_of(pod));
  Running& running = running_[uid];
  if (running.stopping) return;
  running.stopping = true;
  names_[uid] = name_of(pod);
  running.timer = loop_.after(kStopTime, [this, name = name_of(pod), uid] { remove(name, uid); });
}

void ModelledNode::remove(client::ObjectName name, std::string uid) {
  const Value options = Value::object({{"gracePeriodSeconds", 0}, {"preconditions", Value::object({{"uid", uid}})}});
  api_.call({.verb = Verb::Delete, .resource = api::kPods, .space = name.space, .name = name.name, .body = options},
            [this, name, uid](Answer answer) {
              if (answer || answer.error().code == base::Code::NotFound || answer.error().code == base::Code::Conflict)
                return;
              const auto found = running_.find(uid);
              if (found != running_.end())
                found->second.timer = loop_.after(kRetry, [this, name, uid] { remove(name, uid); });
            });
}

void ModelledNode::write_status(const std::string& uid, bool ready) {
  const client::ObjectName name = names_[uid];
  const Value& pod = pods_.find(name);
  if (pod.is_null() || api::uid_of(pod) != uid) return;
  const Value patch =
      Value::object({{"metadata", Value::object({{"uid", uid}})}, {"status", status_of(pod, running_[uid], ready)}});
  api_.call({.verb = Verb::Patch,
             .resource = api::kPods,
             .space = name.space,
             .name = name.name,
             .subresource = "status",
             .body = patch},
            [this, uid, ready](Answer answer) {
              if (answer || answer.error().code == base::Code::NotFound || answer.error().code == base::Code::Conflict)
                return;
              run_again(uid, ready);
            });
}

void ModelledNode::run_again(const std::string& uid, bool ready) {
  const auto found = running_.find(uid);
  if (found != running_.end() && !found->second.stopping)
    found->second.timer = loop_.after(kRetry, [this, uid, ready] { write_status(uid, ready); });
}

Value ModelledNode::status_of(const Value& pod, const Running& running, bool ready) const {
  const base::Time now = loop_.now();
  Value containers = Value::array();
  for (const Value& container : pod["spec"]["containers"].items())
    containers.push_back(Value::object(
        {{"name", container["name"]},
         {"image", container["image"]},
         {"imageID", container["image"]},
         {"ready", ready},
         {"started", true},
         {"restartCount", running.restarts},
         {"state", Value::object({{"running", Value::object({{"startedAt", base::format_time(now)}})}})}}));
  const std::string ip = pod["status"]["podIP"].str();
  return Value::object(
      {{"phase", "Running"},
       {"podIP", ip.empty() ? address_of(pods_started_) : ip},
       {"hostIP", "127.0.0.1"},
       {"startTime", base::format_time(now)},
       {"conditions", Value::array({condition("PodScheduled", true, now), condition("Initialized", true, now),
                                    condition("ContainersReady", ready, now), condition("Ready", ready, now)})},
       {"containerStatuses", containers}});
}

}  // namespace slipway::rehearse
