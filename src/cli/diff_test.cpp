#include "cli/diff.h"

#include <gtest/gtest.h>

#include "data/json.h"

namespace slipway::cli {
namespace {

data::Value json(std::string_view text) { return *data::parse_json(text); }

std::string text_of(std::string_view from, std::string_view to) {
  std::string out;
  for (const Difference& d : differences(json(from), json(to)))
    out += d.field + ": " + short_text(d.from) + " -> " + short_text(d.to) + "\n";
  return out;
}

TEST(Diff, GoesByTheNamesOfListElements) {
  EXPECT_EQ(
      text_of(
          R"({"spec":{"containers":[{"name":"web","image":"a:1","env":[{"name":"A","value":"1"},{"name":"B","value":"2"}]}]}})",
          R"({"spec":{"containers":[{"name":"log","image":"l:1"},{"name":"web","image":"a:2","env":[{"name":"B","value":"3"}]}]}})"),
      "spec.containers[web].env[A]: 1 -> -\n"
      "spec.containers[web].env[B].value: 2 -> 3\n"
      "spec.containers[web].image: a:1 -> a:2\n"
      "spec.containers[log]: - -> {\"image\":\"l:1\",\"name\":\"log\"}\n");
}

TEST(Diff, NamesWhereAVariableGetsItsValueFrom) {
  EXPECT_EQ(
      text_of(
          R"({"env":[{"name":"A","value":"1"},{"name":"B","valueFrom":{"configMapKeyRef":{"name":"web","key":"b"}}}]})",
          R"({"env":[{"name":"A","valueFrom":{"secretKeyRef":{"name":"db","key":"password"}}},
                     {"name":"C","valueFrom":{"fieldRef":{"apiVersion":"v1","fieldPath":"metadata.name"}}},
                     {"name":"D","valueFrom":{"resourceFieldRef":{"resource":"limits.cpu"}}}]})"),
      "env[A].value: 1 -> -\n"
      "env[A].valueFrom: - -> secret db key password\n"
      "env[B]: ConfigMap web key b -> -\n"
      "env[C]: - -> field metadata.name\n"
      "env[D]: - -> resource limits.cpu\n");
}

// On one line values that speak of secrets are left out; where they come from is none.
TEST(Diff, OnOneLineAReferenceIsShown) {
  const auto line = [](const char* from, const char* to) {
    return view::compact_text(differences(json(from), json(to)), 4);
  };
  EXPECT_EQ(line(R"({"spec":{"containers":[{"name":"web"}]}})",
                 R"({"spec":{"containers":[{"name":"web","env":[{"name":"DB_PASSWORD",
                    "valueFrom":{"secretKeyRef":{"name":"db","key":"password"}}}]}]}})"),
            "env DB_PASSWORD=secret db key password (new)");
  EXPECT_EQ(line(R"({"spec":{"containers":[{"name":"web"}]}})",
                 R"({"spec":{"containers":[{"name":"web","env":[{"name":"DB_PASSWORD","value":"1234"}]}]}})"),
            "env DB_PASSWORD=*** (new)")
      << "the first variable is one, too";
  EXPECT_EQ(line(R"({"spec":{"containers":[{"name":"web","image":"web:1"},{"name":"old","image":"o:1"}]}})",
                 R"({"spec":{"containers":[{"name":"web","image":"web:2"},
                    {"name":"log","env":[{"name":"TOKEN","value":"1234"}],"image":"log:1"}]}})"),
            "image web:1 → web:2 · container old (gone) · container log=log:1 (new)")
      << "a whole container is named by its image";
}

TEST(Diff, ComparesOtherListsAsAWhole) {
  EXPECT_EQ(text_of(R"({"args":["a","b"],"n":1})", R"({"args":["b"],"n":1,"new":true})"),
            "args: [\"a\",\"b\"] -> [\"b\"]\nnew: - -> true\n");
  EXPECT_EQ(text_of(R"({"a":1})", R"({"a":1})"), "");
}

TEST(Diff, WithoutNumbersComparesWhatServesWithWhatIsWanted) {
  const auto two = [](const char* status) {
    return compared(data::Value::object({{"status", json(status)}}), {.name = "web"});
  };
  EXPECT_EQ(two(R"({"phase":"Idle","stable":{"revision":12}})"), (Compared{12, std::nullopt}));
  EXPECT_EQ(two(R"({"phase":"RolledBack","stable":{"revision":12},"rejected":{"revision":13}})"), (Compared{12, 13}));
  EXPECT_EQ(two(R"({"phase":"Progressing","stable":{"revision":12},"candidate":{"revision":14},
                    "rejected":{"revision":13}})"),
            (Compared{12, std::nullopt}));
  EXPECT_FALSE(two("{}"));
  EXPECT_EQ(compared({}, {.name = "web", .from = 3}), (Compared{3, std::nullopt}));
  const data::Value release = json(R"({"spec":{"target":{"kind":"StatefulSet","name":"db"}}})");
  EXPECT_EQ(compared_text(release, {12, 13}), "from revision 12, which is stable, to revision 13, which is held");
  EXPECT_EQ(compared_text(release, {12, std::nullopt}),
            "from revision 12, which is stable, to what the StatefulSet asks for");
}

}  // namespace
}  // namespace slipway::cli
