#include "workload/deployment/rollout.h"

#include <algorithm>
#include <numeric>

#include "control/mutants.h"
#include "data/quantity.h"

namespace slipway::workload::deployment {

using data::Round;
using data::Value;

base::Result<Fenceposts> resolve_fenceposts(const Value& strategy, std::int64_t desired) {
  if (strategy["type"].as_string("RollingUpdate") == "Recreate") return Fenceposts{0, desired};
  static const Value kDefault = "25%";
  const Value& rolling = strategy["rollingUpdate"];
  const Value& surge = rolling["maxSurge"];
  const Value& unavailable = rolling["maxUnavailable"];
  const auto up = data::int_or_percent(surge.is_null() ? kDefault : surge, desired, Round::Up);
  if (!up) return base::fail(up.error());
  const auto down = data::int_or_percent(unavailable.is_null() ? kDefault : unavailable, desired, Round::Down);
  if (!down) return base::fail(down.error());
  Fenceposts posts{*up, *down};
  if (posts.surge == 0 && posts.unavailable == 0) posts.unavailable = 1;
  posts.unavailable = std::min(posts.unavailable, desired);
  return posts;
}

std::int64_t total_size(const std::vector<Load>& sets) {
  return std::accumulate(sets.begin(), sets.end(), std::int64_t{0},
                         [](auto sum, const Load& l) { return sum + l.size; });
}

std::int64_t total_available(const std::vector<Load>& sets) {
  return std::accumulate(sets.begin(), sets.end(), std::int64_t{0},
                         [](auto sum, const Load& l) { return sum + l.available; });
}

std::int64_t grown_size(std::int64_t size, std::int64_t total, std::int64_t desired, Fenceposts posts) {
  const std::int64_t room = desired + posts.surge - total;
  if (room <= 0) return size;
  return size + std::min(room, desired - size);
}

namespace {

// Removes unavailable replicas, at most `budget`.
void clean_up_unhealthy(std::vector<Load>& sets, std::int64_t budget) {
  for (Load& set : sets) {
    const std::int64_t removed = std::clamp<std::int64_t>(set.unhealthy, 0, budget);
    set.size -= removed;
    budget -= removed;
  }
}

// Removes replicas beyond what must be available.
void remove_spare(std::vector<Load>& sets, std::int64_t spare) {
  for (Load& set : sets) {
    const std::int64_t removed = std::clamp<std::int64_t>(set.size, 0, std::max<std::int64_t>(spare, 0));
    set.size -= removed;
    spare -= removed;
  }
}

std::vector<std::int64_t> sizes_of(const std::vector<Load>& sets) {
  std::vector<std::int64_t> sizes;
  for (const Load& set : sets) sizes.push_back(set.size);
  return sizes;
}

}  // namespace

std::vector<std::int64_t> shrunk_sizes(const std::vector<Load>& old_sets, Load new_set, std::int64_t desired,
                                       Fenceposts posts) {
  std::vector<Load> sets = old_sets;
  const std::int64_t minimum = desired - posts.unavailable;
  const std::int64_t budget = total_size(sets) + new_set.size - minimum - (new_set.size - new_set.available);
  if (control::mutant(control::Mutant::ScaleDownFirst)) {
    remove_spare(sets, total_size(sets));
    return sizes_of(sets);
  }
  if (budget <= 0) return sizes_of(sets);
  const std::int64_t spare = total_available(sets) + new_set.available - minimum;
  clean_up_unhealthy(sets, budget);
  remove_spare(sets, spare);
  return sizes_of(sets);
}

namespace {

// What the set should grow (or shrink) by to keep its share, within what is left to give.
std::int64_t share_of(const Share& set, std::int64_t desired, Fenceposts posts, std::int64_t fallback_max,
                      std::int64_t left) {
  if (set.size == 0 || left == 0) return 0;
  if (desired == 0) return std::max(-set.size, left);
  const std::int64_t before = set.max_before > 0 ? set.max_before : fallback_max;
  if (before <= 0) return 0;
  const std::int64_t size = (2 * set.size * (desired + posts.surge) + before) / (2 * before);  // rounds half up
  const std::int64_t change = size - set.size;
  return left > 0 ? std::min(change, left) : std::max(change, left);
}

// Larger sets first; of equal ones the newer first when growing, the older first when shrinking.
std::vector<std::size_t> order_of(const std::vector<Share>& sets, bool growing) {
  std::vector<std::size_t> order(sets.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
    if (sets[a].size != sets[b].size) return sets[a].size > sets[b].size;
    if (sets[a].created != sets[b].created)
      return growing ? sets[a].created > sets[b].created : sets[a].created < sets[b].created;
    return a < b;
  });
  return order;
}

}  // namespace

std::vector<std::int64_t> proportional_sizes(const std::vector<Share>& sets, std::int64_t desired, Fenceposts posts,
                                             std::int64_t fallback_max) {
  std::vector<std::int64_t> sizes;
  std::int64_t left = desired > 0 ? desired + posts.surge : 0;
  for (const Share& set : sets) {
    sizes.push_back(set.size);
    left -= set.size;
  }
  const std::vector<std::size_t> order = order_of(sets, left > 0);
  for (const std::size_t i : order) {
    const std::int64_t change = share_of(sets[i], desired, posts, fallback_max, left);
    sizes[i] += change;
    left -= change;
  }
  if (!order.empty()) sizes[order[0]] = std::max<std::int64_t>(0, sizes[order[0]] + left);
  return sizes;
}

}  // namespace slipway::workload::deployment
