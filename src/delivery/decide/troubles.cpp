#include "delivery/decide/troubles.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "api/meta.h"
#include "api/resource.h"
#include "control/mutants.h"
#include "control/outside.h"
#include "delivery/decide/config.h"
#include "delivery/decide/variants.h"
#include "delivery/observe_troubles.h"
#include "delivery/troubles/of_pod.h"

namespace slipway::delivery {
namespace {

using data::Value;

constexpr std::size_t kMostTroubles = 10;
// So long Events that were read stand for what is.
constexpr base::Duration kAskAgain = base::seconds(30);
constexpr std::int64_t kMostEvents = 50;

class Sightings {
 public:
  void add(Trouble t) {
    const auto known = std::ranges::find_if(all_, [&](const Trouble& other) { return other.is_same(t); });
    if (known == all_.end()) return void(all_.push_back(std::move(t)));
    ++known->count;
    if (known->message.empty()) known->message = std::move(t.message), known->cure = t.cure;
  }
  void add(TroubleKind kind, std::string object, std::string message) {
    add({.kind = kind, .cure = entry_of(kind).cure, .object = std::move(object), .message = std::move(message)});
  }
  std::vector<Trouble> take() {
    std::ranges::stable_sort(all_, {}, [](const Trouble& t) { return std::pair(t.kind, t.version); });
    if (all_.size() > kMostTroubles) all_.resize(kMostTroubles);
    return std::move(all_);
  }

