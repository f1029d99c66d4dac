#include "cli/evidence.h"

#include <algorithm>

#include "api/meta.h"
#include "cli/logs.h"
#include "control/pod.h"
#include "delivery/state.h"

namespace slipway::cli {
namespace {

using data::Value;

constexpr std::size_t kMostPods = 5;
constexpr base::Duration kInterval = base::seconds(2);

std::string path_of(const Setting& s, const Value& pod, const Value& container, bool previous) {
  const LogSource source{std::string(api::name_of(pod)), container["name"].str()};
  return log_path(s, source, Logs{.previous = previous, .tail = 500}) + "&limitBytes=262144";
}

// What a container wrote before it was started again, then what it has written since.
void read_container(Setting& s, const Value& pod, const Value& container, std::vector<view::PodLog>& out) {
  for (const bool previous : {true, false}) {
    if (previous && control::restarts_of(pod) == 0) continue;
    auto text = s.api.fetch(path_of(s, pod, container, previous), "*/*");
    if (text) out.push_back({std::string(api::name_of(pod)), *std::move(text)});
  }
}

std::vector<view::LogFinding> read(Setting& s, const std::vector<Value>& pods) {
  std::vector<view::PodLog> logs;
  for (std::size_t i = 0; i < std::min(pods.size(), kMostPods); ++i)
    for (const Value& container : pods[i]["spec"]["containers"].items()) read_container(s, pods[i], container, logs);
  return view::findings_in(logs);
}

}  // namespace

void LogEvidence::add_to(Setting& s, Sight& sight) {
  const delivery::State state = delivery::read_state(sight.objects.release["status"]);
  const bool shown = state.retreat || state.phase == delivery::Phase::RolledBack;
  const auto& r = state.retreat ? state.retreat : state.last_rollback;
  if (!shown || !r) return;
  const std::string which = delivery::stamp(r->started_at);
  if (which != rollback_) *this = {}, rollback_ = which;
  if (found_.empty() && sight.now - read_at_ >= kInterval) {
    read_at_ = sight.now;
    if (const auto pods = pods_for_logs(sight, Logs{}, r->from.number)) found_ = read(s, *pods);
  }
  sight.objects.findings = found_;
}

}  // namespace slipway::cli
