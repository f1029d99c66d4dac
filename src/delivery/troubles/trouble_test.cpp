#include "delivery/troubles/trouble.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "api/resource.h"
#include "api/testing.h"

namespace slipway::delivery {
namespace {

using data::Value;

TEST(Trouble, is_written_and_read) {
  const Trouble t{.kind = TroubleKind::ImagePull,
                  .cure = Cure::Version,
                  .object = "Pod web-1",
                  .space = "shop-preview",
                  .version = "7d9f",
                  .message = "image shop/web:v9 cannot be pulled: not found",
                  .count = 3,
                  .since = base::parse_time("2026-01-01T00:00:00Z"),
                  .overruled = true};
  EXPECT_EQ(trouble_of(to_value(t)), t);
  const Trouble plain{.kind = TroubleKind::NoData, .message = "x"};
  EXPECT_EQ(trouble_of(to_value(plain)), plain);
  EXPECT_EQ(trouble_of(Value::object({{"name", "Sabotage"}})), std::nullopt) << "what a later version has written";
}

TEST(Trouble, says_what_it_is_and_what_helps) {
  const Trouble t{.kind = TroubleKind::CrashLoop, .object = "Pod web-1", .message = "container web ends", .count = 3};
  EXPECT_EQ(to_text(t), "REL-P01 CrashLoop: Pod web-1 and 2 more: container web ends");
  EXPECT_EQ(remedy_of(t, "web", "shop"), "slipway logs pod/web-1 -n shop --previous");
  const Trouble apart{.kind = TroubleKind::NotReady, .object = "Pod web-1", .space = "preview", .message = "m"};
  EXPECT_EQ(to_text(apart), "REL-P07 NotReady: Pod web-1 in preview: m");
  EXPECT_EQ(remedy_of(apart, "web", "shop"), "slipway logs pod/web-1 -n preview");
  const Trouble route{.kind = TroubleKind::RouteRefused, .object = "HTTPRoute web", .message = "no"};
  EXPECT_EQ(remedy_of(route, "web", "shop"), "slipway get httproute web -n shop -o yaml");
}

TEST(Trouble, codes_and_names_are_of_one_kind_each) {
  std::set<std::string_view> codes, names;
  for (const TroubleEntry& entry : all_troubles()) {
    EXPECT_TRUE(codes.insert(entry.code).second) << entry.code;
    EXPECT_TRUE(names.insert(entry.name).second) << entry.name;
    EXPECT_EQ(&entry_of(entry.kind), &entry);
    EXPECT_EQ(trouble_named(entry.name), entry.kind);
    EXPECT_NE(remedy_of({.kind = entry.kind, .object = "Pod a"}, "web", "shop"), "");
  }
  EXPECT_EQ(all_troubles().size(), static_cast<std::size_t>(TroubleKind::WriteRefused) + 1);
}

// A policy can be about each of them but what keeps the controllers themselves from acting.
TEST(Trouble, specs_name_the_same) {
  const auto inside = [](const api::Schema& schema, std::string_view name) -> const api::Schema& {
    const auto found = std::ranges::find(schema.fields, name, &api::Field::name);
    SLIPWAY_CHECK(found != schema.fields.end());
    return *found->type;
  };
  const api::Schema& release = *api::testing::kind(api::kReleases).schema;
  const api::Schema& policy = *inside(inside(inside(release, "spec"), "guards"), "troubles").items;
  std::set<std::string> named, wanted;
  for (const Value& name : inside(policy, "trouble").one_of_values) named.insert(name.str());
  for (const TroubleEntry& entry : all_troubles())
    if (entry.kind != TroubleKind::WriteRefused) wanted.emplace(entry.name);
  EXPECT_EQ(named, wanted);
}

// docs/troubles.md has a row for each, and no other.
TEST(TroublesPage, has_each_code_with_its_meaning) {
  std::ifstream in("docs/troubles.md");
  std::stringstream text;
  text << in.rdbuf();
  std::size_t rows = 0;
  for (std::string line; std::getline(text, line);) rows += line.starts_with("| REL-");
  EXPECT_EQ(rows, all_troubles().size());
  for (const TroubleEntry& entry : all_troubles())
    EXPECT_THAT(text.str(),
                testing::HasSubstr("| " + std::string(entry.code) + " | " + std::string(entry.name) + " | " +
                                   std::string(entry.meaning) + " | " + std::string(to_text(entry.cure)) + " |"));
}

}  // namespace
}  // namespace slipway::delivery
