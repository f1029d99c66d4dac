// A node whose pods are modelled: they start, become ready, crash and stop in virtual time as their annotations say
// (behaviour.h).
//
// Takes the place of the node agent and of all processes. Writes pod status as an agent does, over an ApiClient.
#pragma once

#include <map>
#include <set>
#include <string>

#include "client/api_client.h"
#include "client/cache.h"
#include "rehearse/behaviour.h"
#include "runtime/loop.h"

namespace slipway::rehearse {

class ModelledNode {
 public:
  ModelledNode(client::ApiClient& api, runtime::Loop& loop, runtime::Random& random, std::string name);
  void start();  // registers the Node, watches pods

  std::int64_t pods_started() const { return pods_started_; }

 private:
  struct Running {
    Behaviour behaviour;
    runtime::Timer timer;
    int restarts = 0;
    bool stopping = false;
  };
  void changed(const data::Value& before, const data::Value& after);
  void begin(const data::Value& pod);
  void become_ready(const std::string& uid);
  void crash(const std::string& uid);
  void stop(const data::Value& pod);
  void remove(client::ObjectName name, std::string uid);
  void write_status(const std::string& uid, bool ready);
  void run_again(const std::string& uid, bool ready);
  data::Value status_of(const data::Value& pod, const Running& running, bool ready) const;
  void heartbeat();

  client::ApiClient& api_;
  runtime::Loop& loop_;
  std::string name_;
  client::Cache pods_;
  std::map<std::string, Running> running_;           // by uid
  std::map<std::string, client::ObjectName> names_;  // by uid
  runtime::Timer heartbeat_timer_;
  std::int64_t pods_started_ = 0;
};

}  // namespace slipway::rehearse
