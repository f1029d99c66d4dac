// Says, when the stories of this program have been told, which rights of `slipway install` none of them used; when all
// were told, it is a failure: a right is too much, or its story is missing. The audit log of the API server knows.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <set>

#include "each_version.h"
#include "install/rules.h"
#include "unused_rights.h"

namespace slipway::tests {
namespace {

constexpr const char* kController = "system:serviceaccount:slipway-system:slipway-controller";

// Rights that a run may end without having used, and why they are there.
const std::map<std::string, std::string>& seldom() {
  static const char* const kLost = "when the answer of a write was lost, the object is looked up";
  static const std::map<std::string, std::string> all = {
      {"get slipway.dev/releases", kLost},
      {"get slipway.dev/analysisruns", kLost},
      {"get slipway.dev/notifications", kLost},
      {"get apps/deployments", kLost},
      {"get apps/replicasets", kLost},
      {"get apps/statefulsets", kLost},
      {"get apps/daemonsets", kLost},
      {"get slipway.dev/releasepolicies", kLost},
      {"get /services", kLost},
      {"get gateway.networking.k8s.io/httproutes", kLost},
      {"get networking.istio.io/virtualservices", kLost},
      {"get networking.istio.io/destinationrules", kLost},
      {"get networking.k8s.io/ingresses", kLost},
      {"get traefik.io/traefikservices", kLost},
      {"get traefik.io/ingressroutes", kLost},
      {"patch slipway.dev/analysisruns", "an abort ends the runs that are under way (scenarios)"},
      {"delete slipway.dev/analysisruns", "runs beyond the twentieth of a Release go"},
      {"delete apps/replicasets", "two ReplicaSets of one template would make the Deployment choose (hold.cpp)"},
  };
  return all;
}

void check(Bed& bed) {
  const std::string unused = unused_rights(bed, kController, install::controller_rights(), seldom());
  if (unused.empty()) return;
  fmt::print("rights that these tests did not use on {}:{}\n", bed.assets().version, unused);
  const bool all_were_told = GTEST_FLAG_GET(filter) == "*" && std::getenv("SLIPWAY_ROUTER_CRDS") != nullptr;
  if (all_were_told) ADD_FAILURE() << "no story of tests/cluster needs these rights:" << unused;
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
