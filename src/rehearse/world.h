// One simulated world: the real API server in memory, the real controllers, and models of everything around them, in
// virtual time.
//
//   World world({.seed = 42});
//   world.start();
//   world.user().apply(...);
//   world.run_until([&] { return ...; }, base::minutes(30));
//
// Everything that happens follows from the seed. Control processes can be crashed and started at any point; several may
// run, of which one leads. Safety checkers look at every durable change; the first violation is kept in `violation()`.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apiserver/local_client.h"
#include "apiserver/server.h"
#include "control/lease_leadership.h"
#include "control/runner.h"
#include "rehearse/checker.h"
#include "rehearse/faults.h"
#include "rehearse/modelled_gateway.h"
#include "rehearse/modelled_hooks.h"
#include "rehearse/modelled_node.h"
#include "rehearse/modelled_receiver.h"
#include "rehearse/process_loop.h"
#include "runtime/sim/loop.h"
#include "store/store.h"

namespace slipway::rehearse {

struct WorldOptions {
  std::uint64_t seed = 1;
  FaultRates faults = FaultRates::none();
  MetricFaults metric_faults = {};
  HookFaults hook_faults = {};
  TrafficOptions traffic = {};
  int processes = 1;         // control processes; more than one compete for leadership
  double crash_chance = 0;   // at each effect: the process that acts dies, and a new one starts after a while
  double freeze_chance = 0;  // at each effect: the process that acts stands still, for longer than its lease or less
  bool clock_jumps = false;
  int nodes = 1;
  std::int64_t pods_per_node = ModelledNode::kRoom;
  std::function<void(const std::string&)> trace = {};  // gets a line for whatever happens (trace.h)
};

// What the world does to a control process, and hears of it.
struct ProcessHooks {
  std::function<void()> acting;  // before each effect: may crash or freeze the process
  FaultyClient::OnWrite on_write;
  std::function<void(const control::Violation&)> refused;
};

// What answers the questions of control processes.
struct Surroundings {
  ModelledGateway& gateway;
  ModelledHooks& hooks;
  ModelledReceiver& receiver;
};

// One process that runs the controllers: its loop, its client with faults, its leadership, its runner.
class ControlProcess final : public control::RunnerObserver {
 public:
  ControlProcess(std::string identity, client::ApiClient& api, Faults& faults, Surroundings surroundings,
                 ProcessHooks hooks);
  ~ControlProcess() override;
  void die() { client_->disconnect(); }  // nothing it does reaches the world any more
  void acting(const control::Controller&, const control::ObjectName&, const control::Effect&) override;
  void decided(const control::Controller&, const control::ObjectName&, base::Time, const control::Decision&) override;
  void refused(const control::Controller&, const control::ObjectName&, const control::Violation&) override;
  void freeze(base::Duration span) { loop_.freeze(span); }
  const control::Runner& runner() const { return *runner_; }
  std::int64_t decisions() const { return decisions_; }

 private:
  ProcessLoop loop_;
  std::unique_ptr<FaultyClient> client_;
  std::unique_ptr<control::LeaseLeadership> leadership_;
  std::unique_ptr<control::Runner> runner_;
  ProcessHooks hooks_;
  std::int64_t decisions_ = 0;
};

class World final : public store::Watcher {
 public:
  explicit World(WorldOptions options);
  ~World() override;

  void start();
  runtime::sim::Loop& loop() { return loop_; }
  runtime::Random& random() { return random_; }
  ModelledGateway& gateway() { return *gateway_; }
  ModelledReceiver& receiver() { return *receiver_; }  // of all Notifications
  Router router() const { return options_.traffic.router; }
  ModelledNode& node() { return *node_; }  // all of them
  Faults& faults() { return *faults_; }
  Truth truth() const;

  // What the user does: a client without faults.
  client::ApiClient& user() { return *user_; }
  // The same, blocking in virtual time.
  base::Result<data::Value> call(client::Request request);
  base::Result<data::Value> apply(const api::Resource& resource, const data::Value& object);
  data::Value get(const api::Resource& resource, std::string_view space, std::string_view name) const;

  // False when `limit` of virtual time passed or a checker complained.
  bool run_until(const std::function<bool()>& done, base::Duration limit);
  void run_for(base::Duration span);

  void crash(std::size_t process);  // kills it; a new one starts after a few virtual seconds
  void stop_faults();               // from now on nothing goes wrong any more
  const std::optional<std::string>& violation() const { return violation_; }
  const std::string& broken_rule() const { return broken_rule_; }  // the name of the checker that complained
  std::int64_t refusals() const { return refusals_; }              // of decisions, by the runners' own invariants
  std::int64_t decisions() const;
  std::int64_t writes() const { return writes_; }
  // Writes by object, "pods/web-1", since `forget_writes`.
  const std::map<std::string, std::int64_t>& written() const { return written_; }
  void forget_writes() { written_.clear(); }

 private:
  void changed(const store::Change& change) override;
  void check_written(const store::Change& change);
  void routed(const client::ObjectName& name, const ModelledGateway::Route& route);
  void complain(const Checker& checker, const std::string& what);
  void begin_process(std::size_t index);
  void before_effect(std::size_t index);
  void refused(const control::Violation& violation);
  void tell(const std::string& line) const;
  void sent(const std::string& process, const client::Request& request);
  void jump_sometimes();

  WorldOptions options_;
  runtime::sim::Loop loop_;
  runtime::sim::SeededRandom random_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<apiserver::ApiServer> server_;
  std::unique_ptr<apiserver::LocalClient> user_, models_;
  std::unique_ptr<apiserver::LocalClient>
      controllers_;  // outlives the processes: a request may arrive after its sender died
  std::unique_ptr<Faults> faults_;
  std::unique_ptr<ModelledNode> node_;
  std::unique_ptr<ModelledGateway> gateway_;
  std::unique_ptr<ModelledHooks> outside_;
  std::unique_ptr<ModelledReceiver> receiver_;
  std::vector<std::unique_ptr<ControlProcess>> processes_;
  std::vector<std::unique_ptr<store::Subscription>> subscriptions_;
  std::vector<std::unique_ptr<Checker>> checkers_;
  std::map<client::ObjectName, RoutedRules> written_rules_;  // of each route, as its objects say
  std::optional<std::string> violation_;
  std::string broken_rule_;
  std::int64_t refusals_ = 0;
  base::Duration behind_{};
  std::optional<base::Time> jumped_;
  runtime::Timer jump_timer_;
  std::int64_t writes_ = 0;
  std::map<std::string, std::int64_t> written_;
  std::int64_t past_decisions_ = 0;
  int generation_ = 0;
};

}  // namespace slipway::rehearse
