// Port notify: an event is sent to a webhook, as a CloudEvent in structured mode by HTTP POST.
//
//   {"event": {a CloudEvent}, "url" | "urlKey", "headers"?: [{"name", "value" | "secretKey"}], "signingKey"?,
//    "timeout"?: "10s", "secret"?: {"namespace", "name"}}
//     -> {"status": n, "server": for people, "retryAfter"?: seconds}      whatever the receiver answers
//
// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md#32-structured-content-mode
// `secret` is a Secret that is read each time: the keys that urlKey, signingKey and headers[].secretKey name; username
// and password, or token; ca.crt. What of it is sent, is sent over TLS only. With `signingKey` requests are signed as
// Standard Webhooks says, with the event's id as webhook-id (webhook_signature.h). Every address goes through the
// egress policy (http/egress.h); redirects are answers like any other and not followed.
// Errors: Invalid (the address, the Secret), Unavailable (no answer), Timeout, Forbidden. They name the address without
// its query, and an address out of a Secret not at all. Control loop only; nothing here waits.
#pragma once

#include <memory>
#include <string>

#include "client/api_client.h"
#include "control/ports.h"
#include "runtime/real/loop.h"

namespace slipway::gateway {

struct WebhookOptions {
  bool allow_loopback = false;           // may addresses lead to this machine?
  client::ApiClient* secrets = nullptr;  // null: questions with a Secret are refused
};

class Webhook final : public control::Port {
 public:
  Webhook(runtime::real::Loop& loop, WebhookOptions options);
  ~Webhook() override;
  void perform(const std::string& id, const data::Value& what, Done done) override;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace slipway::gateway
