// A bench for analyses: one metric, asked and answered in virtual time.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "delivery/analysis/run.h"
#include "delivery/decide/modelled_cluster.h"

namespace slipway::delivery::analysis {

using base::Time;
using data::Value;

// `say` answers a question.
struct Bench {
  static constexpr base::Duration kAtOnce = base::milliseconds(20);  // the next turn knows
  Value run;
  Time now = *base::parse_time("2026-11-23T12:00:00Z");
  Answers facts = {};
  std::function<base::Result<Value>(const control::Ask&)> say = {};
  base::Duration answer_time = kAtOnce;
  int asked = 0;
  std::optional<Time> wake = {};
  bool forgetful = false;  // the process dies after each question

  explicit Bench(const char* metric, const char* extra = "{}") {
    run = json(R"({"metadata":{"name":"web-2-1-2","namespace":"shop","uid":"u1"},
      "spec":{"route":"web","candidate":{"service":"web-canary","hash":"h2"},"stable":{"service":"web-stable","hash":"h1"}}})");
    run.set({"spec", "metrics"}, Value::array({json(metric)}));
    for (const data::Member& m : json(extra).members()) run.set({"spec", m.key}, m.value);
  }

  void turn() {
    RunObservation o{.run = run};
    for (const auto& [id, fact] : facts)
      if (fact.answered <= now || answer_time <= kAtOnce)
        o.answers.emplace(id, fact);
      else
        o.pending.insert(id);
    const control::Decision d = decide_run(o, now);
    for (const control::Effect& e : d.effects) {
      if (const auto* ask = std::get_if<control::Ask>(&e)) {
        ++asked;
        if (!forgetful && !facts.contains(ask->id))
          facts.emplace(ask->id, control::Fact{now, now + answer_time, say(*ask)});
      }
      if (const auto* forget = std::get_if<control::Forget>(&e)) facts.erase(forget->id);
    }
    if (!d.status.is_null()) run.set("status", d.status);
    wake = d.wake_at;
  }
  void until_done(int turns = 2000) {
    for (int i = 0; i < turns && !run["status"].has("completedAt"); ++i, now += base::milliseconds(100)) turn();
  }
  const Value& metric() const { return run["status"]["metricResults"].at(0); }
  std::string phase() const { return run["status"]["phase"].str(); }
};

}  // namespace slipway::delivery::analysis
