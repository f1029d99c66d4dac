#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "api/crd_definition.h"
#include "api/meta.h"
#include "api/scheme.h"
#include "data/yaml.h"
#include "install/manifest.h"
#include "install/rules.h"
#include "runtime/file.h"

namespace slipway::install {
namespace {

using data::Value;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> kinds_of(const std::vector<Value>& objects) {
  std::vector<std::string> out;
  for (const Value& object : objects) out.push_back(object["kind"].str());
  return out;
}

TEST(Manifest, ComesInTheOrderInWhichItIsApplied) {
  EXPECT_THAT(
      kinds_of(manifest({})),
      ElementsAre("CustomResourceDefinition", "CustomResourceDefinition", "CustomResourceDefinition", "Namespace",
                  "ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding", "Deployment"));
}

TEST(Manifest, InNamespacedModeNeedsNothingOfTheCluster) {
  const auto all = controllers({.space = "shop", .spaces = {"shop", "till"}});
  EXPECT_THAT(kinds_of(all), ElementsAre("ServiceAccount", "Role", "RoleBinding", "Role", "RoleBinding", "Role",
                                         "RoleBinding", "Deployment"));
  EXPECT_EQ(all[1]["metadata"]["namespace"].as_string(), "shop");
  EXPECT_EQ(all[3]["metadata"]["namespace"].as_string(), "till");
  EXPECT_EQ(all[4]["subjects"].at(0)["namespace"].as_string(), "shop");
  EXPECT_THAT(data::to_yaml(all.back()), HasSubstr("--namespaces=shop,till"));
  // A namespace of its own is made.
  EXPECT_EQ(controllers({.spaces = {"shop"}}).front()["kind"].as_string(), "Namespace");
}

// Our own server is as strict about definitions as Kubernetes' documentation is.
TEST(Manifest, ItsDefinitionsAreStructural) {
  const auto scheme = api::Scheme::builtin();
  const api::Kind* crds = scheme->find_kind("apiextensions.k8s.io/v1", "CustomResourceDefinition");
  ASSERT_NE(crds, nullptr);
  for (const Value& definition : api::slipway_definitions()) {
    const auto problems = api::validate(*crds, api::with_defaults(*crds, definition), {});
    for (const auto& problem : problems)
      ADD_FAILURE() << api::name_of(definition) << ": " << problem.field << ": " << problem.message;
    std::vector<std::string> unknown;
    std::vector<base::Cause> wrong;
    (void)api::conform(*crds, definition, unknown, wrong);
    EXPECT_THAT(unknown, testing::IsEmpty());
    EXPECT_TRUE(wrong.empty());
  }
}

TEST(Rights, NoneIsGivenTwice) {
  std::set<std::string> seen;
  for (const Right& right : controller_rights())
    for (const std::string& verb : right.verbs)
      EXPECT_TRUE(seen.insert(right.group + "/" + right.resource + " " + verb).second) << right.resource << " " << verb;
}

TEST(Rights, ThePageShowsThemAll) {
  const auto page = runtime::read_file("docs/rbac.md");
  ASSERT_TRUE(page.has_value()) << page.error().message;
  EXPECT_THAT(*page, HasSubstr(rights_table())) << "docs/rbac.md is not up to date";
}

}  // namespace
}  // namespace slipway::install
