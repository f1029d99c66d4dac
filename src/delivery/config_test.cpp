#include "delivery/config.h"

#include <gtest/gtest.h>

#include "api/resource.h"
#include "delivery/decide/modelled_cluster.h"
#include "delivery/kept.h"

namespace slipway::delivery {
namespace {

using data::Value;

const Value& everywhere() {
  static const Value kTemplate = json(R"({"metadata":{"labels":{"app":"web"}},"spec":{
    "initContainers":[{"name":"wait","env":[{"name":"A","valueFrom":{"configMapKeyRef":{"name":"keys","key":"a"}}}]}],
    "containers":[{"name":"web","image":"shop/web:v1","env":[{"name":"B","value":"keys"},{"name":"C","valueFrom":{"secretKeyRef":{"name":"keys","key":"c"}}}],
      "envFrom":[{"secretRef":{"name":"env"}},{"configMapRef":{"name":"env","optional":true}}]}],
    "volumes":[{"name":"keys","configMap":{"name":"files","items":[{"key":"x","path":"y"}]}},{"name":"p","projected":{"sources":[
      {"serviceAccountToken":{"path":"t"}},{"configMap":{"name":"env"}},{"configMap":{"name":"flags"}}]}}]}})");
  return kTemplate;
}

TEST(ConfigReferences, are_found_wherever_a_template_may_name_a_config_map) {
  const Value release = json(R"({"spec":{"config":{"configMaps":"Versioned","except":["flags"]}}})");
  EXPECT_EQ(config_references(release, everywhere()),
            (std::vector<ConfigReference>{{"env", false, "spec.containers[0].envFrom[1].configMapRef"},
                                          {"files", false, "spec.volumes[0].configMap"},
                                          {"keys", false, "spec.initContainers[0].env[0].valueFrom.configMapKeyRef"}}));
  const Value optional =
      json(R"({"spec":{"containers":[{"envFrom":[{"configMapRef":{"name":"env","optional":true}}]}]}})");
  EXPECT_TRUE(config_references(release, optional).at(0).optional);
  EXPECT_TRUE(config_references(release, json(R"({"spec":{"containers":[{"name":"web"}]}})")).empty());
}

TEST(ConfigCopies, take_the_places_of_config_maps_and_nothing_else) {
  const ConfigHashes hashes = {{"env", "0011223344556677"}, {"keys", "8899aabbccddeeff"}, {"files", "absent"}};
  const Value copied = with_copies(everywhere(), "web", hashes);
  const auto name = [&](const std::string& of) { return copy_name("web", of, hashes.at(of)); };
  const Value& spec = copied["spec"];
  EXPECT_EQ(spec["initContainers"].at(0)["env"].at(0)["valueFrom"]["configMapKeyRef"]["name"], Value(name("keys")));
  EXPECT_EQ(spec["containers"].at(0)["envFrom"].at(1)["configMapRef"]["name"], Value(name("env")));
  EXPECT_EQ(spec["containers"].at(0)["envFrom"].at(0)["secretRef"]["name"], Value("env"));
  EXPECT_EQ(spec["containers"].at(0)["env"].at(0)["value"], Value("keys"));
  EXPECT_EQ(spec["containers"].at(0)["env"].at(1)["valueFrom"]["secretKeyRef"]["name"], Value("keys"));
  EXPECT_EQ(spec["volumes"].at(0)["configMap"]["name"], Value("files-absent"));
  EXPECT_EQ(spec["volumes"].at(1)["projected"]["sources"].at(1)["configMap"]["name"], Value(name("env")));
  EXPECT_EQ(spec["volumes"].at(1)["projected"]["sources"].at(2)["configMap"]["name"], Value("flags"));
  EXPECT_EQ(without_copies(copied, "web", hashes), everywhere());
}

TEST(ConfigCopies, have_names_of_their_own_for_each_release_config_map_and_content) {
  EXPECT_EQ(copy_name("web", "env", "a"), copy_name("web", "env", "a"));
  EXPECT_NE(copy_name("web", "env", "a"), copy_name("web", "env", "b"));
  EXPECT_NE(copy_name("web", "env", "a"), copy_name("api", "env", "a"));
  EXPECT_NE(copy_name("web", "a-b", "x"), copy_name("web", "a", "x"));
  const std::string longest = copy_name("web", std::string(252, 'a') + "b", "a");
  EXPECT_LE(longest.size(), 253);
  EXPECT_EQ(copy_name("web", std::string(242, 'a') + ".bbbbbbbbbb", "a").find(".-"), std::string::npos);
}

TEST(ConfigContent, is_data_and_binary_data_and_nothing_else) {
  const Value a = json(R"({"metadata":{"name":"x","resourceVersion":"1"},"data":{"k":"v"}})");
  const Value same = json(R"({"metadata":{"name":"y","resourceVersion":"2"},"data":{"k":"v"},"binaryData":{}})");
  const Value binary = json(R"({"binaryData":{"k":"v"}})");
  EXPECT_EQ(content_hash(a), content_hash(same));
  EXPECT_NE(content_hash(a), content_hash(binary));
  EXPECT_EQ(content_hash(a).size(), 16);
  EXPECT_EQ(content_hash(json("{}")), content_hash(json(R"({"data":{}})")));
}

TEST(ConfigContent, is_not_kept_by_the_caches_but_its_hash_is) {
  const Value whole =
      json(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x","uid":"u"},"data":{"k":"secret"},
    "immutable":true})");
  const Value kept = kept_of(api::kConfigMaps)(whole);
  EXPECT_FALSE(kept.has("data"));
  EXPECT_EQ(content_hash(kept), content_hash(whole));
  EXPECT_TRUE(kept["immutable"].as_bool());
}

}  // namespace
}  // namespace slipway::delivery
