// The log of a control process: a line of JSON for every decision that did something, was refused or failed, on
// standard error. What repeats is one line.
//
// {"time","level","controller","namespace","name","reasons":[{rule,text,inputs,parts}],"effects":[...],
// "notes":[{type,reason,message}],"outcome"}; level is info, warning (the API refused something) or error (an invariant
// did). Names of objects and numbers, no content of Secrets or ConfigMaps. Control loop only.
#pragma once

#include <string>

#include "control/decision_log.h"

namespace slipway::server {

std::string line_of(const control::DecisionRecord& record);

// Add it to the Runner as an observer.
class DecisionLines final : public control::DecisionLog {
 public:
  DecisionLines();
};

}  // namespace slipway::server
