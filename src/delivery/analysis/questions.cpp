// What is asked for one measurement (measurement.h).
#include <fmt/format.h>

#include <algorithm>

#include "api/meta.h"
#include "delivery/analysis/measurement.h"
#include "delivery/analysis/resolve.h"
#include "delivery/names.h"

namespace slipway::delivery::analysis {
namespace {

using control::Ask;
using data::Value;

constexpr base::Duration kAskTimeout = base::seconds(10);

// --- asking -----------------------------------------------------------------------------------------------

Value secret_of(const Value& run, const Value& provider) {
  return Value::object({{"namespace", api::space_of(run)}, {"name", provider["secret"]}});
}

// Where its release, or the try that a person asked for, began. One that lies ahead is of a clock that jumped back, and
// says nothing.
std::optional<base::Time> begin_of(const Value& run, base::Time now) {
  const auto since = base::parse_time(run["spec"]["since"].as_string());
  return since && *since <= now ? since : std::nullopt;
}

constexpr base::Duration kShortestWindow = base::milliseconds(1);
base::Duration fresh_window(const Value& run, base::Duration window, base::Time now) {
  const auto since = begin_of(run, now);
  return since ? std::clamp(now - *since, kShortestWindow, std::max(window, kShortestWindow)) : window;
}

struct Asker {
  const Value& run;
  base::Time now;
  std::string prefix;
  std::vector<Ask> out = {};

  void add(const char* what, std::string_view port, Value question, base::Duration timeout = kAskTimeout) {
    out.push_back({.id = fmt::format("{}/{}", prefix, what),
                   .port = std::string(port),
                   .question = std::move(question),
                   .timeout = timeout});
  }

  void gateway(const char* what, const Value& metric, const char* role) {
    const Value &provider = metric["provider"]["gateway"], &subject = run["spec"][role];
    const base::Duration window = window_of(metric);
    const bool limited = role == std::string_view("candidate");
    const std::string space = subject["namespace"].str(std::string(api::space_of(run)));
    const Value route = Value::object({{"namespace", space}, {"name", run["spec"]["route"]}});
    Value question =
        Value::object({{"route", route},
                       {"service", subject["service"]},
                       {"window", base::format_duration(limited ? fresh_window(run, window, now) : window)},
                       {"query", provider["query"]}});
    if (!run["spec"]["audience"].is_empty()) question.set("audience", run["spec"]["audience"]);
    add(what, kGatewayMetricsPort, std::move(question));
  }

