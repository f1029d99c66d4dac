// Inward interfaces to what lives outside the API: implemented further out, wired in server/ and rehearse/.
// All are called on the control loop and answer on it, later, exactly once.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "data/value.h"

namespace slipway::control {

// Answers `Ask` and carries out `Tell` effects of one port name.
class Port {
 public:
  using Done = std::move_only_function<void(base::Result<data::Value>)>;
  virtual ~Port() = default;
  virtual void perform(const std::string& id, const data::Value& what, Done done) = 0;
};

}  // namespace slipway::control
