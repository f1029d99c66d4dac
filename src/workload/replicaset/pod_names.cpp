#include "workload/replicaset/pod_names.h"

#include <algorithm>
#include <set>

#include "api/meta.h"
#include "base/hash.h"
#include "base/strings.h"

namespace slipway::workload::replicaset {

using data::Value;

namespace {

constexpr std::size_t kLetters = 5;
constexpr std::size_t kLongestPrefix = 63 - kLetters - 1;

// Neighbouring ordinals differ only in their last bits: spread them over all letters.
std::uint64_t mixed(std::uint64_t hash) {
  hash ^= hash >> 33;
  hash *= 0xff51afd7ed558ccdULL;
  hash ^= hash >> 33;
  return hash;
}

}  // namespace

std::string pod_name(const Value& set, std::int64_t ordinal) {
  const std::uint32_t low = base::fnv1a32(std::to_string(ordinal), base::fnv1a32(api::uid_of(set)));
  const std::uint32_t high = base::fnv1a32(api::uid_of(set), base::fnv1a32(std::to_string(ordinal)));
  std::string letters = base::safe_encode(mixed(static_cast<std::uint64_t>(high) << 32 | low));
  letters.insert(0, letters.size() < kLetters ? kLetters - letters.size() : 0, 'b');
  return std::string(api::name_of(set).substr(0, kLongestPrefix)) + "-" + letters.substr(letters.size() - kLetters);
}

std::vector<PodName> next_pod_names(const Value& set, const std::vector<Value>& pods, std::size_t count,
                                    const std::function<bool(const std::string&)>& is_taken) {
  std::int64_t ordinal = 0;
  for (const Value& pod : pods)
    ordinal = std::max(ordinal, base::parse_int(api::annotation(pod, kOrdinal)).value_or(0));
  std::vector<PodName> names;
  std::set<std::string> chosen;
  while (names.size() < count) {
    std::string name = pod_name(set, ++ordinal);
    if (is_taken(name) || !chosen.insert(name).second) continue;
    names.push_back({std::move(name), ordinal});
  }
  return names;
}

}  // namespace slipway::workload::replicaset
