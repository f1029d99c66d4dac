#include <fmt/format.h>

#include <algorithm>

#include "api/meta.h"
#include "base/strings.h"
#include "control/pod.h"
#include "control/pod_template.h"
#include "delivery/begun.h"
#include "delivery/decide/replicas.h"
#include "delivery/names.h"
#include "delivery/observe_in_place.h"
#include "delivery/plan/compile.h"
#include "view/steps.h"
#include "view/view.h"

namespace slipway::view {
namespace {

using data::Value;
using delivery::State;

std::optional<Time> time_of(const Value& v) { return v.is_string() ? base::parse_time(v.as_string()) : std::nullopt; }

// --- steps ------------------------------------------------------------------------------------------------

std::string strategy_of(const Value& strategy) {
  return strategy["canary"].is_object()      ? "canary"
         : strategy["blueGreen"].is_object() ? "blue-green"
         : strategy["gray"].is_object()      ? "gray release"
         : strategy["abTest"].is_object()    ? "A/B test"
                                             : "rolling";
}

StepState state_of(int index, const State& s) {
  if (s.retreat || (s.rejected && !s.candidate)) {
    const int failed = s.retreat ? s.retreat->user_step : s.last_rollback ? s.last_rollback->user_step : -1;
    return index < failed ? StepState::Done : index == failed ? StepState::Failed : StepState::Skipped;
  }
  if (!s.candidate) return StepState::Waiting;
  if (s.phase == delivery::Phase::Promoting || index < s.user_step) return StepState::Done;
  return index == s.user_step ? StepState::Current : StepState::Waiting;
}

MetricView metric_of(const Value& m) {
  MetricView out{.name = m["name"].str() + (m["dryRun"].as_bool() ? " (dry run)" : ""),
                 .unit = m["unit"].str(),
                 .limit = m["limit"].str(),
                 .phase = m["phase"].str()};
  out.passed = m["successful"].as_int();
  out.failed = m["failed"].as_int();
  out.wanted = m["wanted"].as_int();
  for (const Value& one : m["measurements"].items()) {
    if (!one["value"].is_number()) continue;
    out.value = one["value"].as_double();
    out.stable = one["stable"].is_number() ? std::optional(one["stable"].as_double()) : std::nullopt;
    out.samples = one["samples"].as_int();
    out.series.push_back(*out.value);
  }
  return out;
}

std::vector<MetricView> metrics_of(const Value& run) {
  std::vector<MetricView> out;
  for (const Value& m : run["status"]["metricResults"].items()) out.push_back(metric_of(m));
  return out;
}

// Runs of the release that the view shows, by their common name prefix.
std::vector<Value> current_runs(const Objects& objects, const State& s) {
  const std::int64_t revision = s.candidate  ? s.candidate->number
                                : s.retreat  ? s.retreat->from.number
                                : s.rejected ? s.rejected->number
                                : s.stable   ? s.stable->number
                                             : 0;
  const std::string prefix = fmt::format("{}-{}-", api::name_of(objects.release), revision);
  std::vector<Value> out;
  for (const Value& run : objects.runs)
    if (api::name_of(run).starts_with(prefix)) out.push_back(run);
  std::ranges::sort(out, {},
                    [](const Value& r) { return std::pair(r["status"]["startedAt"].str("~"), api::name_of(r)); });
  return out;
}

// When user steps ended, from the log of the release under way, or of the last one.
void add_times(const ReleaseView& view, std::vector<StepView>& steps) {
  std::optional<Time> began = view.began;
  bool started = false, finished = false;
  for (const LogEntry& entry : view.log) {
    if (entry.rule == "release.start") {
      began = entry.time;
      started = true, finished = false;
      for (StepView& step : steps) step.began.reset(), step.ended.reset();
    }
    finished = finished || entry.rule == "release.done";
    const auto index = entry.inputs["step"].as_int(-1);
    if (entry.rule != "step.done" || index < 0 || index >= static_cast<std::int64_t>(steps.size())) continue;
    StepView& step = steps[static_cast<std::size_t>(index)];
    if (!step.began) step.began = began;
    step.ended = began = entry.time;
  }
  for (StepView& step : steps) {
    // At rest they are those of the last release; one that the log does not tell of was passed over.
    if (finished && !view.candidate && !view.rollback)
      step.state = step.ended || !started ? StepState::Done : StepState::Skipped;
    if (step.state == StepState::Current) step.began = step.ended ? step.began : began, step.ended.reset();
    if (step.state == StepState::Failed && !step.ended && view.rollback)
      step.began = began, step.ended = view.rollback->started_at;
    if (step.state == StepState::Waiting || step.state == StepState::Skipped) step.began.reset(), step.ended.reset();
  }
}

void add_steps(const Objects& objects, const State& s, ReleaseView& view) {
  int number = 0;
  for (const std::string& text :
       s.step_names.empty() ? delivery::plan::step_names(objects.release["spec"]) : s.step_names) {
    view.steps.push_back({.number = number + 1, .text = text, .state = state_of(number, s)});
    ++number;
  }
  for (const Value& run : current_runs(objects, s)) {
    const std::string_view kind = run["spec"]["kind"].as_string();
    if (kind == "Verification" || kind == "Hook") continue;
    const auto step = run["spec"]["step"].as_int(-1);
    if (step >= 0 && step < number) view.steps[static_cast<std::size_t>(step)].metrics = metrics_of(run);
    const std::string variant = run["spec"]["variant"].str();
    if (variant.empty()) {
      view.metrics = metrics_of(run);
      continue;
    }
    // Each variant has its own run: only the last one of each counts.
    std::erase_if(view.metrics, [&](const MetricView& m) { return m.name.starts_with(variant + ": "); });
    for (MetricView& m : metrics_of(run)) {
      m.name = variant + ": " + m.name;
      view.metrics.push_back(std::move(m));
    }
  }
  add_times(view, view.steps);
}

// --- versions ---------------------------------------------------------------------------------------------

std::string pod_status(const Value& pod) {
  if (api::is_deleting(pod)) return "stopping";
  if (control::is_ready(pod)) return "ready";
  for (const Value& c : pod["status"]["containerStatuses"].items()) {
    const Value& waiting = c["state"]["waiting"];
    if (waiting["reason"].as_string().empty() || waiting["reason"].as_string() == "ContainerCreating") continue;
    return fmt::format("{}{}{}", waiting["reason"].as_string(), waiting.has("message") ? ": " : "",
                       waiting["message"].as_string());
  }
  const Value& scheduled = api::condition(pod, "PodScheduled");
  if (scheduled["status"].as_string() == "False") return "unschedulable: " + scheduled["message"].str();
  return control::phase_of(pod) == "Running" ? "not ready" : "starting";
}

PodView pod_view(const Value& pod, Time now) {
  const auto born = api::time_at(pod["metadata"]["creationTimestamp"]);
  return {std::string(api::name_of(pod)), control::is_ready(pod), pod_status(pod), control::restarts_of(pod),
          born ? now - *born : base::Duration(0)};
}

VersionView version_view(const Objects& objects, const Value& rs, const std::string& role, Time now) {
  VersionView v{.role = role,
                .replica_set = std::string(api::name_of(rs)),
                .images = delivery::images_of(rs["spec"]["template"])};
  v.revision = base::parse_int(rs["metadata"]["annotations"][delivery::kRevisionAnnotation].as_string()).value_or(0);
  v.wanted = rs["spec"]["replicas"].as_int(1);
  for (const Value& pod : objects.pods) {
    if (api::controller_of(pod)["uid"].as_string() != api::uid_of(rs) || control::is_terminal(pod)) continue;
    v.pods.push_back(pod_view(pod, now));
    v.ready += control::is_ready(pod) && !api::is_deleting(pod);
  }
  std::ranges::sort(v.pods, {}, &PodView::name);
  return v;
}

// Pods that are replaced in place are told apart by their label.
VersionView version_in_place(const Objects& objects, const delivery::Revision& r, const std::string& role, Time now) {
  const std::string name = fmt::format("{}-{}", api::name_of(objects.deployment), r.hash);
  VersionView v{.role = role, .revision = r.number, .replica_set = name, .images = r.images};
  for (const Value& pod : objects.pods) {
    const std::string_view hash = api::label(pod, delivery::kRevisionHashLabel);
    if (api::controller_of(pod)["uid"].as_string() != api::uid_of(objects.deployment) || control::is_terminal(pod) ||
        (hash != r.hash && hash != name))
      continue;
    v.pods.push_back(pod_view(pod, now));
    v.ready += control::is_ready(pod) && !api::is_deleting(pod);
    v.wanted += !api::is_deleting(pod);
  }
  std::ranges::sort(v.pods, {}, &PodView::name);
  return v;
}

void add_versions_in_place(const Objects& objects, const State& s, ReleaseView& view) {
  if (s.candidate) view.versions.push_back(version_in_place(objects, *s.candidate, "candidate", view.now));
  if (s.stable) view.versions.push_back(version_in_place(objects, *s.stable, "stable", view.now));
}

void add_versions(const Objects& objects, const State& s, ReleaseView& view) {
  if (delivery::plan::is_in_place(delivery::plan::target_kind_of(objects.release)))
    return add_versions_in_place(objects, s, view);
  const auto add = [&](const std::optional<delivery::Revision>& r, const std::string& role) {
    if (!r) return;
    for (const Value& rs : objects.replica_sets) {
      if (api::label(rs, control::kTemplateHashLabel) != r->hash) continue;
      view.versions.push_back(version_view(objects, rs, role, view.now));
      view.versions.back().revision = r->number;
    }
  };
  for (const delivery::VariantState& v : s.variants) add(v, "variant " + v.name);
  if (s.variants.empty()) add(s.candidate, "candidate");
  add(s.stable, "stable");
  for (const Value& rs : objects.replica_sets) {
    const auto name = api::name_of(rs);
    const bool shown = std::ranges::any_of(view.versions, [&](const VersionView& v) { return v.replica_set == name; });
    VersionView v = version_view(objects, rs, "old", view.now);
    if (!shown && (v.wanted > 0 || !v.pods.empty())) view.versions.push_back(std::move(v));
  }
}

// Pods of a rejected version that are kept for people to look at: they have no ReplicaSet any more.
void add_kept(const Objects& objects, const State& s, ReleaseView& view) {
  for (const delivery::KeptPod& kept : s.kept_pods) {
    const auto pod = std::ranges::find(objects.pods, std::string_view(kept.uid), api::uid_of);
    if (pod == objects.pods.end() || api::label(*pod, delivery::kKeptLabel).empty()) continue;
    auto version = std::ranges::find_if(
        view.versions, [&](const VersionView& v) { return v.role == "kept" && v.revision == kept.revision; });
    if (version == view.versions.end()) {
      view.versions.push_back({.role = "kept", .revision = kept.revision, .until = kept.until});
      version = view.versions.end() - 1;
      if (s.rejected && s.rejected->number == kept.revision) version->images = s.rejected->images;
    }
    version->pods.push_back(pod_view(*pod, view.now));
    version->ready += version->pods.back().ready;
    ++version->wanted;
  }
}

// What a version was: as the Release has kept it, or as its ReplicaSet says. Null: nobody knows any more.
Value bundle_of(const Objects& objects, const std::string& hash) {
  for (const Value& kept : objects.revisions)
    if (api::label(kept, delivery::kReleaseLabel) == api::name_of(objects.release) &&
        api::label(kept, control::kTemplateHashLabel) == hash && kept["data"]["template"].is_object())
      return comparable(control::without_hash_label(kept["data"]["template"]), kept["data"]["config"]);
  for (const Value& rs : objects.replica_sets)
    if (api::label(rs, control::kTemplateHashLabel) == hash) return control::without_hash_label(rs["spec"]["template"]);
  return {};
}

void add_changed(const Objects& objects, ReleaseView& view) {
  if (!view.rollback || !view.stable) return;
  const Value from = bundle_of(objects, view.stable->hash), to = bundle_of(objects, view.rollback->from.hash);
  if (from.is_object() && to.is_object()) view.changed = differences(from, to);
}

// --- records ----------------------------------------------------------------------------------------------

// Those whose content the older entry does not have.
delivery::ConfigHashes changed_config(const Value& newer, const Value& older) {
  delivery::ConfigHashes out;
  for (const auto& [name, hash] : delivery::config_hashes(newer["config"]))
    if (older["config"][name] != Value(hash)) out[name] = hash;
  return out;
}

void add_records(const State& s, ReleaseView& view) {
  for (const Value& e : s.log.items())
    view.log.push_back({time_of(e["time"]).value_or(Time{}), e["rule"].str(), e["text"].str(), e["inputs"]});
  const auto entries = s.history.items();
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const Value& h = entries[i];
    view.history.push_back({h["revision"].as_int(), h["images"].str(), h["result"].str(), h["cause"].str(),
                            h["message"].str(), h["verification"].str(), h["by"].str(), h["reason"].str(),
                            changed_config(h, i + 1 < entries.size() ? entries[i + 1] : data::kNull),
                            time_of(h["startedAt"]), time_of(h["finishedAt"])});
  }
}

// In a namespace of its own, or of a blue-green release before its switch.
std::string preview_address_of(const Value& release, const State& s) {
  if (s.preview) return fmt::format("{}.{}.svc", s.preview->service, s.preview->space);
  const Value begun = delivery::as_begun(release);
  if (!s.candidate || s.retreat || s.traffic.wanted > 0 || !begun["spec"]["strategy"].has("blueGreen")) return "";
  return fmt::format("{}.{}.svc", delivery::plan::routing_of(begun).canary_service, api::space_of(release));
}

}  // namespace