  void prometheus(const char* what, const Value& provider, const Value& subject, std::string_view query) {
    Value question = Value::object({{"query", substitute(query, placeholders(run, subject))}});
    if (!provider["address"].as_string().empty()) question.set("address", provider["address"]);
    if (!provider["secret"].as_string().empty()) question.set("secret", secret_of(run, provider));
    add(what, kPrometheusPort, std::move(question));
  }
};

bool compares(const Value& run) {
  return run["spec"]["stable"].is_object() && run["spec"]["stable"] != run["spec"]["candidate"];
}

void ask_prometheus(Asker& asker, const Value& p) {
  const Value& candidate = asker.run["spec"]["candidate"];
  const Value& stable = asker.run["spec"]["stable"];
  const std::string_view query = p["query"].as_string(), samples = p["samplesQuery"].as_string();
  asker.prometheus("value", p, candidate, query);
  if (!samples.empty()) asker.prometheus("samples", p, candidate, samples);
  if (!compares(asker.run)) return;
  const std::string_view other = p["stableQuery"].as_string();
  asker.prometheus("stable", p, stable, other.empty() ? query : other);
  if (!samples.empty()) asker.prometheus("stable-samples", p, stable, samples);
}

// A port that is told how long it may take says more about a failure than the runner does, and gets the time to.
constexpr base::Duration kGrace = base::seconds(2);
base::Duration patience_of(const Value& provider) {
  return base::parse_duration(provider["timeout"].as_string()).value_or(kAskTimeout) + kGrace;
}

Value web_question(const Value& run, const Value& metric, const Value& subject) {
  const Value& web = metric["provider"]["web"];
  Value question = Value::object();
  for (const char* key : {"url", "method", "headers", "body", "jsonPath", "samplesPath", "timeout"})
    if (!web[key].is_empty()) question.set(key, substitute_late(web[key], placeholders(run, subject)));
  if (!web["secret"].as_string().empty()) question.set("secret", secret_of(run, web));
  if (metric["successCondition"].as_string().empty() && metric["failureCondition"].as_string().empty())
    question.set("statusOnly", true);
  return question;
}

// The stable version is asked about only where that is another question.
void ask_web(Asker& asker, const Value& metric) {
  const Value& spec = asker.run["spec"];
  const base::Duration patience = patience_of(metric["provider"]["web"]);
  const Value question = web_question(asker.run, metric, spec["candidate"]);
  asker.add("value", kWebPort, question, patience);
  if (!compares(asker.run)) return;
  Value other = web_question(asker.run, metric, spec["stable"]);
  if (other != question) asker.add("stable", kWebPort, std::move(other), patience);
}

Value process_question(const Value& run, const Value& process, const char* role) {
  const Value& subject = run["spec"][role];
  const std::string space = subject["namespace"].str(std::string(api::space_of(run)));
  Value about = Value::object({{"namespace", space}, {"role", role}});
  for (const char* key : {"release", "route"})
    if (!run["spec"][key].is_empty()) about.set(key, run["spec"][key]);
  for (const char* key : {"service", "hash"})
    if (!subject[key].is_empty()) about.set(key, subject[key]);
  if (run["spec"].has("variant")) about.set("variant", variant_of(run, subject));
  Value question = Value::object({{"program", process["name"]}, {"subject", about}});
  if (process["args"].is_object()) question.set("args", substitute_late(process["args"], placeholders(run, subject)));
  if (!process["timeout"].is_empty()) question.set("timeout", process["timeout"]);
  return question;
}

void ask_process(Asker& asker, const Value& process) {
  asker.add("value", kProcessPort, process_question(asker.run, process, "candidate"), patience_of(process));
  if (compares(asker.run))
    asker.add("stable", kProcessPort, process_question(asker.run, process, "stable"), patience_of(process));
}

}  // namespace

std::vector<Ask> questions(const Value& run, std::size_t index, std::int64_t number, base::Time now) {
  const Value& metric = run["spec"]["metrics"].at(index);
  const Value& provider = metric["provider"];
  Asker asker{run, now, fmt::format("analysis/{}/{}/{}", api::uid_of(run), index, number)};
  if (provider["job"].is_object()) return {};  // measured by a pod
  if (provider["prometheus"].is_object()) {
    ask_prometheus(asker, provider["prometheus"]);
  } else if (provider["web"].is_object()) {
    ask_web(asker, metric);
  } else if (provider["process"].is_object()) {
    ask_process(asker, provider["process"]);
  } else {
    asker.gateway("value", metric, "candidate");
    if (compares(run)) asker.gateway("stable", metric, "stable");
  }
  return std::move(asker.out);
}

base::Duration window_of(const Value& metric) {
  const Value& provider = metric["provider"];
  if (provider["gateway"].is_object())
    return base::parse_duration(provider["gateway"]["window"].as_string("10s")).value_or(base::Duration(0));
  for (const char* kind : {"prometheus", "web", "process"})
    if (provider[kind].is_object())
      return base::parse_duration(provider[kind]["window"].as_string()).value_or(base::Duration(0));
  return base::Duration(0);
}

std::optional<base::Time> ripe_at(const Value& run, const Value& metric, base::Duration interval, base::Time now) {
  const auto since = begin_of(run, now);
  if (!since || !metric["provider"]["gateway"].is_object()) return std::nullopt;
  return *since + std::min(interval, window_of(metric));
}

}  // namespace slipway::delivery::analysis
