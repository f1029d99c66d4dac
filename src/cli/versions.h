// Versions of a Release that can still be read, the same for undo and for diff: what the Release keeps of them
// (ControllerRevisions), and where that is gone, the ReplicaSets of its Deployment.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cli/commands.h"
#include "data/value.h"

namespace slipway::cli {

struct ReadableVersion {
  std::string hash;
  std::set<std::int64_t> numbers;  // one that came back has a number for each time
  data::Value pod_template;
  data::Value config = {};  // of each of its ConfigMaps hash and content; null where they are no parts of versions
};

class Versions {
 public:
  // `kept`: the Release's ControllerRevisions; `sets`: the ReplicaSets of its Deployment.
  Versions(const data::Value& release, const std::vector<data::Value>& kept, const std::vector<data::Value>& sets);

  // Null: it cannot be read any more, or there has never been one.
  const ReadableVersion* with_hash(std::string_view hash) const;
  const ReadableVersion* with_number(std::int64_t number) const;
  // Why `with_number` finds nothing, and what there is.
  std::string why_not(std::int64_t number) const;
  std::string what_there_is() const;  // "there are 1, 2"

 private:
  void add(ReadableVersion version);

  std::vector<ReadableVersion> all_;
  std::int64_t newest_;  // number that the Release has ever given, as far as is known
};

base::Result<Versions> read_versions(Setting& s, const data::Value& release);

}  // namespace slipway::cli
