// What our gateway has counted of the answers of Services: how many there were, and how many failed. Other routers do
// not count for us.
#pragma once

#include <string>
#include <vector>

#include "delivery/decide/turn.h"

namespace slipway::delivery {

inline constexpr base::Duration kCountedAtMost = base::minutes(10);  // the gateway remembers no more
// Answers are counted when they end: a moment later.
inline constexpr base::Duration kCountAfter = base::seconds(2);

bool counts_answers(const Turn& turn);

// From `begin` until `end` in the gateway's whole seconds, the running one included.
base::Duration counted_window(base::Time begin, base::Time end);

// One Service, and the fact as which its answer is recorded.
struct Counted {
  std::string service, fact;
};
// Asks for what is not known yet; true: there is something to wait for. `which`: what requests failed as well.
bool ask_counts(Turn& turn, const std::vector<Counted>& services, base::Duration window, bool which = false);
// The sum, once all are known; -1 unless the gateway has counted for all. The answers are forgotten.
AnswerCount take_counts(Turn& turn, const std::vector<Counted>& services);

}  // namespace slipway::delivery
