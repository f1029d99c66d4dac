// A receiver of events in a simulated world: it remembers what reached it, fails sometimes, and loses answers.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "control/ports.h"
#include "runtime/loop.h"

namespace slipway::rehearse {

// Chances between 0 and 1.
struct ReceiverFaults {
  double lost_request = 0;  // never arrives, nobody answers
  double lost_answer = 0;   // arrives, nobody answers
  double failed = 0;        // arrives and is not taken: status 503
  double refused = 0;       // arrives and will never be taken: status 400
};

class ModelledReceiver final : public control::Port {
 public:
  struct Arrival {
    base::MonoTime when;
    std::string id, type, source;  // of the CloudEvent
    std::int64_t number = 0;       // its sequence
    bool taken = false;
  };

  ModelledReceiver(runtime::Loop& loop, runtime::Random& random) : loop_(loop), random_(random) {}
  ~ModelledReceiver() override { *alive_ = false; }
  void set_faults(ReceiverFaults faults) { faults_ = faults; }
  void go_down(bool down) { down_ = down; }                           // nobody listens any more, or somebody does again
  const std::vector<Arrival>& arrivals() const { return arrivals_; }  // in the order in which they came

  std::int64_t lost_answers() const { return lost_answers_; }  // of events that arrived

  void perform(const std::string& id, const data::Value& what, Done done) override;

 private:
  bool happens(double chance) { return chance > 0 && random_.unit() < chance; }
  void arrive(const data::Value& event, bool taken);

  runtime::Loop& loop_;
  runtime::Random& random_;
  ReceiverFaults faults_;
  bool down_ = false;
  std::vector<Arrival> arrivals_;
  std::int64_t lost_answers_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace slipway::rehearse
