#include "delivery/evidence/release_metrics.h"

#include <algorithm>

#include "api/kinds/release_rules.h"
#include "api/meta.h"
#include "api/resource.h"
#include "runtime/exposition.h"

namespace slipway::delivery::evidence {

using client::ObjectName;
using data::Value;

namespace {

// From seconds to days: releases and waits.
const std::vector<double> kLong = {1,    5,    15,   30,   60,     120,    300,    600,
                                   1200, 1800, 3600, 7200, 14'400, 43'200, 86'400, 259'200};
// From tenths of a second to minutes: ways back.
const std::vector<double> kShort = {0.1, 0.25, 0.5, 1, 1.5, 2, 3, 5, 10, 20, 30, 60, 120, 300, 600};

std::optional<base::Time> time_of(const Value& v) {
  return v.is_string() ? base::parse_time(v.as_string()) : std::nullopt;
}

void observe_between(runtime::Histogram& histogram, const Value& from, const Value& to) {
  const auto begin = time_of(from), end = time_of(to);
  if (begin && end) histogram.observe(std::max(0.0, base::to_seconds(*end - *begin)));
}

ObjectName name_of(const Value& object) {
  return {std::string(api::space_of(object)), std::string(api::name_of(object))};
}

// The entries of `after` that `before` does not have, oldest first. An entry is known by its version and its end.
std::vector<Value> new_entries(const Value& before, const Value& after) {
  const Value& known = before.at(0);
  std::vector<Value> out;
  for (const Value& entry : after.items()) {
    if (known.is_object() && entry["hash"] == known["hash"] && entry["finishedAt"] == known["finishedAt"]) break;
    out.insert(out.begin(), entry);
  }
  return out;
}

// The part of a way back that both the one under way and the last one may show.
const Value& way_back_of(const Value& release) {
  const Value& status = release["status"];
  return status["rollback"].is_object() ? status["rollback"] : status["lastRollback"];
}

bool is_over(const Value& verification) {
  const std::string_view phase = verification["phase"].as_string();
  return phase == "Passed" || phase == "Failed" || phase == "TimedOut";
}

// Counts of status.metricResults and the outcomes that they are shown as.
constexpr std::array<std::pair<const char*, const char*>, 5> kOutcomes = {{{"successful", "Passed"},
                                                                           {"failed", "Failed"},
                                                                           {"inconclusive", "Inconclusive"},
                                                                           {"errors", "Error"},
                                                                           {"unproven", "Unproven"}}};

std::string provider_of(const Value& metric) {
  const auto members = metric["provider"].members();
  return members.empty() ? "" : members.front().key.str();
}

void write_gauge(std::string& out, std::string_view name, std::string_view help, double value) {
  runtime::write_head(out, name, "gauge", help);
  runtime::write_sample(out, name, {}, runtime::metric_number(value));
}

void write_policy(std::string& out, const Value& policy) {
  const Value& status = policy["status"];
  write_gauge(out, "slipway_release_policy_places", "Releases under way, or about to begin, where there is a cap.",
              static_cast<double>(status["places"].size()));
  write_gauge(out, "slipway_release_policy_waiting", "Releases that wait for their turn.",
              status["waiting"].as_double());
  write_gauge(out, "slipway_release_policy_stopped", "1 while the administrator lets nothing go forward.",
              policy["spec"]["stop"].is_object() ? 1 : 0);
}

}  // namespace

ReleaseMetrics::ReleaseMetrics(runtime::Metrics& metrics, const runtime::Loop& loop)
    : metrics_(metrics),
      loop_(loop),
      durations_(metrics.histogram("slipway_release_duration_seconds", "From the begin of a release to its end.",
                                   {"namespace", "strategy", "result"}, kLong)),
      ways_back_(metrics.histogram("slipway_rollback_traffic_zero_seconds",
                                   "From the measurement that failed, or the decision to go back, until the candidate "
                                   "had no traffic.",
                                   {"namespace", "cause"}, kShort)),
      verifications_(metrics.histogram("slipway_rollback_verification_seconds",
                                       "How long the proof of a rollback took, by how it ended.",
                                       {"namespace", "result"}, kShort)),
      waits_(metrics.histogram("slipway_release_wait_seconds", "Waits that are over, by what was waited for.",
                               {"namespace", "reason"}, kLong)),
      measurements_(metrics.counter("slipway_analysis_measurements_total", "Measurements, by what they said.",
                                    {"namespace", "metric", "provider", "outcome"})),
      runs_(
          metrics.counter("slipway_analysis_runs_total", "AnalysisRuns that ended.", {"namespace", "kind", "phase"})) {
  metrics_.add_source(*this);
}

ReleaseMetrics::~ReleaseMetrics() { metrics_.remove_source(*this); }

void ReleaseMetrics::led(bool leads) {
  counts_ = leads;
  std::lock_guard lock(mutex_);
  leads_ = leads;
}

void ReleaseMetrics::changed(const api::Resource& resource, const Value& before, const Value& after) {
  if (resource == api::kReleases) return release_changed(before, after);
  if (resource == api::kAnalysisRuns && counts_ && !before.is_null() && !after.is_null())
    return count_run(before, after);
  const Value& object = after.is_null() ? before : after;
  if (resource == api::kReleasePolicies && api::name_of(object) == api::kPolicyName) return policy_changed(after);
}

// --- one Release ------------------------------------------------------------------------------------------

void ReleaseMetrics::release_changed(const Value& before, const Value& after) {
  const ObjectName name = name_of(after.is_null() ? before : after);
  if (before.is_null()) ++spaces_[name.space];
  if (after.is_null()) {
    known_.erase(name);
    show(name, nullptr);
    if (--spaces_[name.space] == 0) drop_space(name.space);
    return;
  }
  Known& known = known_[name];
  if (counts_ && !before.is_null()) count_release(known, before, after);
  count_wait(known, after);
  show(name, std::make_shared<const Figures>(after, known.ends));
}

void ReleaseMetrics::count_release(Known& known, const Value& before, const Value& after) {
  if (after["status"]["candidate"].is_object() && !known.ends.counting) {
    known.ends.counting = true;
    begin_series(after);
  }
  for (const Value& entry : new_entries(before["status"]["history"], after["status"]["history"]))
    count_end(known, after, entry);
  count_way_back(before, after);
}

// A series that begins with its first event is not seen to grow: the ends that matter are there from the start.
void ReleaseMetrics::begin_series(const Value& release) {
  for (const char* result : {"Released", "RolledBack", "Aborted"})
    durations_.with({std::string(api::space_of(release)), std::string(strategy_of(release)), result});
  for (const char* result : {"Passed", "Failed", "TimedOut"})
    verifications_.with({std::string(api::space_of(release)), result});
}

void ReleaseMetrics::count_end(Known& known, const Value& release, const Value& entry) {
  const std::string result = entry["result"].str();
  const auto at = std::ranges::find(kResults, result);
  if (at == kResults.end()) return;
  ++known.ends.ends[static_cast<std::size_t>(at - kResults.begin())];
  observe_between(durations_.with({std::string(api::space_of(release)), std::string(strategy_of(release)), result}),
                  entry["startedAt"], entry["finishedAt"]);
}

// Each of its times is counted when it appears.
void ReleaseMetrics::count_way_back(const Value& before, const Value& after) {
  const Value &now = way_back_of(after), &last = way_back_of(before);
  if (!now.is_object()) return;
  const std::string space(api::space_of(after));
  const bool same = last["startedAt"] == now["startedAt"];
  if (now.has("trafficZeroAt") && !(same && last.has("trafficZeroAt")))
    observe_between(ways_back_.with({space, now["cause"].str()}),
                    now.has("failingAt") ? now["failingAt"] : now["startedAt"], now["trafficZeroAt"]);
  const Value& proof = now["verification"];
  if (is_over(proof) && !(same && is_over(last["verification"])))
    observe_between(verifications_.with({space, proof["phase"].str()}), proof["startedAt"], proof["finishedAt"]);
}

void ReleaseMetrics::count_wait(Known& known, const Value& after) {
  const std::string_view wait = wait_of(after);
  if (wait == known.wait) return;
  if (counts_ && !known.wait.empty())
    waits_.with({std::string(api::space_of(after)), known.wait})
        .observe(base::to_seconds(loop_.mono() - known.waits_since));
  known.wait = wait;
  known.waits_since = loop_.mono();
}

void ReleaseMetrics::show(const ObjectName& name, std::shared_ptr<const Figures> figures) {
  std::lock_guard lock(mutex_);
  auto& shown = figures_[name];
  if (shown && --kinds_[{shown->strategy(), shown->phase()}] == 0) kinds_.erase({shown->strategy(), shown->phase()});
  if (figures) ++kinds_[{figures->strategy(), figures->phase()}];
  shown = std::move(figures);
  if (!shown) figures_.erase(name);
}

// The last Release of a namespace is gone, and what was counted there goes with it.
void ReleaseMetrics::drop_space(const std::string& space) {
  spaces_.erase(space);
  for (Histograms* family : {&durations_, &ways_back_, &verifications_, &waits_})
    family->remove_where("namespace", space);
  for (Counters* family : {&measurements_, &runs_}) family->remove_where("namespace", space);
}

// --- what else is counted ---------------------------------------------------------------------------------

void ReleaseMetrics::count_run(const Value& before, const Value& after) {
  const std::string space(api::space_of(after));
  if (!spaces_.contains(space)) return;
  const Value &was = before["status"]["metricResults"], &is = after["status"]["metricResults"];
  for (std::size_t i = 0; i < is.size(); ++i)
    for (const auto& [field, outcome] : kOutcomes) {
      const std::int64_t more = is.at(i)[field].as_int() - was.at(i)[field].as_int();
      if (more > 0)
        measurements_.with({space, is.at(i)["name"].str(), provider_of(after["spec"]["metrics"].at(i)), outcome})
            .add(static_cast<std::uint64_t>(more));
    }
  if (after["status"].has("completedAt") && !before["status"].has("completedAt"))
    runs_.with({space, after["spec"]["kind"].str(), after["status"]["phase"].str()}).add();
}

void ReleaseMetrics::policy_changed(const Value& policy) {
  std::lock_guard lock(mutex_);
  policy_ = policy;
}

// --- the text ---------------------------------------------------------------------------------------------

void ReleaseMetrics::write(std::string& out) const {
  std::vector<std::shared_ptr<const Figures>> all;
  std::map<Kind, std::size_t> kinds;
  Value policy;
  {
    std::lock_guard lock(mutex_);
    if (!leads_) return;
    all.reserve(figures_.size());
    for (const auto& [name, figures] : figures_) all.push_back(figures);
    kinds = kinds_;
    policy = policy_;
  }
  runtime::write_head(out, "slipway_releases", "gauge", "How many Releases of each strategy are in each phase.");
  for (const auto& [kind, count] : kinds)
    runtime::write_sample(out, "slipway_releases", {{"strategy", kind.first}, {"phase", kind.second}},
                          std::to_string(count));
  if (!policy.is_null()) write_policy(out, policy);
  for (std::size_t i = 0; i < kShown; ++i) {
    const FamilyHead& head = release_families()[i];
    runtime::write_head(out, head.name, head.type, head.help);
    for (const auto& figures : all) out += figures->of(i);
  }
}

}  // namespace slipway::delivery::evidence
