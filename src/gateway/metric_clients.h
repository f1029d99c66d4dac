// HTTP requests to servers that metrics name: a client for each server and what it is shown, kept for the next
// question.
//
// Every address goes through the egress policy, first as it is written and then as it was resolved; redirects are
// answers like any other and not followed. Control loop only; names are resolved beside it.
#pragma once

#include <functional>
#include <memory>

#include "gateway/metric_secret.h"
#include "http/client.h"
#include "http/egress.h"
#include "runtime/real/loop.h"

namespace slipway::gateway {

class MetricClients {
 public:
  using Done = std::move_only_function<void(base::Result<http::Response>)>;
  // `most_bytes`: of an answer; more is TooLarge.
  MetricClients(runtime::real::Loop& loop, http::Egress egress, std::size_t most_bytes);
  ~MetricClients();  // gives up what is under way: its `done` never runs

  // `request.target` is sent as it is. `done` runs later, once: errors of http/client.h, Forbidden by the egress
  // policy, Invalid for authorities (access.ca) that cannot be read.
  void ask(const http::Url& server, const MetricAccess& access, http::Outgoing request, Done done);
  // The same to a server that we chose ourselves.
  void ask(std::shared_ptr<http::Client> client, http::Outgoing request, Done done);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace slipway::gateway
