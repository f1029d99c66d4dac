// Which rights of `slipway install` nobody used on a control plane. The audit log of its API server knows.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "bed.h"
#include "install/rules.h"

namespace slipway::tests {

// "\n  verb group/resource" for each right that this account has not used; `seldom`: those that a run may
// end without, and why they are there.
inline std::string unused_rights(const Bed& bed, const std::string& account, const std::vector<install::Right>& rights,
                                 const std::map<std::string, std::string>& seldom) {
  std::set<std::string> used;
  for (const AuditedRequest& r : bed.audited(account))
    if (r.allowed && !r.resource.empty())
      used.insert(r.verb + " " + r.group + "/" + r.resource + (r.subresource.empty() ? "" : "/" + r.subresource));
  std::string unused;
  for (const install::Right& right : rights)
    for (const std::string& verb : right.verbs) {
      const std::string pair = verb + " " + right.group + "/" + right.resource;
      if (!used.contains(pair) && !seldom.contains(pair)) unused += "\n  " + pair;
    }
  return unused;
}

}  // namespace slipway::tests
