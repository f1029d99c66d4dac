// Our tables against the public test data of Kubernetes: one object of each kind with every field set.
#include <algorithm>

#include "api/testing.h"

namespace slipway::api {
namespace {

using testing::conformance;

std::string file_prefix(const Kind& kind) {
  return (kind.resource.group.empty() ? "core" : kind.resource.group) + "." + kind.resource.version + "." +
         kind.resource.kind;
}

std::vector<const Kind*> covered_kinds() {
  std::vector<const Kind*> out;
  for (const auto& kind : Scheme::builtin()->kinds())
    if (std::filesystem::exists(conformance() / "kubernetes-api" / (file_prefix(*kind) + ".json")))
      out.push_back(kind.get());
  return out;
}

data::Value full_object(const Kind& kind) {
  return testing::json(testing::read_file(conformance() / "kubernetes-api" / (file_prefix(kind) + ".json")));
}

TEST(Conformance, EveryFieldIsKnown) {
  if (conformance().empty()) GTEST_SKIP() << "no conformance data (SLIPWAY_CONFORMANCE)";
  const auto kinds = covered_kinds();
  EXPECT_GE(kinds.size(), 18u);
  for (const Kind* kind : kinds) {
    SCOPED_TRACE(kind->resource.kind);
    const data::Value object = full_object(*kind);
    EXPECT_EQ(data::to_json(testing::conformed(*kind, object)), data::to_json(object));
  }
}

TEST(Conformance, DefaultsAreIdempotentAndKeepWhatIsSet) {
  if (conformance().empty()) GTEST_SKIP() << "no conformance data (SLIPWAY_CONFORMANCE)";
  for (const Kind* kind : covered_kinds()) {
    SCOPED_TRACE(kind->resource.kind);
    const data::Value once = with_defaults(*kind, full_object(*kind));
    EXPECT_EQ(data::to_json(with_defaults(*kind, once)), data::to_json(once));
  }
}

// Walks our schema beside the OpenAPI of the original and compares what patches depend on.
class MergeKeys {
 public:
  explicit MergeKeys(const data::Value& openapi) : definitions_(openapi["definitions"]) {}

  int compared() const { return compared_; }

  void compare(const Schema& ours, const data::Value& theirs, const std::string& at) {
    const data::Value& resolved = resolve(theirs);
    for (const data::Member& m : resolved["properties"].members()) {
      const Field* field = ours.find(m.key.view());
      if (field) compare_field(*field->type, m.value, at + "." + m.key.str());
    }
  }

 private:
  const data::Value& resolve(const data::Value& schema) const {
    constexpr std::string_view kPrefix = "#/definitions/";
    const std::string_view ref = schema["$ref"].as_string();
    return ref.empty() ? schema : definitions_[ref.substr(kPrefix.size())];
  }

  void compare_field(const Schema& ours, const data::Value& theirs, const std::string& at) {
    if (!theirs["items"].is_null()) {
      compare_list(ours, theirs, at);
      if (ours.items && ours.items->type == Type::Object) compare(*ours.items, theirs["items"], at + "[]");
      return;
    }
    const bool retain = theirs["x-kubernetes-patch-strategy"].as_string().contains("retainKeys");
    EXPECT_EQ(ours.retain_keys, retain) << at;
    if (ours.type == Type::Object) compare(ours, theirs, at);
  }

  void compare_list(const Schema& ours, const data::Value& theirs, const std::string& at) {
    // Newer than this test data: ports of ephemeral containers merge like those of other containers.
    if (at.ends_with("ephemeralContainers[].ports")) return;
    ++compared_;
    const std::string_view strategy = theirs["x-kubernetes-patch-strategy"].as_string();
    EXPECT_EQ(ours.merges, strategy.contains("merge")) << at;
    EXPECT_EQ(ours.merge_key, theirs["x-kubernetes-patch-merge-key"].as_string()) << at;
    if (theirs["x-kubernetes-list-map-keys"].is_null()) return;
    std::vector<std::string> keys;
    for (const data::Value& key : theirs["x-kubernetes-list-map-keys"].items()) keys.push_back(key.str());
    EXPECT_EQ(ours.keys, keys) << at;
  }

  data::Value definitions_;
  int compared_ = 0;
};

TEST(Conformance, MergeKeysAreThoseOfTheOriginal) {
  if (conformance().empty()) GTEST_SKIP() << "no conformance data (SLIPWAY_CONFORMANCE)";
  MergeKeys check(testing::json(testing::read_file(conformance() / "openapi/kubernetes-core-merge-keys.json")));
  const std::pair<const Resource*, const char*> kinds[] = {{&kPods, "io.k8s.api.core.v1.Pod"},
                                                           {&kServices, "io.k8s.api.core.v1.Service"},
                                                           {&kNodes, "io.k8s.api.core.v1.Node"},
                                                           {&kDeployments, "io.k8s.api.apps.v1.Deployment"},
                                                           {&kConfigMaps, "io.k8s.api.core.v1.ConfigMap"},
                                                           {&kNamespaces, "io.k8s.api.core.v1.Namespace"}};
  for (const auto& [resource, name] : kinds)
    check.compare(*testing::kind(*resource).schema,
                  testing::json("{\"$ref\":\"#/definitions/" + std::string(name) + "\"}"), name);
  EXPECT_GT(check.compared(), 50);
}

}  // namespace
}  // namespace slipway::api
