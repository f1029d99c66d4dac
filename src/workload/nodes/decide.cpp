#include "workload/nodes/decide.h"

#include <algorithm>
#include <array>

#include "api/meta.h"
#include "control/outside.h"
#include "control/patch.h"
#include "control/pod.h"
#include "workload/scheduler/placement.h"

namespace slipway::workload::nodes {

using control::Decision;
using control::Note;
using control::Patch;
using data::Value;

namespace {

constexpr std::string_view kUnknownReason = "NodeStatusUnknown";
constexpr std::array<std::string_view, 2> kEffects = {"NoSchedule", "NoExecute"};

bool is_ours(const Value& taint) {
  const std::string_view key = taint["key"].as_string();
  return key == kUnreachable || key == kNotReady;
}

const Value& find_taint(const Value& node, std::string_view key, std::string_view effect) {
  for (const Value& taint : node["spec"]["taints"].items())
    if (taint["key"].as_string() == key && taint["effect"].as_string() == effect) return taint;
  return data::kNull;
}

class Pass {
 public:
  Pass(const Observation& seen, base::Time now)
      : seen_(seen), node_(seen.node), now_(now), sign_(last_sign(seen.node, seen.lease)) {}

  Decision run() {
    if (api::condition(node_, "Ready").is_null() && seen_.lease.is_null()) return {};
    judge();
    taint();
    if (ready() != "True") {
      if (ready() == "Unknown") unready_pods();
      evict_pods();
    }
    return std::move(out_);
  }

 private:
  std::string_view ready() const {
    const Value& status = out_.status.is_null() ? node_["status"] : out_.status;
    for (const Value& condition : status["conditions"].items())
      if (condition["type"].as_string() == "Ready") return condition["status"].as_string();
    return "True";
  }

  std::string silence_text() const { return "Node gives no sign of life since " + sign_; }

  // Marked for this very silence already?
  bool is_marked() const {
    const Value& condition = api::condition(node_, "Ready");
    return condition["status"].as_string() == "Unknown" && condition["message"].as_string() == silence_text();
  }

  void judge() {
    if (is_marked()) return;
    const auto sign = base::parse_time(sign_);
    const base::Duration age = sign ? now_ - *sign : base::Duration{};
    if (age <= kSuspicious && age >= -kSuspicious) {
      alive();
      out_.wake_at = *sign + kSuspicious + base::seconds(1);
    } else if (seen_.confirmed) {
      silent();
    } else {
      out_.effects.push_back(control::Ask{.id = question_id(node_, sign_),
                                          .port = "timer",
                                          .question = control::TimerPort::question(kConfirm),
                                          .timeout = 2 * kConfirm});
    }
  }

  void alive() {
    if (api::condition(node_, "Ready")["reason"].as_string() != kUnknownReason) return;
    set_ready("True", "KubeletReady", "Node gives signs of life again");
    out_.notes.push_back({Note::Kind::Normal, "NodeReady", "Node " + name() + " is back", {}});
  }

  void silent() {
    out_.effects.push_back(control::Forget{question_id(node_, sign_)});
    set_ready("Unknown", kUnknownReason, silence_text());
    out_.notes.push_back({Note::Kind::Warning, "NodeNotReady", silence_text(), {}});
    out_.reasons.push_back({.rule = "node.silent", .text = silence_text()});
  }

  void set_ready(std::string_view status, std::string_view reason, const std::string& message) {
    out_.status = node_["status"];
    api::set_condition(out_.status, "Ready", status, reason, message, now_);
  }

  std::string name() const { return std::string(api::name_of(node_)); }

