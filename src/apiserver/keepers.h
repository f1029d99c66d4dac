// Small caretakers that follow the store: the served kinds, the access policy, the age of events. Control loop only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "apiserver/core.h"

namespace slipway::apiserver {

// Recompiles the policy whenever an RBAC object has changed.
class PolicyKeeper final : private store::Watcher {
 public:
  explicit PolicyKeeper(Core& core) : core_(core) {}
  void start();

 private:
  void changed(const store::Change&) override { refresh(); }
  void refresh();

  Core& core_;
  std::vector<std::unique_ptr<store::Subscription>> subscriptions_;
};

// Serves custom kinds as their definitions come and go, and removes the instances of a definition that is being
// deleted.
class CustomKindKeeper final : private store::Watcher {
 public:
  // Runs a request of the server's own.
  using Run = std::function<void(ApiRequest, Responder)>;
  CustomKindKeeper(Core& core, Run run) : core_(core), run_(std::move(run)) {}
  void start();

 private:
  void changed(const store::Change& change) override;
  void consider(const data::Value& crd);
  void remove_instances(const std::string& name);
  void release(const std::string& name);
  void again(const std::string& name);

  Core& core_;
  Run run_;
  std::unique_ptr<store::Subscription> subscription_;
  std::map<std::string, runtime::Timer> waiting_;  // definitions whose instances are being removed
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

// Erases Events that are older than the settings allow.
class EventKeeper final : private store::Watcher {
 public:
  explicit EventKeeper(Core& core) : core_(core) {}
  void start();

 private:
  void changed(const store::Change& change) override;
  void expire();
  void arm(base::Duration delay);

  Core& core_;
  std::unique_ptr<store::Subscription> subscription_;
  runtime::Timer timer_;
  bool armed_ = false;
};

}  // namespace slipway::apiserver
