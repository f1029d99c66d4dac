#include "delivery/analysis/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "api/meta.h"
#include "api/resource.h"
#include "base/strings.h"
#include "control/patch.h"
#include "data/json.h"
#include "delivery/analysis/job.h"
#include "delivery/state.h"

namespace slipway::delivery::analysis {
namespace {

using base::Duration;
using base::Time;
using control::Decision;
using control::Note;
using data::Value;

constexpr std::size_t kMeasurementsKept = 10;
// For metrics without an interval: how late the only measurement may be.
constexpr Duration kSingleInterval = base::seconds(10);
constexpr Duration kDefaultPatience = base::minutes(10);

Duration duration_of(const Value& v, Duration fallback) {
  return v.as_string().empty() ? fallback : base::parse_duration(v.as_string()).value_or(fallback);
}

enum class MetricPhase { Running, Successful, Failed, Inconclusive, Error };
constexpr std::array<std::string_view, 5> kPhases = {"Running", "Successful", "Failed", "Inconclusive", "Error"};
std::string_view to_text(MetricPhase p) { return kPhases[static_cast<std::size_t>(p)]; }

// status.metricResults[i], typed.
struct Result {
  std::string name;
  MetricPhase phase = MetricPhase::Running;
  std::string message;
  std::int64_t number = 0;  // of the measurement that is next or under way
  std::int64_t count = 0, successful = 0, failed = 0, inconclusive = 0, errors = 0, errors_in_row = 0, unproven = 0,
               discarded = 0, passed_in_row = 0, without_data = 0;
  std::optional<Time> begun;       // the last measurement
  std::optional<Time> not_before;  // after an outage
  std::optional<Time> proven;      // the last measurement that said something, or the start
  Value measurements;
};

std::optional<Time> time_of(const Value& v) { return v.is_string() ? base::parse_time(v.as_string()) : std::nullopt; }

Result read_result(const Value& v, const Value& metric) {
  Result r{.name = metric["name"].str()};
  const auto phase = std::ranges::find(kPhases, v["phase"].as_string("Running"));
  if (phase != kPhases.end()) r.phase = static_cast<MetricPhase>(phase - kPhases.begin());
  r.message = v["message"].str();
  r.number = v["number"].as_int();
  r.count = v["count"].as_int();
  r.successful = v["successful"].as_int();
  r.failed = v["failed"].as_int();
  r.inconclusive = v["inconclusive"].as_int();
  r.errors = v["errors"].as_int();
  r.errors_in_row = v["consecutiveErrors"].as_int();
  r.unproven = v["unproven"].as_int();
  r.discarded = v["discarded"].as_int();
  r.passed_in_row = v["consecutiveSuccesses"].as_int();
  r.without_data = v["noData"].as_int();
  r.begun = time_of(v["begunAt"]);
  r.not_before = time_of(v["notBefore"]);
  r.proven = time_of(v["provenAt"]);
  r.measurements = v["measurements"];
  return r;
}

Value write_result(const Result& r, const Value& metric) {
  Value v = Value::object({{"name", r.name},
                           {"phase", to_text(r.phase)},
                           {"number", r.number},
                           {"count", r.count},
                           {"successful", r.successful},
                           {"failed", r.failed},
                           {"inconclusive", r.inconclusive},
                           {"errors", r.errors},
                           {"consecutiveErrors", r.errors_in_row},
                           {"unproven", r.unproven},
                           {"discarded", r.discarded}});
  if (!r.message.empty()) v.set("message", r.message);
  if (r.begun) v.set("begunAt", stamp(*r.begun));
  if (r.not_before) v.set("notBefore", stamp(*r.not_before));
  if (r.proven) v.set("provenAt", stamp(*r.proven));
  if (r.measurements.size() > 0) v.set("measurements", r.measurements);
  for (const char* key : {"limit", "unit"})
    if (!metric[key].as_string().empty()) v.set(key, metric[key]);
  if (metric.has("count")) v.set("wanted", metric["count"]);
  if (metric["consecutiveSuccessLimit"].as_int() > 0) v.set("consecutiveSuccesses", r.passed_in_row);
  if (r.without_data > 0) v.set("noData", r.without_data);
  if (metric["dryRun"].as_bool()) v.set("dryRun", true);
  return v;
}

// --- one metric -------------------------------------------------------------------------------------------

struct MetricTurn {
  const RunObservation& o;
  const Value& metric;
  std::size_t index;
  Time started;
  Time now;
  Result& r;
  Decision& out;

