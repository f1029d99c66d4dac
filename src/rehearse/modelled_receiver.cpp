#include "rehearse/modelled_receiver.h"

#include "base/strings.h"
#include "rehearse/faults.h"

namespace slipway::rehearse {

using data::Value;

namespace {
constexpr base::Duration kAnswerDelay = base::milliseconds(20);
}

void ModelledReceiver::arrive(const Value& event, bool taken) {
  arrivals_.push_back({.when = loop_.mono(),
                       .id = event["id"].str(),
                       .type = event["type"].str(),
                       .source = event["source"].str(),
                       .number = base::parse_int(event["sequence"].as_string()).value_or(0),
                       .taken = taken});
}

// Whoever gets no answer is told so by its own patience (control/facts.h).
void ModelledReceiver::perform(const std::string&, const Value& what, Done done) {
  const auto later = [this](auto task) {
    run_after(loop_, kAnswerDelay, [alive = alive_, task = std::move(task)]() mutable {
      if (*alive) task();
    });
  };
  if (down_)
    return later([done = std::move(done)]() mutable { done(base::fail(base::Code::Unavailable, "nobody listens")); });
  if (happens(faults_.lost_request)) return;
  const int status = happens(faults_.failed) ? 503 : happens(faults_.refused) ? 400 : 200;
  later([this, event = what["event"], status, done = std::move(done),
         answered = !happens(faults_.lost_answer)]() mutable {
    arrive(event, status == 200);
    if (!answered) ++lost_answers_;
    if (answered) done(Value::object({{"status", status}, {"server", "the modelled receiver"}}));
  });
}

}  // namespace slipway::rehearse
