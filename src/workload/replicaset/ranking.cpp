#include "workload/replicaset/ranking.h"

#include <algorithm>
#include <bit>
#include <tuple>

#include "api/meta.h"
#include "base/strings.h"
#include "control/pod.h"

namespace slipway::workload::replicaset {

using data::Value;

namespace {

constexpr std::string_view kDeletionCost = "controller.kubernetes.io/pod-deletion-cost";

int rank_of_phase(std::string_view phase) { return phase == "Pending" ? 0 : phase == "Unknown" ? 1 : 2; }

// 0 for under a second, then 1 + the power of two.
int age_bucket(std::optional<base::Time> since, base::Time now) {
  if (!since || now <= *since) return 0;
  return std::bit_width(static_cast<std::uint64_t>(std::chrono::floor<base::seconds>(now - *since).count()));
}

std::int64_t related_on_node(const PodsPerNode& related, std::string_view node) {
  const auto it = related.find(node);
  return it == related.end() ? 0 : it->second;
}

// Smaller goes first: assigned to a node, phase, ready, cost, -related pods beside it, ready for, -restarts, age, uid.
using Rank = std::tuple<bool, int, bool, std::int64_t, std::int64_t, int, std::int64_t, int, std::string_view>;

Rank rank_of(const Value& pod, const PodsPerNode& related, base::Time now) {
  const std::string_view node = control::node_of(pod);
  return {!node.empty(),
          rank_of_phase(control::phase_of(pod)),
          control::is_ready(pod),
          base::parse_int(api::annotation(pod, kDeletionCost)).value_or(0),
          -related_on_node(related, node),
          age_bucket(control::ready_since(pod), now),
          -control::restarts_of(pod),
          age_bucket(api::time_at(pod["metadata"]["creationTimestamp"]), now),
          api::uid_of(pod)};
}

}  // namespace

std::vector<Value> rank_victims(const std::vector<Value>& pods, const PodsPerNode& related, std::size_t count,
                                base::Time now) {
  std::vector<std::pair<Rank, std::size_t>> ranked;
  ranked.reserve(pods.size());
  for (std::size_t i = 0; i < pods.size(); ++i) ranked.emplace_back(rank_of(pods[i], related, now), i);
  count = std::min(count, ranked.size());
  std::partial_sort(ranked.begin(), ranked.begin() + static_cast<std::ptrdiff_t>(count), ranked.end());
  std::vector<Value> victims;
  for (std::size_t i = 0; i < count; ++i) victims.push_back(pods[ranked[i].second]);
  return victims;
}

}  // namespace slipway::workload::replicaset
