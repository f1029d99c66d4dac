#include "delivery/analysis/job.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "api/meta.h"
#include "api/resource.h"
#include "base/hash.h"
#include "base/strings.h"
#include "control/patch.h"
#include "delivery/analysis/resolve.h"
#include "delivery/names.h"

namespace slipway::delivery::analysis {
namespace {

using data::Value;

constexpr std::size_t kLongestName = 63;  // that is a host name, too
constexpr std::size_t kMostWords = 300;   // bytes of a container's last words

Value labels_of(const Value& run, const Value& pod_template) {
  Value labels = pod_template["metadata"]["labels"].is_object() ? pod_template["metadata"]["labels"] : Value::object();
  labels.set(kAnalysisRunLabel, api::uid_of(run));
  return labels;
}

// Its last lines say more than its exit code.
Value telling(const Value& containers) {
  Value out = Value::array();
  for (const Value& container : containers.items())
    out.push_back(container.has("terminationMessagePolicy")
                      ? container
                      : container.with("terminationMessagePolicy", "FallbackToLogsOnError"));
  return out;
}

std::string last_words(std::string_view text) {
  text = base::trim(text);
  const bool cut = text.size() > kMostWords;
  if (cut) text.remove_prefix(text.size() - kMostWords);
  while (!text.empty() && (static_cast<unsigned char>(text.front()) & 0xC0) == 0x80) text.remove_prefix(1);
  return (cut ? "..." : "") + std::string(text);
}

std::vector<Value> containers_of(const Value& pod) {
  std::vector<Value> all;
  for (const char* list : {"initContainerStatuses", "containerStatuses"})
    for (const Value& status : pod["status"][list].items()) all.push_back(status);
  return all;
}

// The first container that ended badly: init containers come first.
Value failed_container(const Value& pod) {
  for (const Value& status : containers_of(pod))
    if (status["state"]["terminated"]["exitCode"].as_int() != 0) return status;
  return {};
}

std::string reason_of_wait(const Value& pod) {
  constexpr std::array kHopeless = {"ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"};
  for (const Value& status : containers_of(pod)) {
    const Value& waiting = status["state"]["waiting"];
    if (std::ranges::find(kHopeless, waiting["reason"].as_string()) != kHopeless.end())
      return fmt::format("container {} cannot start: {}: {}", status["name"].as_string(), waiting["reason"].as_string(),
                         last_words(waiting["message"].as_string()));
  }
  return "";
}

std::string with_words(std::string text, std::string_view words) {
  const std::string said = last_words(words);
  return said.empty() ? text : text + ": " + said;
}

// A pod in phase Failed: by its own fault, or by the node's?
void judge_failure(Measurement& m, const Value& pod) {
  const std::string name(api::name_of(pod)), reason = pod["status"]["reason"].str();
  const Value container = failed_container(pod);
  const Value& end = container["state"]["terminated"];
  m.verdict = Verdict::Failed;
  if (reason == "DeadlineExceeded") {
    m.message = fmt::format("pod {} exceeded its activeDeadlineSeconds", name);
  } else if (!reason.empty() || container.is_null()) {
    m.verdict = Verdict::Error;
    m.message = with_words(fmt::format("pod {} was ended by its node: {}", name, reason.empty() ? "no reason" : reason),
                           pod["status"]["message"].as_string());
  } else {
    m.message = with_words(fmt::format("pod {}, container {} ended with {} ({})", name, container["name"].as_string(),
                                       end["exitCode"].as_int(), end["reason"].as_string("Error")),
                           end["message"].as_string());
  }
  if (m.verdict == Verdict::Failed) m.value = 0;
}

base::Time made_at(const Value& pod, base::Time now) {
  return std::min(now, api::time_at(pod["metadata"]["creationTimestamp"]).value_or(now));
}

bool has_ended(const Value& pod) {
  const std::string_view phase = pod["status"]["phase"].as_string();
  return phase == "Succeeded" || phase == "Failed";
}

}  // namespace

bool is_job(const Value& metric) { return metric["provider"]["job"].is_object(); }

std::string job_pod_name(const Value& run, std::size_t index, std::int64_t number) {
  const std::string end = fmt::format("-m{}-{}", index, number);
  const std::string name(api::name_of(run));
  if (name.size() + end.size() <= kLongestName) return name + end;
  // What is cut off is told apart by a hash.
  const std::string hash = fmt::format("-{:08x}", base::fnv1a32(name));
  std::string begin = name.substr(0, kLongestName - end.size() - hash.size());
  while (begin.ends_with('-') || begin.ends_with('.')) begin.pop_back();
  return begin + hash + end;
}

Value job_pod(const Value& run, std::size_t index, std::int64_t number) {
  const Value& metric = run["spec"]["metrics"].at(index);
  const Value made =
      substitute_late(metric["provider"]["job"]["template"], placeholders(run, run["spec"]["candidate"]));
  Value metadata =
      Value::object({{"name", job_pod_name(run, index, number)},
                     {"namespace", api::space_of(run)},
                     {"labels", labels_of(run, made)},
                     {"ownerReferences", Value::array({api::controller_reference(run, api::kAnalysisRuns)})}});
  if (made["metadata"]["annotations"].is_object()) metadata.set("annotations", made["metadata"]["annotations"]);
  Value spec = made["spec"].with("restartPolicy", "Never");
  for (const char* list : {"initContainers", "containers"})
    if (spec[list].is_array()) spec.set(list, telling(spec[list]));
  return Value::object({{"apiVersion", "v1"}, {"kind", "Pod"}, {"metadata", metadata}, {"spec", spec}});
}

base::Time end_of_patience(const Value& pod, base::Duration patience, base::Time now) {
  return made_at(pod, now) + patience;
}

std::optional<Measurement> measure_job(const Value& pod, base::Duration patience, base::Time now) {
  Measurement m{.asked = made_at(pod, now), .finished = now};
  const std::string name(api::name_of(pod)), phase = pod["status"]["phase"].str();
  if (phase == "Succeeded") return m.verdict = Verdict::Passed, m.value = 1, m;
  if (phase == "Failed") return judge_failure(m, pod), m;
  if (const std::string why = reason_of_wait(pod); !why.empty())
    return m.verdict = Verdict::Error, m.message = fmt::format("pod {}, {}", name, why), m;
  if (now < end_of_patience(pod, patience, now)) return std::nullopt;
  m.verdict = Verdict::Inconclusive;
  m.message = fmt::format("pod {} has not ended within {}", name, base::format_duration(patience));
  return m;
}

std::vector<control::Effect> sweep_pods(const Value& run, const std::vector<Value>& pods, bool over) {
  std::vector<std::string> under_way, last;
  for (std::size_t i = 0; i < run["spec"]["metrics"].size(); ++i) {
    const Value& result = run["status"]["metricResults"].at(i);
    const std::int64_t number = result["number"].as_int();
    if (result["phase"].as_string("Running") == "Running" && !over) under_way.push_back(job_pod_name(run, i, number));
    last.push_back(job_pod_name(run, i, over && result["phase"].as_string() == "Running" ? number : number - 1));
  }
  const auto holds = [](const std::vector<std::string>& names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
  };
  std::vector<control::Effect> out;
  for (const Value& pod : pods) {
    const std::string name(api::name_of(pod));
    if (api::is_deleting(pod) || holds(under_way, name) || (holds(last, name) && has_ended(pod))) continue;
    out.emplace_back(control::delete_of(api::kPods, pod));
  }
  return out;
}

}  // namespace slipway::delivery::analysis