  Duration interval() const { return duration_of(metric["interval"], kSingleInterval); }
  Duration patience() const { return duration_of(metric["timeout"], kDefaultPatience); }
};

Time due(const MetricTurn& t) {
  if (!t.r.begun && t.r.not_before) return *t.r.not_before;
  Time at = t.r.begun ? *t.r.begun + t.interval() : t.started + duration_of(t.metric["initialDelay"], Duration(0));
  if (const auto ripe = ripe_at(t.o.run, t.metric, t.interval(), t.now); ripe && !t.r.begun) at = std::max(at, *ripe);
  return t.r.not_before ? std::max(at, *t.r.not_before) : at;
}

void wake_at(Decision& out, Time at) {
  if (!out.wake_at || at < *out.wake_at) out.wake_at = at;
}

// Who was away cannot know what happened meanwhile; a clock that jumped back is no better.
bool was_away(const MetricTurn& t, Time at) {
  return t.now > at + 2 * t.interval() || (t.r.begun && t.now + 2 * t.interval() < *t.r.begun);
}

// Is it time? Says when to look again where it is not.
bool may_begin(MetricTurn& t) {
  const Time at = due(t);
  if (was_away(t, at)) {
    ++t.r.discarded;
    t.r.begun.reset();
    t.r.not_before = t.now + std::max(t.interval(), window_of(t.metric));
    t.r.proven = t.now;
    return wake_at(t.out, *t.r.not_before), false;
  }
  if (t.now < at) return wake_at(t.out, at), false;
  return true;
}

// What a verdict counts as: where there was no data, what the metric says of that.
Verdict counted_as(Verdict verdict, const Value& metric) {
  if (verdict != Verdict::NoData) return verdict;
  const std::string_view policy = metric["onNoData"].as_string("Wait");
  return policy == "Fail" ? Verdict::Failed : policy == "Inconclusive" ? Verdict::Inconclusive : Verdict::NoData;
}

void count_verdict(Result& r, Verdict verdict) {
  const auto counted = [&](std::int64_t& which) { ++which, ++r.count, r.errors_in_row = 0; };
  if (verdict != Verdict::Passed) r.passed_in_row = 0;
  switch (verdict) {
    case Verdict::Passed:
      counted(r.successful), ++r.passed_in_row;
      break;
    case Verdict::Failed:
      counted(r.failed);
      break;
    case Verdict::Inconclusive:
      counted(r.inconclusive);
      break;
    case Verdict::Error:
      ++r.errors, ++r.errors_in_row;
      break;
    case Verdict::NoData:
    case Verdict::TooFew:
      ++r.unproven, r.errors_in_row = 0;
      break;
  }
}

constexpr std::size_t kMostText = 80;  // of a document in a message

std::string text_of(const Value& v) {
  if (v.is_number()) return fmt::format("{:.6g}", v.as_double());
  const std::string text = data::to_json(v);
  return text.size() <= kMostText ? text : "a document";
}

std::string last_text(const Result& r) {
  const Value& m = r.measurements.at(r.measurements.size() - 1);
  std::string out = m.has("value") ? ": " + text_of(m["value"]) : "";
  if (m.has("stable")) out += fmt::format(" (stable {})", text_of(m["stable"]));
  if (!m["message"].as_string().empty()) out += fmt::format(": {}", m["message"].as_string());
  return out;
}

void settle(Result& r, MetricPhase phase, std::string message) {
  r.phase = phase;
  r.message = std::move(message);
}

// All measurements were made, and never as many in a row passed.
void settle_without_row(Result& r, std::int64_t in_row, std::int64_t tolerated) {
  settle(r, tolerated < 0 ? MetricPhase::Failed : MetricPhase::Inconclusive,
         fmt::format("{} never passed {} in a row in {} measurements{}", r.name, base::times(in_row), r.count,
                     last_text(r)));
}

// What is done is called so often at most, whether it failed or was not heard of.
bool is_hook(const MetricTurn& t) { return t.o.run["spec"]["kind"].as_string() == "Hook"; }

// "warm failed 3 times, and is not tried again: status 500"
void settle_hook(Result& r) {
  const Value& last = r.measurements.at(r.measurements.size() - 1);
  const std::string why = last["message"].as_string().empty() ? last_text(r) : ": " + last["message"].str();
  settle(r, MetricPhase::Failed,
         fmt::format("{} failed{}{}", r.name,
                     r.number > 1 ? " " + base::times(r.number) + ", and is not tried again" : "", why));
}

// In this order, as users of Argo Rollouts know it.
void conclude(MetricTurn& t) {
  Result& r = t.r;
  const auto limit = [&](const char* key, std::int64_t fallback) { return t.metric[key].as_int(fallback); };
  const auto tolerated = limit("failureLimit", 0), in_row = limit("consecutiveSuccessLimit", 0);
  if (is_hook(t) && r.failed + r.errors > tolerated) return settle_hook(r);
  if (tolerated >= 0 && r.failed > tolerated)
    return settle(r, MetricPhase::Failed,
                  fmt::format("{} failed {}, {} tolerated{}", r.name, base::times(r.failed), tolerated, last_text(r)));
  if (const auto most = limit("inconclusiveLimit", 0); r.inconclusive > most)
    return settle(
        r, MetricPhase::Inconclusive,
        fmt::format("{} gave no verdict {}, {} tolerated{}", r.name, base::times(r.inconclusive), most, last_text(r)));
  if (const auto most = limit("consecutiveErrorLimit", 4); r.errors_in_row > most)
    return settle(
        r, MetricPhase::Error,
        fmt::format("{} could not be measured {} in a row{}", r.name, base::times(r.errors_in_row), last_text(r)));
  if (in_row > 0 && r.passed_in_row >= in_row)
    return settle(r, MetricPhase::Successful,
                  fmt::format("{} passed {} in a row{}", r.name, base::times(in_row), last_text(r)));
  const bool once = t.metric["interval"].as_string().empty();
  if (t.metric.has("count") || once) {
    const std::int64_t wanted = limit("count", 1);
    if (r.count >= wanted && in_row > 0) return settle_without_row(r, in_row, tolerated);
    if (r.count >= wanted) return settle(r, MetricPhase::Successful, fmt::format("{} passed{}", r.name, last_text(r)));
  }
}

void record(MetricTurn& t, const Measurement& m) {
  Result& r = t.r;
  ++r.number;
  // An answer that took longer than the interval is followed by the next question at once.
  r.begun = std::max(m.asked, m.finished - t.interval());
  r.not_before.reset();
  const Verdict counted = counted_as(m.verdict, t.metric);
  if (counted != Verdict::NoData && counted != Verdict::TooFew) r.proven = m.finished;
  if (m.verdict == Verdict::NoData) ++r.without_data;
  count_verdict(r, counted);
  Value recorded = to_value(m);
  if (counted != m.verdict) recorded.set("countedAs", analysis::to_text(counted));
  r.measurements.push_back(std::move(recorded));
  while (r.measurements.size() > kMeasurementsKept) r.measurements.erase_at(0);
  conclude(t);
  if (r.phase == MetricPhase::Running) wake_at(t.out, std::max(due(t), t.now));
}

void take_measurement(MetricTurn& t, const std::vector<control::Ask>& asks) {
  for (const control::Ask& ask : asks) t.out.effects.push_back(control::Forget{ask.id});
  record(t, evaluate(t.o.run, t.index, asks, t.o.answers));
}

bool out_of_patience(MetricTurn& t) {
  // The first measurement is due after its delay, and a failed one has a second chance, however short the patience.
  const Duration patience =
      std::max(t.patience(), t.metric["interval"].as_string().empty() ? Duration(0) : 2 * t.interval());
  const Time since = t.r.proven.value_or(t.started + duration_of(t.metric["initialDelay"], Duration(0)));
  if (t.now < since + patience) return wake_at(t.out, since + patience), false;
  settle(t.r, MetricPhase::Inconclusive,
         fmt::format("{} has had too few samples for {}", t.r.name, base::format_duration(patience)));
  return true;
}

// No such pod yet: made when it is time. What the API refuses for good is an error of this measurement, when it was
// refused since the measurement was due.
void begin_job(MetricTurn& t, const std::string& name) {
  if (out_of_patience(t) || !may_begin(t)) return;
  if (t.o.refused && t.o.refused_at >= due(t))
    return record(t, {.verdict = Verdict::Error,
                      .message = fmt::format("pod {} could not be made: {}", name, t.o.refused->message),
                      .asked = t.now,
                      .finished = t.now});
  t.out.effects.push_back(control::Create{api::kPods, job_pod(t.o.run, t.index, t.r.number)});
}

void step_job(MetricTurn& t) {
  const std::string name = job_pod_name(t.o.run, t.index, t.r.number);
  const auto pod = std::ranges::find_if(t.o.pods, [&](const Value& p) { return api::name_of(p) == name; });
  if (pod == t.o.pods.end()) return begin_job(t, name);
  if (const auto measured = measure_job(*pod, t.patience(), t.now)) return record(t, *measured);
  wake_at(t.out, end_of_patience(*pod, t.patience(), t.now));
}

void step_metric(MetricTurn& t) {
  if (t.r.phase != MetricPhase::Running) return;
  if (is_job(t.metric)) return step_job(t);
  const auto asks = questions(t.o.run, t.index, t.r.number, t.now);
  const bool answered = std::ranges::all_of(asks, [&](const control::Ask& a) { return t.o.answers.contains(a.id); });
  const bool begun = std::ranges::any_of(
      asks, [&](const control::Ask& a) { return t.o.answers.contains(a.id) || t.o.pending.contains(a.id); });
  if (answered) return take_measurement(t, asks);
  if (begun) {  // after a crash between two questions the others are asked now
    for (const control::Ask& a : asks)
      if (!t.o.answers.contains(a.id) && !t.o.pending.contains(a.id)) t.out.effects.push_back(a);
    return;
  }
  if (out_of_patience(t) || !may_begin(t)) return;
  for (const control::Ask& ask : asks) t.out.effects.push_back(ask);
}

// --- the run ----------------------------------------------------------------------------------------------

int badness(MetricPhase p) {
  switch (p) {
    case MetricPhase::Running:
    case MetricPhase::Successful:
      return 0;
    case MetricPhase::Inconclusive:
      return 1;
    case MetricPhase::Error:
      return 2;
    case MetricPhase::Failed:
      return 3;
  }
  base::bug("unknown phase", __FILE__, __LINE__);
}

struct Verdicts {
  MetricPhase worst = MetricPhase::Successful;
  std::string message;
  bool all_done = true;
  bool over() const { return all_done || badness(worst) > 0; }
};

// Of those that decide. Where none does, the run lasts until all are done, and nothing can be wrong.
Verdicts add_up(const std::vector<Result>& results, const Value& metrics) {
  Verdicts v;
  bool somebody_decides = false, rest_done = true;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const Result& r = results[i];
    const bool done = r.phase != MetricPhase::Running;
    if (metrics.at(i)["dryRun"].as_bool()) {
      rest_done = rest_done && done;
      continue;
    }
    somebody_decides = true;
    v.all_done = v.all_done && done;
    if (badness(r.phase) > badness(v.worst)) v.worst = r.phase, v.message = r.message;
  }
  if (!somebody_decides) v.all_done = rest_done;
  return v;
}

void finish(Decision& out, const Value& run, Value& status, MetricPhase phase, std::string message, Time now) {
  status.set("phase", to_text(phase));
  status.set("message", message);
  status.set("completedAt", stamp(now));
  out.wake_at.reset();
  const bool good = phase == MetricPhase::Successful;
  out.notes.push_back(
      {good ? Note::Kind::Normal : Note::Kind::Warning, fmt::format("Analysis{}", to_text(phase)), message});
  out.reasons.push_back({"analysis.verdict", fmt::format("{}: {}", api::name_of(run), message)});
}

// Ended from outside: what has been measured so far was good enough.
void terminate(std::vector<Result>& results) {
  for (Result& r : results)
    if (r.phase == MetricPhase::Running) settle(r, MetricPhase::Successful, r.name + " ended with its release");
}

// Nobody waits for metrics that do not decide.
void end_dry_runs(std::vector<Result>& results, const Value& metrics) {
  for (std::size_t i = 0; i < results.size(); ++i)
    if (results[i].phase == MetricPhase::Running && metrics.at(i)["dryRun"].as_bool())
      settle(results[i], MetricPhase::Successful, results[i].name + " ended with its run");
}

// A run that nobody keeps goes when its time is over.
void clear_away(Decision& out, const Value& run, Time now) {
  const auto ended = time_of(run["status"]["completedAt"]);
  const std::string_view ttl = run["spec"]["ttl"].as_string();
  const auto life = base::parse_duration(ttl);
  if (ttl.empty() || !life || !ended || !api::controller_of(run).is_null()) return;
  if (now < *ended + *life) return wake_at(out, *ended + *life);
  out.effects.push_back(control::delete_of(api::kAnalysisRuns, run));
}

Value written(const std::vector<Result>& results, const Value& metrics) {
  Value out = Value::array();
  for (std::size_t i = 0; i < results.size(); ++i) out.push_back(write_result(results[i], metrics.at(i)));
  return out;
}

}  // namespace

