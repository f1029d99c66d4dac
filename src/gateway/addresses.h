// Which virtual addresses and ports the proxy may be told to bind: one that cannot be bound would make it refuse
// everything. Lives on the control loop.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "control/ports.h"
#include "runtime/loop.h"

namespace slipway::gateway {

class Addresses {
 public:
  // `changed` is called when more (or fewer) can be bound than before.
  Addresses(runtime::Loop& loop, control::ProcessHost& host, control::NetworkSpace network,
            std::function<void()> changed);

  // "10.96.0.3:80": may it be bound? False also while that is being found out. A bind that failed is tried again every
  // five seconds.
  bool usable(const std::string& bind);
  // Binds that the running proxy holds from before: they need no trial.
  void trust_bound() { adopted_ = true; }
  void keep_only(const std::set<std::string>& binds);  // forgets, and takes unused addresses off the node
  std::vector<std::string> problems() const;
  std::string why_not(const std::string& bind) const;  // why it cannot be bound; empty: it can, or nobody knows yet

 private:
  enum class State { Asked, Good, Bad };
  struct Bind {
    State state = State::Asked;
    std::string why;
  };
  void ask(const std::string& bind);
  void try_bind(const std::string& bind);
  void decide(const std::string& bind, State state, std::string why);

  runtime::Loop& loop_;
  control::ProcessHost& host_;
  control::NetworkSpace network_;
  std::function<void()> changed_;
  std::map<std::string, Bind> binds_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::map<std::string, runtime::Timer> retries_;
  bool adopted_ = false;
};

}  // namespace slipway::gateway
