// What a hook's AnalysisRun says has happened outside: nothing is counted, good or bad, that nobody has answered, and
// nobody is called once more after as many failures as may be tried again. (Pods: analysis_has_data.cpp.)
#include "rehearse/checkers/checkers.h"
#include "rehearse/checkers/release_hooks.h"

namespace slipway::rehearse {
namespace {

using data::Value;

class HooksAnswered final : public Checker {
 public:
  std::string_view name() const override { return "hooks-answered"; }

  std::optional<std::string> changed(const Truth& truth, const store::Change& change) override {
    if (change.entry->key.resource != api::kAnalysisRuns.qualified() || change.kind != store::Change::Kind::Put)
      return {};
    const Value& run = change.entry->object;
    if (!is_hook_run(run)) return {};
    const Value& metric = run["spec"]["metrics"].at(0);
    if (!asks_us(metric["provider"])) return {};
    const std::string what = "AnalysisRun " + std::string(api::name_of(run));
    const auto calls = truth.hooks.calls_of(api::uid_of(run));
    const Value& result = run["status"]["metricResults"].at(0);
    const std::int64_t good = result["successful"].as_int(), bad = result["failed"].as_int();
    if (good > calls.done)
      return what + " counts " + std::to_string(good) + " good ends, and " + std::to_string(calls.done) + " were told";
    if (bad > calls.refused)
      return what + " counts " + std::to_string(bad) + " bad ends, and " + std::to_string(calls.refused) + " were told";
    const std::int64_t most = metric["failureLimit"].as_int() + 1;
    if (result["number"].as_int() > most)
      return what + " may call " + std::to_string(most) + " times, and has called " +
             std::to_string(result["number"].as_int());
    return {};
  }

 private:
  static bool asks_us(const Value& provider) {
    return provider["web"]["url"].as_string().starts_with(kHookServer) ||
           provider["process"]["name"].as_string() == kHookProgram;
  }
};

}  // namespace

std::unique_ptr<Checker> make_hooks_answered() { return std::make_unique<HooksAnswered>(); }

}  // namespace slipway::rehearse
