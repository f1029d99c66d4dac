// How long to wait after a failure: doubling with jitter, or the long wait when only a change can help.
#pragma once

#include "base/error.h"
#include "base/time.h"
#include "runtime/loop.h"

namespace slipway::control {

struct Backoff {
  base::Duration base;
  base::Duration cap;

  // Between half and all of base * 2^(attempts-1), at most `cap`.
  base::Duration after(int attempts, runtime::Random& random) const {
    base::Duration full = base;
    for (int i = 1; i < attempts && full < cap; ++i) full *= 2;
    if (full > cap) full = cap;
    return base::Duration(
        static_cast<base::Duration::rep>(static_cast<double>(full.count()) * (0.5 + random.unit() / 2)));
  }

  // The same for an error: `Never` waits for the cap, and a server's own wish is heard.
  base::Duration after(const base::Error& error, int attempts, runtime::Random& random) const {
    if (base::retry_of(error.code) == base::Retry::Never) return cap;
    const base::Duration wait = after(attempts, random);
    return error.retry_after && *error.retry_after > wait ? *error.retry_after : wait;
  }
};

}  // namespace slipway::control
