#include "gateway/heartbeat.h"

namespace slipway::gateway {

using client::Answer;
using client::Verb;

Heartbeat::Heartbeat(client::ApiClient& api, runtime::Loop& loop, std::string space, ReplicaFacts facts,
                     std::function<void(const std::string&)> problem)
    : api_(api), loop_(loop), space_(std::move(space)), facts_(std::move(facts)), problem_(std::move(problem)) {}

void Heartbeat::start() { beat(); }

// The next beat does not wait for the answer to this one.
void Heartbeat::beat() {
  if (ended_) return;
  timer_ = loop_.after(kHeartbeat, [this] { beat(); });
  client::Request patch{.verb = Verb::Patch,
                        .resource = api::kLeases,
                        .space = space_,
                        .name = replica_lease_name(facts_.identity),
                        .body = replica_lease(space_, facts_, loop_.now()),
                        .field_manager = "slipway-gateway"};
  api_.call(std::move(patch), [this, alive = std::weak_ptr(alive_)](Answer answer) {
    if (alive.expired() || ended_) return;
    if (!answer && answer.error().code == base::Code::NotFound) return create();
    answered(answer);
  });
}

void Heartbeat::create() {
  client::Request create{.verb = Verb::Create,
                         .resource = api::kLeases,
                         .space = space_,
                         .body = replica_lease(space_, facts_, loop_.now()),
                         .field_manager = "slipway-gateway"};
  api_.call(std::move(create), [this, alive = std::weak_ptr(alive_)](Answer answer) {
    if (!alive.expired() && !ended_) answered(answer);
  });
}

void Heartbeat::answered(const Answer& answer) {
  std::string problem = answer ? "" : answer.error().message;
  if (problem == last_problem_) return;
  last_problem_ = std::move(problem);
  if (problem_) problem_(last_problem_);
}

void Heartbeat::end(std::move_only_function<void()> done) {
  ended_ = true;
  timer_.cancel();
  client::Request remove{
      .verb = Verb::Delete, .resource = api::kLeases, .space = space_, .name = replica_lease_name(facts_.identity)};
  api_.call(std::move(remove), [done = std::move(done)](Answer) mutable { done(); });
}

}  // namespace slipway::gateway
