#include "workload/deployment/revisions.h"

#include <algorithm>
#include <array>
#include <string>

#include "api/meta.h"
#include "base/strings.h"

namespace slipway::workload::deployment {

using data::Value;

namespace {

constexpr std::size_t kHistoryBytes = 2000;

// Say something about the Deployment or about one set only.
constexpr std::array<std::string_view, 6> kNotCopied = {"kubectl.kubernetes.io/last-applied-configuration",
                                                        kRevision,
                                                        kRevisionHistory,
                                                        kDesiredReplicas,
                                                        kMaxReplicas,
                                                        "deprecated.deployment.rollback.to"};

std::string longer_history(std::string_view history, std::string_view revision) {
  std::string longer(history);
  if (!longer.empty()) longer += ',';
  longer += revision;
  while (longer.size() > kHistoryBytes) {
    const std::size_t comma = longer.find(',');
    if (comma == std::string::npos) return {};
    longer.erase(0, comma + 1);
  }
  return longer;
}

}  // namespace

std::int64_t revision_of(const Value& set) { return base::parse_int(api::annotation(set, kRevision)).value_or(0); }

std::int64_t max_revision(const std::vector<Value>& sets) {
  std::int64_t highest = 0;
  for (const Value& set : sets) highest = std::max(highest, revision_of(set));
  return highest;
}

Value annotations_for(const Value& deployment, const Value& set, std::int64_t revision) {
  Value wanted = Value::object();
  for (const data::Member& member : deployment["metadata"]["annotations"].members())
    if (std::ranges::find(kNotCopied, member.key.view()) == kNotCopied.end())
      wanted.set(member.key.view(), member.value);
  if (revision_of(set) >= revision) return wanted;
  wanted.set(kRevision, std::to_string(revision));
  if (const std::string_view old = api::annotation(set, kRevision); !old.empty())
    wanted.set(kRevisionHistory, longer_history(api::annotation(set, kRevisionHistory), old));
  return wanted;
}

}  // namespace slipway::workload::deployment