ReleaseView compute(const Objects& objects, Time now) {
  const State s = delivery::read_state(objects.release["status"]);
  const Value& spec = objects.release["spec"];
  ReleaseView view{.name = std::string(api::name_of(objects.release)),
                   .space = std::string(api::space_of(objects.release)),
                   .target = spec["target"]["name"].str(),
                   .target_kind = spec["target"]["kind"].str("Deployment"),
                   .strategy = strategy_of(spec["strategy"]),
                   .now = now,
                   .phase = s.phase,
                   .message = s.message,
                   .stable = s.stable,
                   .candidate = s.candidate,
                   .rejected = s.rejected};
  view.troubles = s.troubles;
  if (s.phase == delivery::Phase::Waiting) view.waiting = s.waiting;
  if (s.override_windows.at) view.overridden = s.override_windows;
  if (view.waiting && view.waiting->until && *view.waiting->until > now)
    view.message += fmt::format(" (in {})", base::human_duration(*view.waiting->until - now));
  if (s.candidate) view.began = s.candidate->started_at;
  view.routed = delivery::as_begun(objects.release)["spec"]["traffic"].is_object();
  view.wanted = static_cast<double>(s.traffic.wanted) / 100;
  view.beside = s.traffic.rules.substr(0, s.traffic.rules.rfind(" #"));
  view.variants = s.variants;
  view.preview = s.preview;
  view.switched = s.switched;
  view.preview_address = preview_address_of(objects.release, s);
  view.stable_requests = s.traffic.stable_requests;
  if (!s.variants.empty()) view.beside.clear();  // told variant by variant
  if (s.traffic.verified >= 0) view.verified = static_cast<double>(s.traffic.verified) / 100;
  view.rollback = s.retreat ? s.retreat : s.phase == delivery::Phase::RolledBack ? s.last_rollback : std::nullopt;
  add_records(s, view);
  add_steps(objects, s, view);
  add_plan(objects, s, view);
  add_people(objects, view);
  add_versions(objects, s, view);
  add_kept(objects, s, view);
  if (view.rollback) view.findings = objects.findings;
  add_changed(objects, view);
  return view;
}

Outcome outcome_of(const ReleaseView& view) {
  using delivery::Phase;
  switch (view.phase) {
    case Phase::Idle:
    case Phase::Keeping:
      return Outcome::Healthy;
    case Phase::Paused:
      return Outcome::WaitsForPerson;
    case Phase::RolledBack:
      return Outcome::EndedBadly;
    case Phase::Invalid:
      return Outcome::Invalid;
    case Phase::Pending:
    case Phase::Waiting:
    case Phase::Progressing:
    case Phase::Promoting:
    case Phase::RollingBack:
    case Phase::Verifying:
      return Outcome::UnderWay;
  }
  base::bug("unknown phase", __FILE__, __LINE__);
}

std::string metric_text(double value, std::string_view unit) {
  if (unit == "ratio") return fmt::format("{:.3g} %", value * 100);
  if (unit == "seconds") return value < 1 ? fmt::format("{:.3g} ms", value * 1000) : fmt::format("{:.3g} s", value);
  return fmt::format("{:.4g}", value);
}

}  // namespace slipway::view