  // Exactly the taints that go with the state, others untouched.
  void taint() {
    const std::string_view state = ready();
    const std::string_view key = state == "True" ? "" : state == "Unknown" ? kUnreachable : kNotReady;
    Value wanted = Value::array();
    for (const Value& taint : node_["spec"]["taints"].items())
      if (!is_ours(taint) || taint["key"].as_string() == key) wanted.push_back(taint);
    for (const std::string_view effect : kEffects) {
      if (key.empty() || !find_taint(node_, key, effect).is_null()) continue;
      Value taint = Value::object({{"key", key}, {"effect", effect}});
      if (effect == "NoExecute") taint.set("timeAdded", base::format_time(now_));
      wanted.push_back(std::move(taint));
    }
    if (wanted.size() == node_["spec"]["taints"].size() && (wanted.size() == 0 || wanted == node_["spec"]["taints"]))
      return;
    Value body;
    body.set({"spec", "taints"}, wanted.size() > 0 ? std::move(wanted) : Value());
    out_.effects.push_back(Patch{.resource = api::kNodes,
                                 .space = "",
                                 .name = name(),
                                 .uid = std::string(api::uid_of(node_)),
                                 .version = std::string(api::version_of(node_)),
                                 .body = std::move(body)});
  }

  // Nobody can say that they are ready: they get no traffic.
  void unready_pods() {
    for (const Value& pod : seen_.pods) {
      if (!control::is_ready(pod) || out_.effects.size() >= kBatch) continue;
      Value status = pod["status"];
      api::set_condition(status, "Ready", "False", "NodeUnreachable", silence_text(), now_);
      out_.effects.push_back(
          Patch{.resource = api::kPods,
                .space = std::string(api::space_of(pod)),
                .name = std::string(api::name_of(pod)),
                .uid = std::string(api::uid_of(pod)),
                .version = std::string(api::version_of(pod)),
                .body = Value::object({{"status", Value::object({{"conditions", status["conditions"]}})}}),
                .subresource = "status"});
    }
  }

  // How long this pod may stay; nullopt: for ever.
  static std::optional<base::Duration> patience_of(const Value& pod, const Value& taint) {
    std::optional<base::Duration> shortest;
    bool tolerated = false;
    for (const Value& toleration : pod["spec"]["tolerations"].items()) {
      const Value alone = Value::object({{"spec", Value::object({{"tolerations", Value::array({toleration})}})}});
      if (!scheduler::tolerates(alone, taint)) continue;
      tolerated = true;
      if (const Value& seconds = toleration["tolerationSeconds"]; !seconds.is_null()) {
        const base::Duration patience = base::seconds(std::max<std::int64_t>(0, seconds.as_int()));
        shortest = std::min(shortest.value_or(patience), patience);
      }
    }
    return tolerated ? shortest : std::optional(kEvictAfter);
  }

  void evict_pods() {
    const std::string_view key = ready() == "Unknown" ? kUnreachable : kNotReady;
    const Value& taint = find_taint(node_, key, "NoExecute");
    const auto since = api::time_at(taint["timeAdded"]);
    if (!since) return;
    for (const Value& pod : seen_.pods) {
      if (!control::is_active(pod)) continue;
      const auto patience = patience_of(pod, taint);
      if (!patience) continue;
      const base::Time due = *since + *patience;
      if (due > now_)
        out_.wake_at = std::min(out_.wake_at.value_or(due), due);
      else if (out_.effects.size() < kBatch)
        evict(pod);
    }
  }

  void evict(const Value& pod) {
    out_.effects.push_back(control::delete_of(api::kPods, pod));
    out_.notes.push_back(
        {Note::Kind::Normal, "TaintManagerEviction",
         "Marking for deletion Pod " + std::string(api::space_of(pod)) + "/" + std::string(api::name_of(pod)), pod});
  }

  const Observation& seen_;
  const Value& node_;
  base::Time now_;
  std::string sign_;
  Decision out_;
};

}  // namespace

std::string last_sign(const Value& node, const Value& lease) {
  if (const Value& renewed = lease["spec"]["renewTime"]; !renewed.is_null()) return renewed.str();
  if (const Value& beat = api::condition(node, "Ready")["lastHeartbeatTime"]; !beat.is_null()) return beat.str();
  return node["metadata"]["creationTimestamp"].str();
}

std::string question_id(const Value& node, const std::string& sign) {
  return "node-silence/" + std::string(api::uid_of(node)) + "/" + sign;
}

Decision decide(const Observation& seen, base::Time now) { return Pass(seen, now).run(); }

}  // namespace slipway::workload::nodes
