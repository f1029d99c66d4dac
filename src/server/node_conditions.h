// How the helpers of this machine do, where people look: conditions of the node, and server.log.
//
//   NodeConditions conditions(api, loop, "node-1");
//   conditions.watch({.type = "slipway.dev/Gateway", .working = "...", .works = ..., .problem = ...});
//   conditions.start();
//
// A condition is True while its part works, False with the reason in words while it does not, and is not written before
// either is known. Control loop only.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "client/api_client.h"
#include "data/value.h"
#include "runtime/loop.h"

namespace slipway::server {

class NodeConditions {
 public:
  struct Part {
    std::string type;     // of the condition
    std::string working;  // its message when all is well
    std::function<bool()> works;
    std::function<std::string()> problem;  // empty: none is known
  };

  NodeConditions(client::ApiClient& api, runtime::Loop& loop, std::string node)
      : api_(api), loop_(loop), node_(std::move(node)) {}
  ~NodeConditions() { *alive_ = false; }
  NodeConditions(const NodeConditions&) = delete;

  void watch(Part part) { parts_.push_back({.part = std::move(part)}); }
  void start() { look(); }

 private:
  struct Watched {
    Part part;
    std::string problem = {};  // as last told
    bool known = false;        // there is something to tell
    bool told = false;         // the node says so
  };
  void look();
  void look_at(Watched& watched);
  void publish();

  client::ApiClient& api_;
  runtime::Loop& loop_;
  std::string node_;
  std::vector<Watched> parts_;
  bool publishing_ = false;
  runtime::Timer timer_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace slipway::server
