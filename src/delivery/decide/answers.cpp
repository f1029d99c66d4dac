#include "delivery/decide/answers.h"

#include "api/meta.h"
#include "delivery/names.h"

namespace slipway::delivery {
namespace {

using data::Value;

constexpr base::Duration kAskTimeout = base::seconds(5);

Value question_of(const Turn& turn, const std::string& service, base::Duration window, bool which) {
  const Value route = Value::object({{"namespace", api::space_of(turn.o.release)}, {"name", turn.plan.routing->route}});
  Value question = Value::object(
      {{"route", route}, {"service", service}, {"window", base::format_duration(window)}, {"query", "error-rate"}});
  if (which) question.set("failures", true);
  return question;
}

}  // namespace

bool counts_answers(const Turn& turn) {
  return turn.routed() && turn.plan.routing->kind == plan::RouterKind::HttpRoute &&
         (!turn.o.traffic || turn.o.traffic->by_status_of.empty());
}

base::Duration counted_window(base::Time begin, base::Time end) {
  return base::seconds((end - begin) / base::seconds(1) + 2);
}

bool ask_counts(Turn& turn, const std::vector<Counted>& services, base::Duration window, bool which) {
  bool waits = false;
  for (const Counted& each : services) {
    const auto found = turn.o.answer_counts.find(each.fact);
    const bool answered = found != turn.o.answer_counts.end() && found->second.answered;
    waits = waits || !answered;
    if (found == turn.o.answer_counts.end())
      turn.act(control::Ask{.id = each.fact,
                            .port = std::string(kGatewayMetricsPort),
                            .question = question_of(turn, each.service, window, which),
                            .timeout = kAskTimeout});
  }
  return waits;
}

AnswerCount take_counts(Turn& turn, const std::vector<Counted>& services) {
  AnswerCount sum{.answered = true, .requests = 0, .failed = 0};
  bool known = true;
  for (const Counted& each : services) {
    const AnswerCount& count = turn.o.answer_counts.at(each.fact);
    known = known && count.requests >= 0;
    sum.requests += count.requests;
    sum.failed += count.failed;
    sum.failures.insert(sum.failures.end(), count.failures.begin(), count.failures.end());
    turn.act(control::Forget{each.fact});
  }
  return known ? sum : AnswerCount{.answered = true};
}

}  // namespace slipway::delivery
