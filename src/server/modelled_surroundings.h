// `slipway up --modelled`: a cluster in which nothing runs. Pods become ready, crash and stop as their annotations say
// (rehearse/behaviour.h), requests are counted without being sent, and metrics follow from both.
//
// A stand-in for trying releases where processes, root or HAProxy are not at hand, and the world of live scenarios.
#pragma once

#include <memory>

#include "apiserver/local_client.h"
#include "gateway/webhook.h"
#include "rehearse/modelled_gateway.h"
#include "rehearse/modelled_node.h"
#include "runtime/real/loop.h"
#include "server/surroundings.h"

namespace slipway::server {

class ModelledSurroundings final : public Surroundings {
 public:
  // `allow_loopback`: events may be sent to this machine. They are the one thing that is really done.
  ModelledSurroundings(runtime::real::Loop& loop, runtime::Random& random, bool allow_loopback)
      : loop_(loop), random_(random), allow_loopback_(allow_loopback) {}

  base::Result<void> probe() override { return {}; }
  std::string service_range() const override { return "10.96.0.0/16"; }
  base::Result<void> start(apiserver::ApiServer& api, std::uint16_t api_port) override;
  std::map<std::string, control::Port*> ports() override;
  data::Value endpoints() const override;

 private:
  runtime::real::Loop& loop_;
  runtime::Random& random_;
  const bool allow_loopback_;
  std::unique_ptr<apiserver::LocalClient> gateway_client_, node_client_;
  std::unique_ptr<rehearse::ModelledGateway> gateway_;
  std::unique_ptr<gateway::Webhook> webhook_;
  std::unique_ptr<rehearse::ModelledNode> node_;
};

}  // namespace slipway::server
