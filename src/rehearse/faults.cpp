#include "rehearse/faults.h"

#include <algorithm>
#include <cmath>
#include <deque>

namespace slipway::rehearse {

using base::Code;
using client::Answer;
using client::Completion;
using client::Verb;

FaultRates FaultRates::none() {
  return {.lost_request = 0,
          .lost_answer = 0,
          .conflict = 0,
          .overload = 0,
          .watch_cut = 0,
          .expired = 0,
          .request_delay = base::milliseconds(1),
          .watch_delay = base::milliseconds(1),
          .stale_burst = 0,
          .stale_time = {}};
}

FaultRates FaultRates::drawn(runtime::Random& random) {
  FaultRates rates;
  const auto scale = [&random] {
    constexpr double kScales[] = {0, 0.2, 1, 4};
    return kScales[random.below(4)];
  };
  rates.lost_request *= scale();
  rates.lost_answer *= scale();
  rates.conflict *= scale();
  rates.overload *= scale();
  rates.watch_cut *= scale();
  rates.stale_burst *= scale();
  return rates;
}

// `Faults::delay` is at most ten times its mean; a burst has a third of `stale_time` for mean. A cut watch comes back
// after a few tries of the cache's own back-off.
base::Duration FaultRates::behind() const {
  base::Duration sum = 10 * (watch_delay + 2 * request_delay) + base::milliseconds(500);
  if (stale_burst > 0) sum += 10 * (stale_time / 3);
  if (watch_cut > 0) sum += base::seconds(10);
  return sum;
}

bool Faults::strikes(const char* name, double chance) {
  if (!happens(chance)) return false;
  count(name);
  return true;
}

base::Duration Faults::delay(base::Duration mean) {
  if (mean.count() == 0) return {};
  const double factor = std::min(10.0, -std::log(1 - random_.unit()));
  return base::Duration(static_cast<std::int64_t>(factor * static_cast<double>(mean.count())));
}

void run_after(runtime::Loop& loop, base::Duration delay, runtime::Task task) {
  auto timer = std::make_shared<runtime::Timer>();
  *timer = loop.after(delay, [timer, task = std::move(task)]() mutable {
    runtime::Task run = std::move(task);
    run();
  });
}

// --- requests ---------------------------------------------------------------------------------------------

void FaultyClient::deliver(Completion done, Answer answer) {
  run_after(faults_.loop(), faults_.delay(faults_.rates().request_delay),
            [this, alive = alive_, done = std::move(done), answer = std::move(answer)]() mutable {
              if (!*alive) return;
              process_.post([alive, done = std::move(done), answer = std::move(answer)]() mutable {
                if (*alive) done(std::move(answer));
              });
            });
}

void FaultyClient::call(client::Request request, Completion done) {
  if (!*alive_) return;  // a dead process sends nothing
  const FaultRates& rates = faults_.rates();
  const bool reads = request.verb == Verb::Get || request.verb == Verb::List;
  const bool write = request.verb == Verb::Update || request.verb == Verb::Patch;
  if (!reads && on_write_) on_write_(request);
  if (faults_.strikes("lost request", rates.lost_request))
    return deliver(std::move(done), base::fail(Code::Timeout, "the request was lost"));
  if (faults_.strikes("overload", rates.overload)) {
    base::Error busy{.code = Code::TooManyRequests, .message = "too many requests"};
    busy.retry_after = base::seconds(1);
    return deliver(std::move(done), base::fail(std::move(busy)));
  }
  if (write && faults_.strikes("conflict", rates.conflict))
    return deliver(std::move(done), base::fail(Code::Conflict, "the object has been modified"));
  const bool lose = faults_.strikes("lost answer", rates.lost_answer);
  run_after(
      faults_.loop(), faults_.delay(rates.request_delay),
      [this, &inner = inner_, alive = alive_, lose, request = std::move(request), done = std::move(done)]() mutable {
        if (!*alive && !lose) return;  // a crash before the request left; with `lose` it was on its way
        inner.call(std::move(request), [this, alive, lose, done = std::move(done)](Answer answer) mutable {
          if (!*alive) return;
          if (lose) answer = base::fail(Code::Timeout, "the answer was lost");
          deliver(std::move(done), std::move(answer));
        });
      });
}

// --- watches ----------------------------------------------------------------------------------------------

// Holds events back and passes them on in order; now and then it breaks.
class FaultyClient::FaultyWatch final : public client::WatchHandle, public client::WatchSink {
 public:
  FaultyWatch(FaultyClient& client, client::WatchRequest request, client::WatchSink& sink)
      : faults_(client.faults_), process_(client.process_), sink_(sink), alive_(client.alive_) {
    inner_ = client.inner_.watch(std::move(request), *this);
    plan_cut();
  }

  void event(const client::WatchEvent& event) override {
    const FaultRates& rates = faults_.rates();
    base::MonoTime due = faults_.loop().mono() + faults_.delay(rates.watch_delay);
    if (faults_.strikes("stale cache", rates.stale_burst)) due += faults_.delay(rates.stale_time / 3);
    push(due, [this, event] { sink_.event(event); });
  }
  void ended(base::Error why) override {
    push(faults_.loop().mono(), [this, why] { finish(why); });
  }

 private:
  struct Held {
    base::MonoTime due;
    runtime::Task task;
  };

  void push(base::MonoTime due, runtime::Task task) {
    if (finished_) return;
    if (!held_.empty()) due = std::max(due, held_.back().due);
    held_.push_back({due, std::move(task)});
    if (held_.size() == 1) arm();
  }
  void arm() {
    const auto wait = std::max(base::Duration(0), held_.front().due - faults_.loop().mono());
    timer_ = process_.after(wait, [this] { pop(); });
  }
  void pop() {
    runtime::Task task = std::move(held_.front().task);
    held_.pop_front();
    if (!held_.empty()) arm();
    if (*alive_) task();  // may destroy this watch: nothing after it
  }
  void plan_cut() {
    cut_timer_ = process_.after(base::seconds(1), [this] {
      if (!faults_.strikes("watch cut", faults_.rates().watch_cut)) return plan_cut();
      const bool expired = faults_.happens(faults_.rates().expired);
      push(faults_.loop().mono(), [this, expired] {
        finish({.code = expired ? Code::Expired : Code::Unavailable, .message = "the watch was cut"});
      });
    });
  }
  void finish(base::Error why) {
    if (finished_) return;
    finished_ = true;
    inner_.reset();
    held_.clear();
    timer_.cancel();
    cut_timer_.cancel();
    sink_.ended(std::move(why));
  }

  Faults& faults_;
  runtime::Loop& process_;
  client::WatchSink& sink_;
  std::shared_ptr<bool> alive_;
  std::unique_ptr<client::WatchHandle> inner_;
  std::deque<Held> held_;
  runtime::Timer timer_, cut_timer_;
  bool finished_ = false;
};

std::unique_ptr<client::WatchHandle> FaultyClient::watch(client::WatchRequest request, client::WatchSink& sink) {
  return std::make_unique<FaultyWatch>(*this, std::move(request), sink);
}

}  // namespace slipway::rehearse
