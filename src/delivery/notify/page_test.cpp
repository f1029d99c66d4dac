// docs/notifications.md names every field and every event, and no others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <re2/re2.h>

#include <fstream>
#include <set>
#include <sstream>

#include "api/resource.h"
#include "api/testing.h"
#include "delivery/notify/happenings.h"

namespace slipway::delivery::notify {
namespace {

using Names = std::set<std::string>;

std::string page() {
  std::ifstream in("docs/notifications.md");
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

Names first_cells(const char* row) {
  Names all;
  const std::string text = page();
  re2::StringPiece rest = text;
  const re2::RE2 pattern(row);
  for (std::string name; re2::RE2::FindAndConsume(&rest, pattern, &name);) all.insert(name);
  return all;
}

// The fields of our own types; those of others (selectors, conditions) are one each.
void add_fields(const api::Schema& schema, const std::string& path, Names& out) {
  for (const api::Field& field : schema.fields) {
    const std::string at = path + "." + field.name;
    const bool inside = at == "spec.webhook" || at == "spec.releases";
    inside ? add_fields(*field.type, at, out) : static_cast<void>(out.insert(at));
  }
}

TEST(NotificationsPage, NamesEveryField) {
  Names fields;
  for (const api::Field& field : api::testing::kind(api::kNotifications).schema->fields)
    if (field.name == "spec" || field.name == "status") add_fields(*field.type, field.name, fields);
  EXPECT_EQ(first_cells(R"(\| `((?:spec|status)\.[A-Za-z.]+)` \|)"), fields);
}

TEST(NotificationsPage, NamesEveryEventWithItsType) {
  Names events, rows;
  for (std::size_t i = 0; i < kHappenings; ++i) {
    const std::string name(to_text(static_cast<Happening>(i)));
    const std::string type = type_of(name).substr(std::string("dev.slipway.release.").size());
    rows.insert("| " + name + " | " + type + " | " + (important().contains(name) ? "yes |" : "|"));
    events.insert(name);
  }
  for (const std::string& row : rows) EXPECT_THAT(page(), testing::HasSubstr(row));
  EXPECT_EQ(first_cells(R"(\| ([A-Z][A-Za-z]+) \| [a-z-]+ \|)"), events);
}

// What the schema lets people ask for is what there is.
TEST(NotificationsPage, TheSchemaKnowsTheSameEvents) {
  const api::Kind& kind = api::testing::kind(api::kNotifications);
  const auto refused = [&](const std::string& event) {
    const data::Value object = api::testing::yaml(
        "{apiVersion: slipway.dev/v1alpha1, kind: Notification, metadata: {name: a, namespace: b}, spec: {webhook: "
        "{url: 'https://a/'}, "
        "events: [" +
        event + "]}}");
    return !api::validate(kind, api::with_defaults(kind, api::testing::conformed(kind, object)), {}).empty();
  };
  for (std::size_t i = 0; i < kHappenings; ++i)
    EXPECT_FALSE(refused(std::string(to_text(static_cast<Happening>(i))))) << to_text(static_cast<Happening>(i));
  EXPECT_TRUE(refused("Something"));
}

}  // namespace
}  // namespace slipway::delivery::notify
