#include <gtest/gtest.h>

#include "api/kinds/family.h"

namespace slipway::api::kinds {
namespace {

Family family(std::string_view table) {
  return {.group = "test", .version = "v1", .package = "test.v1", .table = table};
}

Kind load_one(std::string_view table) { return load({meta(), family(table)}).back(); }

TEST(SchemaTable, ReadsFieldsWithTheirAttributes) {
  Kind kind = load_one(R"(
type Part atomic | A part.
  size 1 *int32 =3 min=1 max=9 | How big.
kind Widget widgets short=wd,w status name=label | A widget.
  parts 2 []Part required list=map(size) minItems=1 | Its parts.
)");
  EXPECT_EQ(kind.resource.plural, "widgets");
  EXPECT_EQ(kind.short_names, (std::vector<std::string>{"wd", "w"}));
  EXPECT_TRUE(kind.has_status);
  EXPECT_EQ(kind.schema->doc, "A widget.");
  const Field* parts = kind.schema->find("parts");
  ASSERT_TRUE(parts);
  EXPECT_TRUE(parts->required);
  EXPECT_EQ(parts->type->list, ListKind::Map);
  EXPECT_EQ(parts->type->keys, std::vector<std::string>{"size"});
  EXPECT_EQ(parts->type->min_items, 1);
  EXPECT_TRUE(parts->type->items->atomic);
  EXPECT_EQ(parts->type->items->name, "test.v1.Part");
  const Field* size = parts->type->items->find("size");
  ASSERT_TRUE(size);
  EXPECT_EQ(size->fallback.as_int(), 3);
  EXPECT_FALSE(size->omit_empty);
  EXPECT_EQ(size->type->maximum, 9);
}

TEST(SchemaTable, EmbeddedFieldsStandInTheObjectAndKeepTheirMessage) {
  Kind kind = load_one("type In\n  a 1 string\nkind W ws\n  ... 5 In\n  b 2 string\n");
  EXPECT_EQ(kind.schema->find("a")->proto_outer, 5);
  EXPECT_EQ(kind.schema->find("a")->proto, 1);
  EXPECT_EQ(kind.schema->find("b")->proto_outer, 0);
}

TEST(SchemaTable, MergeKeySaysTheListKindUnlessToldOtherwise) {
  Kind kind = load_one(
      "type P\n  k 1 string\n  l 2 string\nkind W ws\n  a 2 []P merge=k\n  b 3 []P list=map(k,l) merge=k\n"
      "  c 4 []string merge\n  d 5 []string\n");
  EXPECT_EQ(kind.schema->find("a")->type->keys, std::vector<std::string>{"k"});
  EXPECT_EQ(kind.schema->find("b")->type->keys.size(), 2u);
  EXPECT_EQ(kind.schema->find("b")->type->merge_key, "k");
  EXPECT_EQ(kind.schema->find("c")->type->list, ListKind::Set);
  EXPECT_EQ(kind.schema->find("d")->type->list, ListKind::Atomic);
}

TEST(SchemaTable, MistakesStopTheProgram) {
  EXPECT_DEATH(load_one("kind W ws\n  a 1 Nothing\n"), "unknown type Nothing");
  EXPECT_DEATH(load_one("kind W ws\n  a 1 string colour=red\n"), "unknown attribute colour");
  EXPECT_DEATH(load_one("kind W ws\n  a x string\n"), "protobuf number");
  EXPECT_DEATH(load_one("type A\n  a 1 A\nkind W ws\n  a 1 A\n"), "contains itself");
  EXPECT_DEATH(load_one("kind W ws\n  a 1 string\n  a 2 string\n"), "a field twice");
  EXPECT_DEATH(load_one("  a 1 string\n"), "a field has");
}

TEST(Builtin, KnowsItsKinds) {
  auto scheme = Scheme::builtin();
  for (const Resource& r : {kPods, kNodes, kServices, kDeployments, kReplicaSets, kHttpRoutes, kEvents, kLeases})
    ASSERT_TRUE(scheme->find(r.group, r.version, r.plural)) << r.plural;
  EXPECT_EQ(scheme->find("apps", "v1", "deployments"), scheme->find_kind("apps/v1", "Deployment"));
  EXPECT_EQ(scheme->find("", "v1", "nothing"), nullptr);
}

}  // namespace
}  // namespace slipway::api::kinds
