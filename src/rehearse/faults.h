// Everything that can go wrong between a controller and its API, drawn from one seed.
//
// `FaultyClient` stands in front of another ApiClient and loses, delays, reorders in time (never within one watch) and
// refuses. It is what a controller process of a simulated world gets; the world's own models use the API directly.
// Faults stop when `Faults::stop` is called: from then on every release must come to an end.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "client/api_client.h"
#include "runtime/loop.h"

namespace slipway::rehearse {

// Chances between 0 and 1 for each kind of fault; 0 switches it off.
struct FaultRates {
  double lost_request = 0.02;  // never arrives; the caller sees Timeout
  double lost_answer = 0.02;   // takes effect; the caller sees Timeout
  double conflict = 0.02;      // an update or patch is refused as if somebody had been faster
  double overload = 0.01;      // TooManyRequests
  double watch_cut = 0.05;     // per second and watch
  double expired = 0.3;        // of cut watches: ends with Expired, so that a new list is needed
  base::Duration request_delay = base::milliseconds(20);  // mean of each way
  base::Duration watch_delay = base::milliseconds(30);    // mean staleness of caches
  double stale_burst = 0.02;  // of watch events: held back for up to `stale_time`, and all behind it
  base::Duration stale_time = base::seconds(5);

  // The oldest picture that these rates let a process decide on, as long as it runs.
  base::Duration behind() const;

  static FaultRates none();
  // A mix drawn for one world: each kind is off, rare or frequent.
  static FaultRates drawn(runtime::Random& random);
};

class Faults {
 public:
  Faults(runtime::Loop& loop, runtime::Random& random, FaultRates rates)
      : loop_(loop), random_(random), rates_(rates) {}

  void stop() { rates_ = FaultRates::none(); }
  const FaultRates& rates() const { return rates_; }
  bool happens(double chance) { return chance > 0 && random_.unit() < chance; }
  // The same, counted under this name when it does.
  bool strikes(const char* name, double chance);
  void count(const char* name) { ++struck_[name]; }
  const std::map<std::string, std::int64_t>& struck() const { return struck_; }  // what has gone wrong so far, by name
  base::Duration delay(base::Duration mean);  // exponential, at most ten times the mean
  runtime::Loop& loop() { return loop_; }
  runtime::Random& random() { return random_; }

 private:
  runtime::Loop& loop_;
  runtime::Random& random_;
  FaultRates rates_;
  std::map<std::string, std::int64_t> struck_;
};

// Requests under way belong to the network; answers and watch events run on the loop of the process that asked.
class FaultyClient final : public client::ApiClient {
 public:
  using OnWrite = std::function<void(const client::Request&)>;  // as the process sends it, before any fault
  FaultyClient(client::ApiClient& inner, Faults& faults, runtime::Loop& process, OnWrite on_write = {})
      : inner_(inner), faults_(faults), process_(process), on_write_(std::move(on_write)) {}
  ~FaultyClient() override { *alive_ = false; }

  void call(client::Request request, client::Completion done) override;
  [[nodiscard]] std::unique_ptr<client::WatchHandle> watch(client::WatchRequest request,
                                                           client::WatchSink& sink) override;

  // A crash of the process behind this client: requests under way may still take effect, no answer arrives any more.
  void disconnect() { *alive_ = false; }

 private:
  class FaultyWatch;
  void deliver(client::Completion done, client::Answer answer);

  client::ApiClient& inner_;
  Faults& faults_;
  runtime::Loop& process_;
  OnWrite on_write_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

// Runs a task after a delay without a handle to keep; the loop owns it.
void run_after(runtime::Loop& loop, base::Duration delay, runtime::Task task);

}  // namespace slipway::rehearse
