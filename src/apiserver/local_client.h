// ApiClient in the server's own process: requests are values, answers are shared trees, nothing is serialised.
//
// Every answer and every batch of watch events comes in a task of its own on the control loop, as over a network, so
// that callers see the same order of things in every world. Rights are those of `who`, checked like anybody's.
// May be destroyed at any time, before its server: calls that have not reached the server are then dropped without an
// answer.
#pragma once

#include <memory>
#include <string>

#include "apiserver/request.h"
#include "apiserver/server.h"
#include "client/api_client.h"
#include "runtime/loop.h"

namespace slipway::apiserver {

class LocalClient final : public client::ApiClient {
 public:
  LocalClient(ApiServer& server, runtime::Loop& loop, Identity who);

  void call(client::Request request, client::Completion done) override;
  [[nodiscard]] std::unique_ptr<client::WatchHandle> watch(client::WatchRequest request,
                                                           client::WatchSink& sink) override;

 private:
  ApiServer& server_;
  runtime::Loop& loop_;
  Identity who_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

// The identity of a part of this program, by its user name (bootstrap.h); members of system:authenticated.
Identity part_identity(std::string user);

}  // namespace slipway::apiserver
