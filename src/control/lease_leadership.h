// Leadership by a coordination.k8s.io/v1 Lease, as client-go's leader election does it: lease 15 s, renew within 10 s,
// try every 2 s.
//
// Fencing is on the monotonic clock: `leads` is false as soon as `renew_deadline` has passed since the last successful
// renewal was *sent*, whatever the timers do. Others wait for `lease_duration` from when they saw the last renewal, so
// there are five seconds in which nobody leads and requests under way can settle. No clock of another machine is ever
// compared with ours.
//
// The term is leaseTransitions + 1: every change of holder, and every return of a holder that had lost or released the
// lease, makes it grow. Control loop only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "client/api_client.h"
#include "control/runner.h"
#include "runtime/loop.h"

namespace slipway::control {

struct LeaseOptions {
  std::string space = "kube-system";
  std::string name = "slipway-controller";
  std::string identity;                                 // unique per process, e.g. host name and a random uid
  std::map<std::string, std::string> annotations = {};  // written with every taking and renewal: facts about the holder
  base::Duration lease_duration = base::seconds(15);
  base::Duration renew_deadline = base::seconds(10);
  base::Duration retry_period = base::seconds(2);
};

class LeaseLeadership final : public Leadership {
 public:
  LeaseLeadership(client::ApiClient& api, runtime::Loop& loop, runtime::Random& random, LeaseOptions options);
  ~LeaseLeadership() override { *alive_ = false; }
  LeaseLeadership(const LeaseLeadership&) = delete;

  // `tried` runs when the first try is over, whatever came of it: who reads everything only then need not read it again
  // when the lease was to be had at once.
  void start(std::move_only_function<void()> tried = {});
  // Stops leading at once and gives the lease up, so that another need not wait for it to run out. `done` runs when the
  // API has answered, whatever it said. Not to be started again.
  void release(std::move_only_function<void()> done);

  bool leads() const override;
  std::uint64_t term() const override { return term_; }
  void on_change(std::function<void()> listener) override { changed_ = std::move(listener); }

 private:
  void attempt();
  void seen(client::Answer answer);
  void take(const data::Value& lease);
  void renew(const data::Value& lease);
  void write(client::Verb verb, data::Value lease, std::uint64_t term);
  void written(client::Answer answer, std::uint64_t term, base::MonoTime sent);
  void try_again();
  void set_fence();
  void lost();
  bool has_run_out(const data::Value& lease);
  data::Value held_by_us(data::Value lease, std::int64_t transitions, bool acquired) const;

  client::ApiClient& api_;
  runtime::Loop& loop_;
  runtime::Random& random_;
  LeaseOptions options_;
  std::function<void()> changed_;
  std::move_only_function<void()> tried_;
  bool held_ = false;
  bool stopped_ = false;
  std::uint64_t term_ = 0;
  base::MonoTime fence_{};       // we do not lead from here on
  std::string seen_version_;     // of the other holder's lease
  base::MonoTime seen_since_{};  // when we first saw that version
  data::Value ours_;             // the lease as last written by us
  runtime::Timer retry_timer_;
  runtime::Timer fence_timer_;
  runtime::Timer patience_;     // an answer that does not come
  std::uint64_t attempts_ = 0;  // tells late answers
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace slipway::control
