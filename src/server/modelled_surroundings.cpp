#include "server/modelled_surroundings.h"

#include "apiserver/bootstrap.h"

namespace slipway::server {

using data::Value;

namespace {
constexpr const char* kNodeName = "node-1";
}

base::Result<void> ModelledSurroundings::start(apiserver::ApiServer& api, std::uint16_t) {
  gateway_client_ =
      std::make_unique<apiserver::LocalClient>(api, loop_, apiserver::part_identity(apiserver::kGatewayUser));
  gateway_ = std::make_unique<rehearse::ModelledGateway>(*gateway_client_, loop_, random_);
  gateway_->start();
  webhook_ = std::make_unique<gateway::Webhook>(
      loop_, gateway::WebhookOptions{.allow_loopback = allow_loopback_, .secrets = gateway_client_.get()});
  node_client_ = std::make_unique<apiserver::LocalClient>(api, loop_, apiserver::part_identity(apiserver::kNodeUser));
  node_ = std::make_unique<rehearse::ModelledNode>(*node_client_, loop_, random_, kNodeName);
  node_->start();
  return {};
}

std::map<std::string, control::Port*> ModelledSurroundings::ports() {
  return {{"traffic", &gateway_->traffic_port()},
          {"metrics/gateway", &gateway_->gateway_metrics_port()},
          {"metrics/prometheus", &gateway_->prometheus_port()},
          {"metrics/web", &gateway_->web_port()},
          {"metrics/process", &gateway_->process_port()},
          {"notify", webhook_.get()}};
}

Value ModelledSurroundings::endpoints() const {
  return Value::object({{"runtime", "modelled"},
                        {"notes", Value::array({"nothing runs: pods, requests and metrics are modelled, as annotations "
                                                "rehearse.slipway.dev/* of pods say"})}});
}

}  // namespace slipway::server
