#include "control/pod_template.h"

#include <gtest/gtest.h>

namespace slipway::control {
namespace {

using data::Value;

Value web(std::string_view image) {
  return Value::object(
      {{"metadata", Value::object({{"labels", Value::object({{"app", "web"}})}})},
       {"spec", Value::object({{"containers", Value::array({Value::object({{"name", "web"}, {"image", image}})})}})}});
}

TEST(PodTemplate, The_hash_label_does_not_count) {
  EXPECT_TRUE(same_template(web("a:1"), with_hash_label(web("a:1"), "bcdf")));
  EXPECT_EQ(template_hash(web("a:1")), template_hash(with_hash_label(web("a:1"), "bcdf")));
  EXPECT_FALSE(same_template(web("a:1"), web("a:2")));
}

TEST(PodTemplate, A_template_without_labels_equals_itself_with_only_the_hash) {
  const Value bare = Value::object({{"spec", Value::object({{"restartPolicy", "Always"}})}});
  EXPECT_TRUE(same_template(bare, with_hash_label(bare, "bcdf")));
  EXPECT_EQ(without_hash_label(with_hash_label(bare, "bcdf")), bare);
}

TEST(PodTemplate, The_hash_changes_with_template_and_collision_count) {
  const std::string hash = template_hash(web("a:1"));
  EXPECT_NE(hash, template_hash(web("a:2")));
  EXPECT_NE(hash, template_hash(web("a:1"), 1));
  EXPECT_EQ(hash, template_hash(web("a:1"), 0));
  EXPECT_LE(hash.size(), 10u);
  EXPECT_EQ(hash.find_first_of("aeiou013"), std::string::npos) << hash;
}

}  // namespace
}  // namespace slipway::control
