#include "cli/print.h"

#include <gtest/gtest.h>

#include "cli/kinds.h"
#include "data/json.h"

namespace slipway::cli {
namespace {

using data::Value;

TEST(Print, TablesFromTheServer) {
  const Value table = *data::parse_json(
      R"({"columnDefinitions":[{"name":"Name","priority":0},{"name":"Ready","priority":0},{"name":"IP","priority":1}],
      "rows":[{"cells":["web-1","1/1","10.0.0.1"],"object":{"metadata":{"namespace":"shop"}}},{"cells":["a-longer-name",3,null],"object":{"metadata":{"namespace":"x"}}}]})");
  EXPECT_EQ(print_tables({table}, false, true, false),
            "NAME            READY\nweb-1           1/1\na-longer-name   3\n");
  EXPECT_EQ(print_tables({table}, true, false, true),
            "shop   web-1           1/1   10.0.0.1\nx      a-longer-name   3     <none>\n");
  EXPECT_EQ(print_tables({}, true, true, true), "");
}

TEST(Print, WidthsCountCharacters) {
  TextTable table({"A", "B"});
  table.add({"→é", "x"});
  table.add({"abc", "y"});
  EXPECT_EQ(table.text(), "A     B\n→é    x\nabc   y\n");
}

TEST(Print, Objects) {
  const Value v = *data::parse_json(R"({"b":1,"a":[true]})");
  EXPECT_EQ(print_object(v, Format::Yaml), "a:\n- true\nb: 1\n");
  EXPECT_EQ(print_object(v, Format::Json), "{\n  \"a\": [\n    true\n  ],\n  \"b\": 1\n}\n");
}

TEST(Kinds, FindsResourcesByTheNamesPeopleUse) {
  const Kinds kinds =
      Kinds::of({*data::parse_json(R"({"items":[{"metadata":{},"versions":[{"version":"v1","resources":[
        {"resource":"pods","responseKind":{"kind":"Pod"},"scope":"Namespaced","singularResource":"pod","shortNames":["po"]},
        {"resource":"namespaces","responseKind":{"kind":"Namespace"},"scope":"Cluster","singularResource":"namespace","shortNames":["ns"]}]}]}]})"),
                 *data::parse_json(R"({"items":[{"metadata":{"name":"apps"},"versions":[{"version":"v1","resources":[
        {"resource":"deployments","responseKind":{"kind":"Deployment"},"scope":"Namespaced","singularResource":"deployment","shortNames":["deploy"]}]}]},
        {"metadata":{"name":"metrics.k8s.io"},"versions":[{"version":"v1","resources":[{"resource":"pods","responseKind":{"kind":"PodMetrics"},"scope":"Namespaced","singularResource":"pod"}]}]}]})")});
  for (const char* name : {"pods", "pod", "po", "Pod", "PODS"}) EXPECT_EQ(kinds.find(name)->kind, "Pod") << name;
  EXPECT_EQ(kinds.find("deployments.apps")->qualified(), "deployments.apps");
  EXPECT_EQ(kinds.find("pods.metrics.k8s.io")->kind, "PodMetrics");
  EXPECT_FALSE(kinds.find("ns")->namespaced);
  EXPECT_EQ(kinds.find("frobs").error().message, "the server has no resource type \"frobs\"");
  EXPECT_EQ(kinds.find_kind("apps/v1", "Deployment")->plural, "deployments");
  EXPECT_FALSE(kinds.find_kind("apps/v1beta1", "Deployment"));
}

TEST(Print, NoCellOfATableBreaksALine) {
  TextTable table({"NAME", "MESSAGE"});
  table.add({"web", "one\ntwo\x1b[31m"});
  table.add({"db", "three"});
  EXPECT_EQ(table.text(), "NAME   MESSAGE\nweb    one two [31m\ndb     three\n");
}

}  // namespace
}  // namespace slipway::cli