 private:
  std::vector<Trouble> all_;
};

// --- versions ---------------------------------------------------------------------------------------------

bool at_rest(const Turn& turn) {
  const Phase phase = turn.s.phase;
  return phase == Phase::Idle || phase == Phase::RolledBack || phase == Phase::Invalid;
}

const Value& warnings_about(const Turn& turn, const Value& object) {
  const auto& warnings = turn.o.warnings;
  const bool about = warnings && warnings->uid == api::uid_of(object);
  return about ? warnings->events : data::kNull;
}

Trouble trouble_of_version(const PodTrouble& t, std::string object, std::string_view version) {
  return {.kind = t.kind,
          .cure = t.cure,
          .object = std::move(object),
          .version = std::string(version),
          .message = t.message};
}

// `space`: of the preview; empty: these are the Release's own.
void look_at_pods(Turn& turn, const Version& version, const std::string& space, Sightings& seen) {
  for (const Value& pod : version.ailing) {
    const PodHealth health = health_of(pod, warnings_about(turn, pod), turn.now);
    if (health.look_at) turn.wake_at(*health.look_at);
    if (health.ask_events && turn.unexplained.is_null()) turn.unexplained = pod;
    if (!health.trouble) continue;
    Trouble t = trouble_of_version(*health.trouble, fmt::format("Pod {}", api::name_of(pod)), version.hash);
    t.space = space;
    seen.add(std::move(t));
  }
}

// Pods that were never made say nothing: their ReplicaSet does.
void look_at_set(const Version& version, const std::string& space, Sightings& seen) {
  const Value& failure = api::condition(version.rs, "ReplicaFailure");
  if (version.pods >= version.spec || failure["status"].as_string() != "True") return;
  const auto why = creation_trouble(failure["message"].as_string(failure["reason"].as_string("FailedCreate")));
  Trouble t = trouble_of_version(why, "ReplicaSet " + version.name, version.hash);
  t.space = space;
  seen.add(std::move(t));
}

// The controllers of StatefulSets and DaemonSets tell it by Events alone.
void look_at_workload(Turn& turn, Sightings& seen) {
  if (!turn.o.in_place() || at_rest(turn) || std::ssize(turn.o.placed) >= turn.o.replicas()) return;
  const auto& since = turn.s.position.since;
  if (since && turn.now < *since + kPodGrace) return turn.wake_at(*since + kPodGrace);
  if (turn.unexplained.is_null()) turn.unexplained = turn.o.workload;
  const Value& events = warnings_about(turn, turn.o.workload);
  for (std::size_t i = events.size(); i-- > 0;) {
    if (events.at(i)["reason"].as_string() != "FailedCreate") continue;
    return seen.add(trouble_of_version(creation_trouble(events.at(i)["message"].as_string()), turn.workload_name(),
                                       turn.s.candidate ? turn.s.candidate->hash : ""));
  }
}

// Those of a release under way and of the users'; before there is any, all that have pods to have.
bool matters(const Turn& turn, const Version& version) {
  const State& s = turn.s;
  if (!s.stable) return version.spec > 0;
  const auto is = [&](const Revision& r) { return r.hash == version.hash; };
  return is(*s.stable) || (s.candidate && is(*s.candidate)) || std::ranges::any_of(s.variants, is);
}

void look_at_versions(Turn& turn, Sightings& seen) {
  const auto look = [&](const std::vector<Version>& versions, const std::string& space) {
    for (const Version& version : versions) {
      if (!matters(turn, version)) continue;
      look_at_pods(turn, version, space, seen);
      if (!turn.o.in_place()) look_at_set(version, space, seen);
    }
  };
  look(turn.o.versions, "");
  for (const auto& [space, preview] : turn.o.previews) look(preview.versions, space);
  look_at_workload(turn, seen);
}

// --- traffic and metrics ----------------------------------------------------------------------------------

void look_at_traffic(const Turn& turn, Sightings& seen) {
  if (!turn.routed()) return;
  const std::string route = turn.route_name();
  if (!turn.o.router_missing.empty()) return seen.add(TroubleKind::RouterMissing, route, turn.o.router_missing);
  if (at_rest(turn)) return;
  const std::string service = "Service " + turn.plan.routing->service;
  if (turn.o.service.is_null()) seen.add(TroubleKind::ServiceMissing, service, "it does not exist");
  const RouteView view = turn.view();
  if (view.shape == RouteView::Shape::Absent && route != service)
    return seen.add(TroubleKind::RouteMissing, route, "it does not exist");
  if (view.shape == RouteView::Shape::Foreign)
    return seen.add(TroubleKind::RouteMissing, route, fmt::format("it does not name {}", service));
  const auto& told = turn.o.traffic;
  if (!told || told->error.empty()) return;
  seen.add(told->by_status_of.empty() ? TroubleKind::RouterSilent : TroubleKind::RouteRefused, route, told->error);
}

// At first there may be none: what is asked about has only just begun to get requests.
bool may_have_data(Turn& turn, const Value& run) {
  const auto since = base::parse_time(run["status"]["startedAt"].as_string());
  if (since && turn.now < *since + kPodGrace) turn.wake_at(*since + kPodGrace);
  return !since || turn.now >= *since + kPodGrace;
}

void look_at_metric(Turn& turn, const Value& run, const Value& metric, Sightings& seen) {
  constexpr std::int64_t kInARow = 2;
  const Value& all = metric["measurements"];
  if (metric["phase"].as_string() != "Running" || all.size() == 0) return;
  const Value& last = all.at(all.size() - 1);
  const std::string object = fmt::format("AnalysisRun {}", api::name_of(run));
  const auto text = [&](std::string_view why) {
    return fmt::format("metric {}: {}", metric["name"].as_string(), last["message"].as_string(why));
  };
  if (metric["consecutiveErrors"].as_int() >= kInARow)
    seen.add(TroubleKind::ProviderUnreachable, object, text("no answer"));
  else if (metric["noData"].as_int() >= kInARow && last["verdict"].as_string() == "NoData" && may_have_data(turn, run))
    seen.add(TroubleKind::NoData, object, text("it has no data"));
}

void look_at_runs(Turn& turn, Sightings& seen) {
  for (const Value& run : turn.o.runs)
    if (!run["status"].has("completedAt") && !run["spec"]["terminate"].as_bool())
      for (const Value& metric : run["status"]["metricResults"].items()) look_at_metric(turn, run, metric, seen);
}

// --- the status -------------------------------------------------------------------------------------------

bool is_logged(const State& s, const std::string& rule, const Trouble& t) {
  return std::ranges::any_of(s.log.items(), [&](const Value& entry) {
    return entry["rule"].as_string() == rule && entry["inputs"]["version"].as_string() == t.version;
  });
}

// Once as long as the log remembers it: a container that crashes comes and goes.
void tell_begin(Turn& turn, const Trouble& t) {
  const std::string rule = fmt::format("trouble.{}", entry_of(t.kind).name);
  if (is_logged(turn.s, rule, t)) return;
  turn.log(rule, to_text(t), to_value(t).without("since"));
  turn.note(control::Note::Kind::Warning, std::string(entry_of(t.kind).name), to_text(t));
}

void remember(Turn& turn, std::vector<Trouble> seen) {
  for (Trouble& t : seen) {
    const auto& known = turn.s.troubles;
    const auto before = std::ranges::find_if(known, [&](const Trouble& other) { return other.is_same(t); });
    const bool is_new = before == known.end();
    t.since = is_new ? turn.now : before->since;
    t.overruled = !is_new && before->overruled;
    if (t.message.empty() && !is_new) t.message = before->message, t.cure = before->cure;
    if (t.message.empty()) t.message = entry_of(t.kind).meaning;
    if (is_new) tell_begin(turn, t);
  }
  turn.s.troubles = std::move(seen);
}

}  // namespace

// RBAC names the right that is missing; quotas and admission say themselves what is wrong.
std::string refusal_text(const base::Error& refused) {
  const bool right = refused.code == base::Code::Forbidden && refused.message.contains(" cannot ");
  return right ? "the controllers lack a right, which `slipway install` gives: " + refused.message : refused.message;
}

void note_troubles(Turn& turn) {
  Sightings seen;
  if (!turn.o.workload.is_null() && !api::is_deleting(turn.o.release)) {
    look_at_versions(turn, seen);
    if (is_config_missing(turn)) seen.add(TroubleKind::ConfigMissing, turn.workload_name(), turn.o.config.missing);
    look_at_traffic(turn, seen);
    look_at_runs(turn, seen);
    if (turn.o.refused)
      seen.add(TroubleKind::WriteRefused, "Release " + turn.o.release["metadata"]["name"].str(),
               refusal_text(*turn.o.refused));
  }
  remember(turn, seen.take());
}

void ask_about_troubles(Turn& turn) {
  if (turn.unexplained.is_null() || at_rest(turn)) return;
  const auto& known = turn.o.warnings;
  if (known && known->pending) return;
  if (known && known->answered && turn.now < *known->answered + kAskAgain)
    return turn.wake_at(*known->answered + kAskAgain);
  const std::string id = warnings_fact(turn.o.release);
  if (known && known->answered) turn.act(control::Forget{id});
  turn.act(
      control::Ask{.id = id,
                   .port = "list",
                   .question = control::ListPort::question(
                       api::kEvents, api::space_of(turn.unexplained),
                       fmt::format("involvedObject.uid={},type=Warning", api::uid_of(turn.unexplained)), kMostEvents)});
}

std::string trouble_text(const Turn& turn, std::string_view version) {
  for (const Trouble& t : turn.s.troubles)
    if (t.version == version) return fmt::format("{}: {}", t.object, t.message);
  return "";
}

const Trouble* unbearable(Turn& turn, std::string_view version) {
  for (const Trouble& t : turn.s.troubles) {
    if (t.version != version || t.overruled || !t.since) continue;
    const auto patience = plan::patience_with(turn.plan.guards, t);
    if (!patience) continue;
    if (turn.now >= *t.since + *patience || control::mutant(control::Mutant::TroubleAtOnce)) return &t;
    turn.wake_at(*t.since + *patience);
  }
  return nullptr;
}

}  // namespace slipway::delivery
