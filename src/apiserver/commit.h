// The answer to one write request, held back until everything it wrote is durable and published. Control loop only.
#pragma once

#include <memory>

#include "apiserver/response.h"
#include "store/store.h"

namespace slipway::apiserver {

class Commit : public std::enable_shared_from_this<Commit> {
 public:
  explicit Commit(Responder responder) : responder_(std::move(responder)) {}

  // For `Store::put` and `erase`: one more change to wait for.
  store::Store::Durable pending() {
    ++waiting_;
    return [self = shared_from_this()] { self->settled(); };
  }
  // The store refused the change, so its callback never runs.
  void refused() { --waiting_; }
  // The response; sent now when nothing is pending.
  void finish(Response response) {
    response_ = std::move(response);
    finished_ = true;
    send_when_ready();
  }

 private:
  void settled() {
    --waiting_;
    send_when_ready();
  }
  void send_when_ready() {
    if (finished_ && waiting_ == 0 && responder_) std::exchange(responder_, nullptr)(std::move(response_));
  }

  Responder responder_;
  Response response_;
  int waiting_ = 0;
  bool finished_ = false;
};

}  // namespace slipway::apiserver
