#include "delivery/analysis/measurement.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "control/mutants.h"
#include "data/json.h"
#include "data/utf8.h"
#include "expr/expression.h"
#include "stats/proportion.h"

namespace slipway::delivery::analysis {
namespace {

using control::Ask;
using data::Value;

// --- reading answers --------------------------------------------------------------------------------------

// What counts as data. Of figures a number, or a list of at least two; everything else (empty, NaN, infinite) is no
// data. Of documents everything but null and numbers that are none: an empty list says that there is nothing.
Value usable(const Value& v, bool document) {
  if (v.is_number()) return std::isfinite(v.as_double()) ? v : Value();
  if (document) return v;
  if (v.is_array()) return v.size() == 1 ? usable(v.at(0), false) : v.size() == 0 ? Value() : v;
  return {};
}

bool answers_documents(const Value& metric) {
  return metric["provider"]["web"].is_object() || metric["provider"]["process"].is_object();
}

struct Reading {
  Value value;
  std::optional<std::int64_t> samples;
};

struct Reader {
  const std::vector<Ask>& asked;
  const Answers& answers;
  bool documents;

  const control::Fact* fact(std::string_view what) const {
    for (const Ask& ask : asked)
      if (ask.id.ends_with(fmt::format("/{}", what)))
        if (const auto it = answers.find(ask.id); it != answers.end()) return &it->second;
    return nullptr;
  }
  Reading reading(const char* value, const char* samples) const {
    Reading out;
    if (const auto* f = fact(value); f && f->answer) {
      out.value = usable((*f->answer)["value"], documents);
      if ((*f->answer)["samples"].is_number()) out.samples = (*f->answer)["samples"].as_int();
    }
    if (const auto* f = fact(samples); f && f->answer)
      out.samples = static_cast<std::int64_t>(usable((*f->answer)["value"], false).as_double());
    return out;
  }
  std::string failure() const {
    for (const Ask& ask : asked)
      if (const auto it = answers.find(ask.id); it != answers.end() && !it->second.answer)
        return fmt::format("{}: {}", ask.port, it->second.answer.error().message);
    return "";
  }
};

// --- judging ----------------------------------------------------------------------------------------------

bool is_proportion(const Reading& r) {
  return r.samples.value_or(0) > 0 && r.value.is_number() && r.value.as_double() >= 0 && r.value.as_double() <= 1;
}
std::int64_t hits(const Reading& r) { return std::llround(r.value.as_double() * static_cast<double>(*r.samples)); }

void add_interval(Value& vars, const Reading& r, const char* low, const char* high) {
  if (!is_proportion(r)) return;
  const auto interval = stats::wilson_interval(hits(r), *r.samples);
  vars.set(low, interval.low);
  vars.set(high, interval.high);
}

Value variables(const Reading& candidate, const Reading& stable) {
  Value vars = Value::object();
  for (const char* name : {"low", "high", "stableLow", "stableHigh", "pWorse", "samples", "stableSamples"})
    vars.set(name, Value());
  vars.set("result", candidate.value);
  vars.set("stable", stable.value);
  if (candidate.samples) vars.set("samples", *candidate.samples);
  if (stable.samples) vars.set("stableSamples", *stable.samples);
  add_interval(vars, candidate, "low", "high");
  add_interval(vars, stable, "stableLow", "stableHigh");
  if (is_proportion(candidate) && is_proportion(stable))
    vars.set("pWorse",
             stats::compare_proportions(hits(candidate), *candidate.samples, hits(stable), *stable.samples).p_greater);
  return vars;
}

// What a condition reads and is not there. A stable version without traffic is no reason to give up as long as the
// condition can do without it (`stable == nil || ...`); what is missing about the candidate always is.
bool is_about_stable(const std::string& name) { return name.starts_with("stable") || name == "pWorse"; }

std::string missing_variable(const expr::Expression& e, const Value& vars, bool about_stable) {
  for (const std::string& name : e.names())
    if (vars.has(name) && vars[name].is_null() && is_about_stable(name) == about_stable) return name;
  return "";
}

struct Outcome {
  std::optional<bool> holds;  // nullopt: no condition, or cannot be said
  std::string error;
  std::string missing;
};

Outcome test(const Value& condition, const Value& vars) {
  if (condition.as_string().empty()) return {};
  const auto e = expr::Expression::parse(condition.as_string());
  if (!e) return {.error = e.error().message};
  if (const std::string missing = missing_variable(*e, vars, false); !missing.empty()) return {.missing = missing};
  const auto holds = e->holds(vars);
  if (const std::string missing = missing_variable(*e, vars, true); !holds && !missing.empty())
    return {.missing = missing};
  return holds ? Outcome{.holds = *holds} : Outcome{.error = holds.error().message};
}

// Without conditions and without a path: does the address answer as it should?
bool judged_by_status(const Value& metric) {
  return metric["successCondition"].as_string().empty() && metric["failureCondition"].as_string().empty() &&
         metric["provider"]["web"].is_object();
}

void judge_status(Measurement& m) {
  const std::int64_t status = m.value.as_int();
  m.verdict = status >= 200 && status <= 299 ? Verdict::Passed : Verdict::Failed;
  m.message = fmt::format("status {}", status);
}

void judge(Measurement& m, const Value& metric, const Value& vars) {
  if (judged_by_status(metric)) return judge_status(m);
  const Outcome success = test(metric["successCondition"], vars), failure = test(metric["failureCondition"], vars);
  for (const Outcome* o : {&success, &failure}) {
    if (!o->error.empty()) return void((m.verdict = Verdict::Error, m.message = o->error));
    if (!o->missing.empty()) return void((m.verdict = Verdict::NoData, m.message = "no data for " + o->missing));
  }
  if (failure.holds.value_or(false))
    m.verdict = Verdict::Failed;
  else if (success.holds)
    m.verdict = *success.holds ? Verdict::Passed : failure.holds ? Verdict::Inconclusive : Verdict::Failed;
  else
    m.verdict = failure.holds ? Verdict::Passed : Verdict::Inconclusive;
}

// A document may be large, and the status keeps ten of them.
constexpr std::size_t kMostShown = 512;  // bytes
Value shown(const Value& value) {
  if (value.is_number() || value.is_bool()) return value;
  std::string text = value.is_string() ? value.str() : data::to_json(value);
  if (text.size() <= kMostShown) return value;
  std::size_t end = 0;
  while (true) {
    const std::size_t length = data::utf8_length(std::string_view(text).substr(end));
    if (length == 0 || end + length > kMostShown) break;
    end += length;
  }
  return text.substr(0, end) + "...";
}

}  // namespace

std::string_view to_text(Verdict verdict) {
  switch (verdict) {
    case Verdict::Passed:
      return "Passed";
    case Verdict::Failed:
      return "Failed";
    case Verdict::Inconclusive:
      return "Inconclusive";
    case Verdict::Error:
      return "Error";
    case Verdict::NoData:
      return "NoData";
    case Verdict::TooFew:
      return "TooFew";
  }
  base::bug("unknown verdict", __FILE__, __LINE__);
}

Value to_value(const Measurement& m) {
  Value out = Value::object({{"verdict", to_text(m.verdict)},
                             {"startedAt", base::format_micro_time(m.asked)},
                             {"finishedAt", base::format_micro_time(m.finished)}});
  if (!m.value.is_null()) out.set("value", shown(m.value));
  if (!m.stable.is_null()) out.set("stable", shown(m.stable));
  if (m.samples) out.set("samples", *m.samples);
  if (m.stable_samples) out.set("stableSamples", *m.stable_samples);
  if (!m.message.empty()) out.set("message", m.message);
  return out;
}

Measurement evaluate(const Value& run, std::size_t index, const std::vector<Ask>& asked, const Answers& answers) {
  const Value& metric = run["spec"]["metrics"].at(index);
  const Reader reader{asked, answers, answers_documents(metric)};
  Measurement m;
  if (const auto* f = reader.fact("value")) m.asked = f->asked;
  for (const Ask& ask : asked)
    if (const auto it = answers.find(ask.id); it != answers.end())
      m.finished = std::max(m.finished, it->second.answered);
  m.message = reader.failure();
  if (!m.message.empty()) return m.verdict = Verdict::Error, m;
  const Reading candidate = reader.reading("value", "samples");
  const bool compared = reader.fact("stable") != nullptr;
  const Reading stable = compared ? reader.reading("stable", "stable-samples") : candidate;
  m.value = candidate.value;
  m.samples = candidate.samples;
  if (compared) m.stable = stable.value, m.stable_samples = stable.samples;
  const std::int64_t least = metric["minSamples"].as_int();
  if (control::mutant(control::Mutant::NoDataIsSuccess) && m.value.is_null()) return m.verdict = Verdict::Passed, m;
  if (m.value.is_null() || m.samples == 0) return m.verdict = Verdict::NoData, m.message = "no data", m;
  if (least > 0 && m.samples.value_or(0) < least) {
    m.verdict = Verdict::TooFew;
    m.message = fmt::format("{} of {} samples", m.samples.value_or(0), least);
    return m;
  }
  judge(m, metric, variables(candidate, stable));
  return m;
}

}  // namespace slipway::delivery::analysis