std::vector<std::string> current_questions(const Value& run) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < run["spec"]["metrics"].size(); ++i)
    for (const control::Ask& ask : questions(run, i, run["status"]["metricResults"].at(i)["number"].as_int(), Time{}))
      out.push_back(ask.id);
  return out;
}

Decision decide_run(const RunObservation& o, Time now) {
  Decision out;
  const Value& metrics = o.run["spec"]["metrics"];
  Value status = o.run["status"];
  if (api::is_deleting(o.run)) return out;
  out.effects = sweep_pods(o.run, o.pods, status.has("completedAt"));
  if (status.has("completedAt")) return clear_away(out, o.run, now), out;
  if (!status.has("startedAt")) status.set("startedAt", stamp(now));
  status.set("phase", to_text(MetricPhase::Running));
  const Time started = time_of(status["startedAt"]).value_or(now);
  std::vector<Result> results;
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    results.push_back(read_result(o.run["status"]["metricResults"].at(i), metrics.at(i)));
    MetricTurn turn{o, metrics.at(i), i, started, now, results.back(), out};
    if (!o.run["spec"]["terminate"].as_bool()) step_metric(turn);
  }
  if (o.run["spec"]["terminate"].as_bool()) terminate(results);
  const Verdicts v = add_up(results, metrics);
  if (v.over()) end_dry_runs(results, metrics);
  status.set("metricResults", written(results, metrics));
  if (badness(v.worst) > 0)
    finish(out, o.run, status, v.worst, v.message, now);
  else if (v.all_done)
    finish(out, o.run, status, MetricPhase::Successful, "all metrics passed", now);
  out.status = status;
  return out;
}

}  // namespace slipway::delivery::analysis
