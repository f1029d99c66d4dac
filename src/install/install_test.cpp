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
  EXPECT_THAT(kinds_of(manifest({})),
              ElementsAre("CustomResourceDefinition", "CustomResourceDefinition", "CustomResourceDefinition",
                          "CustomResourceDefinition", "CustomResourceDefinition", "CustomResourceDefinition",
                          "CustomResourceDefinition", "Namespace", "ServiceAccount", "ClusterRole",
                          "ClusterRoleBinding", "Role", "RoleBinding", "Deployment"));
}

TEST(Manifest, SaysWhichOfItsKindsAClusterDoesNotKnow) {
  const auto kinds_of = [](const char* text) { return missing_kinds(*data::parse_yaml(text)); };
  const std::vector<std::string> all = missing_kinds({});
  EXPECT_EQ(all.size(), definitions().size());
  EXPECT_THAT(all, testing::Contains("Release"));
  EXPECT_EQ(kinds_of("{resources: [{name: releases}, {name: releases/status}]}").size(), all.size() - 1);
  Value known;
  for (const Value& definition : definitions())
    known.push_back(Value::object({{"name", definition["spec"]["names"]["plural"]}}));
  EXPECT_TRUE(missing_kinds(Value::object({{"resources", known}})).empty());
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

TEST(Manifest, TheGatewayRunsAsNobodyWithItsOwnRights) {
  const auto all = gateway({.image = "r/s:1"});
  EXPECT_THAT(kinds_of(all), ElementsAre("GatewayClass", "ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role",
                                         "RoleBinding", "Service", "Deployment"));
  EXPECT_EQ(all[3]["subjects"].at(0)["name"].as_string(), "slipway-gateway");
  const Value& pod = all.back()["spec"]["template"]["spec"];
  EXPECT_EQ(pod["serviceAccountName"].as_string(), "slipway-gateway");
  EXPECT_EQ(pod["containers"].at(0)["image"].as_string(), "r/s:1");
  EXPECT_TRUE(pod["securityContext"]["runAsNonRoot"].as_bool());
  EXPECT_TRUE(pod["containers"].at(0)["securityContext"]["readOnlyRootFilesystem"].as_bool());
  const Value& notes = all.back()["spec"]["template"]["metadata"]["annotations"];
  EXPECT_EQ(notes["prometheus.io/port"], Value("9464"));
  EXPECT_EQ(controllers({}).back()["spec"]["template"]["metadata"]["annotations"], notes);
  // What the Service and the Deployment's own selector look for is on the pods, and not on the controllers'.
  const Value& labels = all.back()["spec"]["template"]["metadata"]["labels"];
  for (const data::Member& m : all[6]["spec"]["selector"].members()) EXPECT_EQ(labels[m.key.view()], m.value);
  EXPECT_NE(controllers({}).back()["spec"]["template"]["metadata"]["labels"], labels);
  for (const Value& object : all) EXPECT_EQ(api::label(object, "app.kubernetes.io/managed-by"), kManagedBy);
}

TEST(Rights, NoneIsGivenTwice) {
  for (const auto* rights : {&controller_rights(), &gateway_rights()}) {
    std::set<std::string> seen;
    for (const Right& right : *rights)
      for (const std::string& verb : right.verbs)
        EXPECT_TRUE(seen.insert(right.group + "/" + right.resource + " " + verb).second)
            << right.resource << " " << verb;
  }
}

TEST(Rights, ThePageShowsThemAll) {
  const auto page = runtime::read_file("docs/rbac.md");
  ASSERT_TRUE(page.has_value()) << page.error().message;
  for (const auto* rights : {&controller_rights(), &gateway_rights()})
    EXPECT_THAT(*page, HasSubstr(rights_table(*rights))) << "docs/rbac.md is not up to date";
}

}  // namespace
}  // namespace slipway::install
