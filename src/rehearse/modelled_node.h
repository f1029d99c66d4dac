// Nodes whose pods are modelled: they start, become ready, crash and stop as their annotations say (behaviour.h).
//
// Take the place of node agents and of all processes. Write what an agent writes (Node, its Lease, pod status), over
// any ApiClient: in virtual time to the embedded server, or in real time to a real one (`slipway node --modelled`).
// Pods that ran before we came are taken over as they are. Failed writes are tried again until they succeed or the
// object is gone.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "client/api_client.h"
#include "client/cache.h"
#include "rehearse/behaviour.h"
#include "runtime/loop.h"

namespace slipway::rehearse {

class ModelledNode {
 public:
  static constexpr std::int64_t kRoom = 100'000;  // pods
  ModelledNode(client::ApiClient& api, runtime::Loop& loop, runtime::Random& random, std::string name);
  // Several nodes that share one watch of pods; each has room for so many.
  ModelledNode(client::ApiClient& api, runtime::Loop& loop, runtime::Random& random, std::vector<std::string> names,
               std::int64_t room = kRoom);
  void start();  // registers the Nodes, watches pods

  std::int64_t pods_started() const { return pods_started_; }

 private:
  struct Running {
    client::ObjectName name;
    Behaviour behaviour;
    std::string address;
    runtime::Timer timer;  // the next thing that happens to it
    runtime::Timer again;  // a write that failed
    std::int64_t restarts = 0;
    bool writing = false;  // one write at a time: a server may take two that are under way in either order
    bool ready = false;    // what the status shall say
    bool unsaid = false;   // and does not yet
    bool ended = false;    // all its containers, for good
    bool stopping = false;
  };

  void beat(const std::string& node);
  void beat_all();
  void enroll(const std::string& node);
  void write_node_status(const std::string& node);
  void changed(const data::Value& before, const data::Value& after);
  void forget(const data::Value& pod);
  void begin(const data::Value& pod);
  void adopt(const data::Value& pod, Running& running);
  void become_ready(const std::string& uid);
  void say_again(const data::Value& pod);
  void crash_later(const std::string& uid);
  void crash(const std::string& uid);
  void end(const std::string& uid);
  void stop(const data::Value& pod);
  void remove(const std::string& uid);
  void write_status(const std::string& uid, bool ready);
  void send_status(const std::string& uid);
  void status_answered(const std::string& uid, const client::Answer& answer);
  void tell_failed_mount(const data::Value& pod);
  static data::Value container_status(const data::Value& container, const Running& running, bool ready, base::Time now);
  data::Value status_of(const data::Value& pod, const Running& running, bool ready) const;
  std::string new_address();

  client::ApiClient& api_;
  runtime::Loop& loop_;
  std::int64_t room_ = kRoom;
  std::map<std::string, bool> nodes_;  // does the server know it?
  client::Cache pods_;
  std::map<std::string, Running> running_;  // by uid
  std::set<std::string> addresses_;         // of all pods of the cluster
  runtime::Timer heartbeat_timer_;
  std::int64_t beats_ = 0;
  std::int64_t last_address_ = 0;
  std::int64_t pods_started_ = 0;
};

}  // namespace slipway::rehearse
