#include "control/own_writes.h"

#include <algorithm>

#include "api/meta.h"
#include "base/strings.h"
#include "control/mutants.h"

namespace slipway::control {

void OwnWrites::wrote(const client::Cache& cache, const data::Value& answer) {
  if (mutant(Mutant::ForgetOwnWrite)) return;
  const std::optional<std::uint64_t> version = base::parse_uint(api::version_of(answer));
  const std::string space(api::space_of(answer));
  if (!version || !cache.covers(space)) return;
  const auto known =
      std::ranges::find_if(written_, [&](const Written& w) { return w.cache == &cache && w.space == space; });
  if (known == written_.end()) {
    written_.push_back({&cache, space, *version});
  } else {
    known->version = std::max(known->version, *version);
  }
}

void OwnWrites::removed(const client::Cache& cache, client::ObjectName name, std::string uid) {
  if (mutant(Mutant::ForgetOwnWrite)) return;
  removed_.push_back({&cache, std::move(name), std::move(uid)});
}

void OwnWrites::awaits(const client::Cache& cache, client::ObjectName name, Looks looks) {
  if (mutant(Mutant::ForgetOwnWrite)) return;
  std::string uid(api::uid_of(cache.find(name)));
  awaited_.push_back({&cache, std::move(name), std::move(uid), looks});
}

namespace {
// From the back: the newest write is shown last, so asking after every event of a long decision looks at one write, not
// at hundreds. What a cache once showed it does not stop showing, so none is missed by being looked at late.
template <class Write, class IsShown>
void drop_shown(std::vector<Write>& writes, IsShown is_shown) {
  while (!writes.empty() && is_shown(writes.back())) writes.pop_back();
}
}  // namespace

bool OwnWrites::seen() {
  std::erase_if(written_, [](const Written& w) { return w.cache->revision(w.space) >= w.version; });
  drop_shown(removed_, [](const Removed& r) { return api::uid_of(r.cache->find(r.name)) != r.uid; });
  drop_shown(awaited_, [](const Awaited& a) {
    const data::Value& now = a.cache->find(a.name);
    return a.looks(now) || api::uid_of(now) != a.uid;
  });
  return (written_.empty() && removed_.empty() && awaited_.empty()) || mutant(Mutant::DecideOnStaleCache);
}

void OwnWrites::clear() {
  written_.clear();
  removed_.clear();
  awaited_.clear();
}

}  // namespace slipway::control
