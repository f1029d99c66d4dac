#include "delivery/troubles/of_pod.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "api/meta.h"
#include "control/pod.h"

namespace slipway::delivery {
namespace {

using base::Time;
using data::Value;

constexpr std::size_t kMostText = 300;

// The end of a long message says most: runtimes put the cause last.
std::string shortened(std::string_view text) {
  if (text.size() <= kMostText) return std::string(text);
  std::string_view tail = text.substr(text.size() - kMostText);
  const std::size_t begin = tail.find(": ");
  if (begin != tail.npos && begin < kMostText / 2) return "... " + std::string(tail.substr(begin + 2));
  while (!tail.empty() && (static_cast<unsigned char>(tail.front()) & 0xC0) == 0x80) tail.remove_prefix(1);
  return "... " + std::string(tail);
}

bool says(std::string_view text, std::initializer_list<std::string_view> any) {
  return std::ranges::any_of(any, [&](std::string_view word) { return text.contains(word); });
}

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> any) {
  return std::ranges::find(any, text) != any.end();
}

void look(PodHealth& out, Time at) {
  if (!out.look_at || at < *out.look_at) out.look_at = at;
}

// --- one container ----------------------------------------------------------------------------------------

// Reasons of the kubelet (pkg/kubelet/images/types.go) and of our own node.
bool is_image_reason(std::string_view reason) {
  return is_one_of(reason,
                   {"ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError",
                    "RegistryUnavailable", "SignatureValidationFailed", "ErrImageNotFound", "ErrImageForbidden"});
}

// pkg/kubelet/kuberuntime: what keeps a container from being created or run.
bool is_config_reason(std::string_view reason) {
  return is_one_of(reason, {"CreateContainerConfigError", "CreateContainerError", "RunContainerError",
                            "PreCreateHookError", "PreStartHookError", "PostStartHookError"});
}

Cure cure_of_image(std::string_view reason, std::string_view message) {
  if (is_one_of(reason, {"InvalidImageName", "ErrImageNeverPull", "ErrImageNotFound"})) return Cure::Version;
  if (reason == "ErrImageForbidden" || says(message, {"nauthorized", "denied", "authorization", "403 Forbidden"}))
    return Cure::Somebody;
  return says(message, {"not found", "NotFound", "manifest unknown", "does not exist"}) ? Cure::Version : Cure::Time;
}

PodTrouble image_trouble(const Value& container, std::string_view reason, std::string_view message) {
  // Older kubelets say in the back-off only that there is one; newer ones repeat the cause behind it.
  const bool bare = reason == "ImagePullBackOff" && message.find(": ") == message.npos;
  if (bare) return {TroubleKind::ImagePull, Cure::Time, ""};
  const std::size_t cause = reason == "ImagePullBackOff" ? message.find(": ") + 2 : 0;
  std::string_view text = message.substr(cause);
  constexpr std::string_view kAgain = "ErrImagePull: ";
  if (text.starts_with(kAgain)) text.remove_prefix(kAgain.size());
  return {TroubleKind::ImagePull, cure_of_image(reason, text),
          fmt::format("image {} cannot be pulled: {}", container["image"].as_string(),
                      text.empty() ? std::string(reason) : shortened(text))};
}

const Value& last_end(const Value& container) {
  const Value& now = container["state"]["terminated"];
  return now.is_object() ? now : container["lastState"]["terminated"];
}

// There is no such program, or it may not be run: what containerd and Docker say of it.
bool never_ran(const Value& end) { return is_one_of(end["reason"].as_string(), {"StartError", "ContainerCannotRun"}); }

PodTrouble end_trouble(const Value& container) {
  const Value& end = last_end(container);
  const std::string name = container["name"].str();
  if (end["reason"].as_string() == "OOMKilled")
    return {TroubleKind::OutOfMemory, Cure::Version, fmt::format("container {} was killed for want of memory", name)};
  if (!end.is_object()) return {TroubleKind::CrashLoop, Cure::Version, fmt::format("container {} keeps ending", name)};
  const std::string message = end["message"].str();
  if (never_ran(end))
    return {TroubleKind::ContainerConfig, Cure::Version,
            fmt::format("container {} cannot be started{}", name, message.empty() ? "" : ": " + shortened(message))};
  return {TroubleKind::CrashLoop, Cure::Version,
          fmt::format("container {} ends with exit code {}{}", name, end["exitCode"].as_int(),
                      message.empty() ? "" : ": " + shortened(message))};
}

// Restarted more than once, and not well yet: what runs now is one more try.
bool keeps_ending(const Value& container) {
  return !container["ready"].as_bool() && container["restartCount"].as_int() >= 2 && last_end(container).is_object();
}

void remember_memory(const Value& container, Time now, PodHealth& out) {
  const Value& end = container["lastState"]["terminated"];
  const auto at = api::time_at(end["finishedAt"]);
  if (end["reason"].as_string() != "OOMKilled" || !at || now >= *at + kMemoryRemembered) return;
  look(out, *at + kMemoryRemembered);
  if (!out.trouble) out.trouble = end_trouble(container);
}

void check_container(const Value& container, Time now, PodHealth& out) {
  const Value& waiting = container["state"]["waiting"];
  const std::string_view reason = waiting["reason"].as_string(), message = waiting["message"].as_string();
  if (is_image_reason(reason)) {
    out.trouble = image_trouble(container, reason, message);
  } else if (is_config_reason(reason)) {
    const bool config = reason == "CreateContainerConfigError";
    out.trouble =
        PodTrouble{TroubleKind::ContainerConfig, config ? Cure::Somebody : Cure::Version,
                   fmt::format("container {}: {}: {}", container["name"].as_string(), reason, shortened(message))};
  } else if (reason == "CrashLoopBackOff" || keeps_ending(container)) {
    out.trouble = end_trouble(container);
  } else {
    remember_memory(container, now, out);
  }
}

bool is_done(const Value& init) {
  const Value& end = init["state"]["terminated"];
  return end.is_object() && end["exitCode"].as_int() == 0;
}

void check_containers(const Value& pod, Time now, PodHealth& out) {
  for (const char* list : {"initContainerStatuses", "containerStatuses"})
    for (const Value& container : pod["status"][list].items())
      if (!out.trouble && !is_done(container)) check_container(container, now, out);
}

// --- the pod ----------------------------------------------------------------------------------------------

bool check_schedule(const Value& pod, PodHealth& out) {
  const Value& scheduled = api::condition(pod, "PodScheduled");
  if (scheduled["status"].as_string() != "False") return false;
  const std::string message = scheduled["message"].str(scheduled["reason"].as_string("Unschedulable"));
  out.trouble = PodTrouble{TroubleKind::Unschedulable, Cure::Time, shortened(message)};
  return true;
}

// The newest warning with one of these reasons; null: none.
const Value& warning(const Value& warnings, std::initializer_list<std::string_view> reasons) {
  for (std::size_t i = warnings.size(); i-- > 0;)
    if (is_one_of(warnings.at(i)["reason"].as_string(), reasons)) return warnings.at(i);
  return data::kNull;
}

// "web, sidecar": those whose state is not `running`, or that are not ready.
std::string names_of(const Value& pod, bool (*meant)(const Value&)) {
  std::string out;
  for (const Value& container : pod["status"]["containerStatuses"].items())
    if (meant(container)) out += (out.empty() ? "" : ", ") + container["name"].str();
  return out;
}

std::string running_init(const Value& pod) {
  for (const Value& container : pod["status"]["initContainerStatuses"].items())
    if (container["state"]["running"].is_object() && !container["ready"].as_bool()) return container["name"].str();
  return "";
}

PodTrouble why_not_started(const Value& pod, const Value& warnings) {
  if (const Value& w = warning(warnings, {"FailedMount", "FailedAttachVolume", "FailedMapVolume"}); !w.is_null())
    return {TroubleKind::VolumeMount, Cure::Somebody, shortened(w["message"].as_string())};
  if (const Value& w = warning(warnings, {"FailedCreatePodSandBox", "NetworkNotReady"}); !w.is_null())
    return {TroubleKind::NotStarting, Cure::Time, shortened(w["message"].as_string())};
  if (const std::string init = running_init(pod); !init.empty())
    return {TroubleKind::NotStarting, Cure::Time, fmt::format("init container {} is still running", init)};
  const bool prepared = api::is_condition_true(pod, "PodReadyToStartContainers");
  return {TroubleKind::NotStarting, Cure::Time,
          prepared ? "its containers have not started: an image may still be on its way"
                   : "its volumes or its network are not there yet"};
}

std::string missing_gate(const Value& pod) {
  for (const Value& gate : pod["spec"]["readinessGates"].items())
    if (!api::is_condition_true(pod, gate["conditionType"].as_string())) return gate["conditionType"].str();
  return "";
}

PodTrouble why_not_ready(const Value& pod, const Value& warnings) {
  const std::string unready = names_of(pod, [](const Value& c) { return !c["ready"].as_bool(); });
  if (const std::string gate = unready.empty() ? missing_gate(pod) : ""; !gate.empty())
    return {TroubleKind::NotReady, Cure::Time, fmt::format("readiness gate {} is not met", gate)};
  std::string message = unready.empty() ? "it is not ready" : fmt::format("container {} is not ready", unready);
  if (const Value& w = warning(warnings, {"Unhealthy"}); !w.is_null())
    message += ": " + shortened(w["message"].as_string());
  return {TroubleKind::NotReady, Cure::Time, std::move(message)};
}

// Since when all its containers run; nullopt: they do not.
std::optional<Time> running_since(const Value& pod) {
  std::optional<Time> out;
  const Value& containers = pod["status"]["containerStatuses"];
  for (const Value& container : containers.items()) {
    const auto started = api::time_at(container["state"]["running"]["startedAt"]);
    if (!started) return std::nullopt;
    out = std::max(out.value_or(*started), *started);
  }
  return out;
}

// Waits that are ordinary at first.
void check_patience(const Value& pod, const Value& warnings, Time now, PodHealth& out) {
  const auto running = running_since(pod);
  const Value& ready = api::condition(pod, "Ready");
  const Value& scheduled = api::condition(pod, "PodScheduled");
  const auto since = running ? std::max(*running, api::time_at(ready["lastTransitionTime"]).value_or(*running))
                             : api::time_at(scheduled["lastTransitionTime"]);
  if (!since) return;
  if (now < *since + kPodGrace) return look(out, *since + kPodGrace);
  out.ask_events = true;
  out.trouble = running ? why_not_ready(pod, warnings) : why_not_started(pod, warnings);
}

}  // namespace

PodHealth health_of(const Value& pod, const Value& warnings, Time now) {
  PodHealth out;
  if (check_schedule(pod, out)) return out;
  check_containers(pod, now, out);
  if (!out.trouble && !control::is_ready(pod)) check_patience(pod, warnings, now, out);
  return out;
}

// Messages of the API server: resourcequota admission, PodSecurity, ValidatingAdmissionPolicy, webhooks
// (kubernetes/apiserver, plugin/webhook/errors).
PodTrouble creation_trouble(std::string_view message) {
  const auto with = [&](TroubleKind kind) { return PodTrouble{kind, entry_of(kind).cure, shortened(message)}; };
  if (says(message, {"exceeded quota", "insufficient quota", "failed quota"})) return with(TroubleKind::Quota);
  if (says(message, {"failed calling webhook"})) return with(TroubleKind::WebhookUnreachable);
  if (says(message, {"denied the request", "violates PodSecurity", "denied request", "is forbidden by"}))
    return with(TroubleKind::PodRefused);
  return with(TroubleKind::PodNotMade);
}

}  // namespace slipway::delivery
