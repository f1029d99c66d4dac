#include "rehearse/modelled_hooks.h"

#include "base/strings.h"
#include "gateway/web_query.h"
#include "rehearse/faults.h"

namespace slipway::rehearse {

using control::Port;
using data::Value;

namespace {

constexpr base::Duration kAnswerDelay = base::milliseconds(20);
constexpr base::Duration kTooLate = base::seconds(45);  // nobody's patience is longer

// The id of a question: analysis/UID/METRIC/NUMBER/WHAT.
std::string run_of(std::string_view id) {
  const auto parts = base::split(id, '/');
  return parts.size() > 1 ? std::string(parts[1]) : "";
}

}  // namespace

HookFaults HookFaults::drawn(runtime::Random& random) {
  constexpr double kChances[] = {0, 0.05, 0.2};
  return {.lost_request = kChances[random.below(3)], .lost_answer = kChances[random.below(3)]};
}

ModelledHooks::ModelledHooks(runtime::Loop& loop, runtime::Random& random, Port& web, Port& process)
    : loop_(loop), random_(random), web_(web), process_(process) {
  web_port_.answer = [this](const std::string& id, const Value& q, Port::Done d) { answer_web(id, q, std::move(d)); };
  process_port_.answer = [this](const std::string& id, const Value& q, Port::Done d) {
    answer_process(id, q, std::move(d));
  };
}

ModelledHooks::Calls ModelledHooks::calls_of(std::string_view run_uid) const {
  const auto found = calls_.find(run_uid);
  return found == calls_.end() ? Calls{} : found->second;
}

// Whoever gets no answer is told so by its own patience (control/facts.h).
void ModelledHooks::call(const std::string& id, std::string_view address, Answer answer, Port::Done done) {
  if (happens(faults_.lost_request)) return;
  const std::string run = run_of(id), manner(address.substr(0, address.find('/')));
  const bool good = manner == "well" || manner == "late" || (manner == "flaky" && calls_of(run).arrived > 0);
  ++calls_[run].arrived;
  if (manner == "never" || happens(faults_.lost_answer)) return;
  run_after(loop_, manner == "late" ? kTooLate : kAnswerDelay,
            [this, alive = alive_, run, good, late = manner == "late", answer = std::move(answer),
             done = std::move(done)]() mutable {
              if (!*alive) return;
              if (!late) ++(good ? calls_[run].done : calls_[run].refused);
              done(answer(good));
            });
}

// The document goes the way of a real one.
void ModelledHooks::answer_web(const std::string& id, const Value& question, Port::Done done) {
  const std::string url = question["url"].str();
  if (!url.starts_with(kHookServer)) return web_.perform(id, question, std::move(done));
  const auto answer = [question](bool good) {
    return gateway::read_web_answer(question, good ? 200 : 500, good ? R"({"done":true})" : R"({"done":false})");
  };
  call(id, std::string_view(url).substr(kHookServer.size()), answer, std::move(done));
}

void ModelledHooks::answer_process(const std::string& id, const Value& question, Port::Done done) {
  if (question["program"].as_string() != kHookProgram) return process_.perform(id, question, std::move(done));
  const auto answer = [](bool good) -> base::Result<Value> { return Value::object({{"value", good}}); };
  call(id, question["args"]["call"].as_string(), answer, std::move(done));
}

}  // namespace slipway::rehearse
