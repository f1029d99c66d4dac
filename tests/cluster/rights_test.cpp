// Says, when all stories of this program have been told, which rights of `slipway install` none of them used:
// candidates for being too much. The audit log of the API server knows.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "each_version.h"
#include "install/rules.h"

namespace slipway::tests {
namespace {

constexpr const char* kController = "system:serviceaccount:slipway-system:slipway-controller";

// Rights that a run may end without having used, and why they are there.
const std::map<std::string, std::string>& seldom() {
  static const char* const kLost = "when the answer of a write was lost, the object is looked up";
  static const std::map<std::string, std::string> all = {
      {"get slipway.dev/releases", kLost},
      {"get slipway.dev/analysisruns", kLost},
      {"get apps/deployments", kLost},
      {"get apps/replicasets", kLost},
      {"get /services", kLost},
      {"get gateway.networking.k8s.io/httproutes", kLost},
  };
  return all;
}

std::set<std::string> used(const Bed& bed) {
  std::set<std::string> pairs;
  for (const AuditedRequest& r : bed.audited(kController))
    if (r.allowed && !r.resource.empty())
      pairs.insert(r.verb + " " + r.group + "/" + r.resource + (r.subresource.empty() ? "" : "/" + r.subresource));
  return pairs;
}

void check(Bed& bed) {
  const std::set<std::string> seen = used(bed);
  std::string unused;
  for (const install::Right& right : install::controller_rights())
    for (const std::string& verb : right.verbs) {
      const std::string pair = verb + " " + right.group + "/" + right.resource;
      if (!seen.contains(pair) && !seldom().contains(pair)) unused += "\n  " + pair;
    }
  if (unused.empty()) return;
  fmt::print("rights that these tests did not use on {}:{}\n", bed.assets().version, unused);
}

const bool registered = (EachVersion::at_the_end(check), true);

}  // namespace

// The list of exceptions holds nothing that is not given.
TEST(Rights, ExceptionsAreRights) {
  ASSERT_TRUE(registered);
  std::set<std::string> given;
  for (const install::Right& right : install::controller_rights())
    for (const std::string& verb : right.verbs) given.insert(verb + " " + right.group + "/" + right.resource);
  for (const auto& [pair, why] : seldom()) EXPECT_TRUE(given.contains(pair)) << pair << ": " << why;
}

}  // namespace slipway::tests
