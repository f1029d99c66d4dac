#include <algorithm>

#include "api/testing.h"

namespace slipway::api {
namespace {

using data::Value;
using testing::conformance;
using testing::lines;
using testing::yaml;

constexpr const char* kWidgets = R"(
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  names: {plural: widgets, kind: Widget, shortNames: [wd]}
  scope: Namespaced
  versions:
  - name: v1beta1
    served: true
    storage: false
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
  - name: v1
    served: true
    storage: true
    subresources:
      status: {}
      scale: {specReplicasPath: .spec.size, statusReplicasPath: .status.size}
    additionalPrinterColumns:
    - {name: Size, type: integer, jsonPath: .spec.size}
    - {name: Ready, type: string, jsonPath: '.status.conditions[?(@.type=="Ready")].status'}
    - {name: Age, type: date, jsonPath: .metadata.creationTimestamp}
    schema:
      openAPIV3Schema:
        type: object
        required: [spec]
        properties:
          spec:
            type: object
            required: [size]
            properties:
              size: {type: integer, minimum: 1, maximum: 9}
              colour: {type: string, enum: [red, green], default: red}
              port: {x-kubernetes-int-or-string: true, anyOf: [{type: integer}, {type: string}]}
              names: {type: array, x-kubernetes-list-type: set, items: {type: string, pattern: "^[a-z]+$"}}
              parts:
                type: array
                x-kubernetes-list-type: map
                x-kubernetes-list-map-keys: [name]
                items: {type: object, required: [name], properties: {name: {type: string}, weight: {type: number, default: 1}}}
              free: {type: object, x-kubernetes-preserve-unknown-fields: true}
              limits: {type: object, additionalProperties: {type: string, maxLength: 3}}
              nothing: {type: string, nullable: true}
              one:
                type: object
                properties: {a: {type: string}, b: {type: string}}
                oneOf: [{required: [a]}, {required: [b]}]
          status: {type: object, x-kubernetes-preserve-unknown-fields: true}
)";

struct Widgets {
  std::shared_ptr<const Scheme> scheme = *Scheme::builtin()->with_crd(yaml(kWidgets));
  const Kind& kind = *scheme->find("example.com", "v1", "widgets");

  Value widget(std::string_view spec) const {
    Value out = yaml("apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: a, namespace: b}\n");
    out.set("spec", yaml(spec));
    return out;
  }
  std::vector<std::string> problems(std::string_view spec, const Value& old = {}) const {
    return lines(validate(kind, with_defaults(kind, testing::conformed(kind, widget(spec))), old));
  }
};

TEST(Crd, BecomesKindsWithTheirNames) {
  Widgets w;
  EXPECT_EQ(w.kind.resource, (Resource{"example.com", "v1", "widgets", "Widget", true}));
  EXPECT_EQ(w.kind.singular, "widget");
  EXPECT_EQ(w.kind.list_kind, "WidgetList");
  EXPECT_TRUE(w.kind.has_status);
  EXPECT_EQ(w.kind.scale->spec_replicas, ".spec.size");
  EXPECT_EQ(w.kind.storage_version, "v1");
  const Kind* beta = w.scheme->find("example.com", "v1beta1", "widgets");
  ASSERT_TRUE(beta);
  EXPECT_EQ(beta->storage_version, "v1");
  const Value groups = group_list(*w.scheme);
  EXPECT_TRUE(data::to_json(groups).contains(R"("preferredVersion":{"groupVersion":"example.com/v1","version":"v1"})"));
}

TEST(Crd, GoesAwayAgain) {
  Widgets w;
  EXPECT_EQ(w.scheme->without_crd(yaml(kWidgets))->kinds().size(), Scheme::builtin()->kinds().size());
  auto again = w.scheme->with_crd(yaml(kWidgets));
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ((*again)->kinds().size(), w.scheme->kinds().size());
}

TEST(Crd, PrunesAndKeepsAsTheSchemaSays) {
  Widgets w;
  std::vector<std::string> unknown;
  std::vector<base::Cause> problems;
  const Value out =
      conform(w.kind, w.widget("{size: 3, other: 1, free: {x: {z: 1}}, nothing: null, colour: null, names: []}"),
              unknown, problems);
  EXPECT_EQ(unknown, std::vector<std::string>{"spec.other"});
  EXPECT_EQ(data::to_json(out["spec"]), R"({"free":{"x":{"z":1}},"names":[],"nothing":null,"size":3})");
}

TEST(Crd, FillsInDefaultsEverywhere) {
  Widgets w;
  const Value out = with_defaults(w.kind, w.widget("{size: 3, parts: [{name: a}, {name: b, weight: 2}]}"));
  EXPECT_EQ(data::to_json(out["spec"]),
            R"({"colour":"red","parts":[{"name":"a","weight":1},{"name":"b","weight":2}],"size":3})");
}

TEST(Crd, ValidatesValues) {
  Widgets w;
  EXPECT_TRUE(w.problems("{size: 3, port: http, one: {a: x}}").empty());
  EXPECT_EQ(
      w.problems("{size: 10}"),
      std::vector<std::string>{"spec.size: Invalid value: 10: spec.size in body should be less than or equal to 9"});
  EXPECT_EQ(w.problems("{colour: blue}"),
            (std::vector<std::string>{"spec.colour: Unsupported value: \"blue\": supported values: \"red\", \"green\"",
                                      "spec.size: Required value"}));
  EXPECT_EQ(
      w.problems("{size: 1, names: [a, a, B]}"),
      (std::vector<std::string>{"spec.names[1]: Duplicate value: \"a\"",
                                "spec.names[2]: Invalid value: \"B\": spec.names[2] in body should match '^[a-z]+$'"}));
  EXPECT_EQ(w.problems("{size: 1, parts: [{name: a}, {name: a}, {weight: 1}]}"),
            (std::vector<std::string>{"spec.parts[1]: Duplicate value: {\"name\":\"a\"}",
                                      "spec.parts[2].name: Required value"}));
  EXPECT_EQ(w.problems("{size: 1, limits: {a: long}}"),
            std::vector<std::string>{"spec.limits[a]: Too long: may not be more than 3 bytes"});
  EXPECT_EQ(w.problems("{size: 1, one: {a: x, b: z}}").size(), 1u);
  EXPECT_EQ(w.problems("{size: 1, one: {}}").size(), 1u);
}

TEST(Crd, UnchangedMistakesAreTolerated) {
  Widgets w;
  const Value old = w.widget("{size: 30, colour: red}");
  EXPECT_TRUE(w.problems("{size: 30, colour: green}", old).empty());
  EXPECT_EQ(w.problems("{size: 31, colour: green}", old).size(), 1u);
}

TEST(Crd, TableUsesItsColumns) {
  Widgets w;
  Value widget = w.widget("{size: 3}");
  widget.set({"metadata", "creationTimestamp"}, "2026-01-01T00:00:00Z");
  widget.set("status", yaml("conditions: [{type: Other, status: 'False'}, {type: Ready, status: 'True'}]"));
  const Value table = make_table(w.kind, {widget}, {}, IncludeObject::None, *base::parse_time("2026-01-01T00:05:00Z"));
  EXPECT_EQ(data::to_json(table["rows"].at(0)["cells"]), R"(["a",3,"True","5m"])");
  EXPECT_EQ(table["columnDefinitions"].at(1)["type"].as_string(), "integer");
}

TEST(Crd, BadSchemasAreRefusedWithTheirPath) {
  Value crd = yaml(kWidgets);
  crd.set("spec",
          testing::json(
              R"({"group":"example.com","names":{"plural":"widgets","kind":"Widget"},"scope":"Namespaced","versions":[
      {"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","properties":{
         "a":{"type":"array"},"b":{"type":"text"},"c":{},"d":{"type":"string","pattern":"("}}}}}]})"));
  auto result = Scheme::builtin()->with_crd(crd);
  ASSERT_FALSE(result.has_value());
  const std::string at = "spec.versions[0].schema.openAPIV3Schema.properties";
  std::vector<std::string> fields;
  for (const auto& cause : result.error().causes) fields.push_back(cause.field);
  EXPECT_EQ(fields, (std::vector<std::string>{at + "[a].items", at + "[b].type", at + "[c].type", at + "[d].pattern"}));
}

TEST(Crd, TheDefinitionItselfIsChecked) {
  const Kind& kind = testing::kind(kCustomResourceDefinitions);
  Value crd = with_defaults(kind, testing::conformed(kind, yaml(kWidgets)));
  EXPECT_TRUE(validate(kind, crd, {}).empty()) << ::testing::PrintToString(lines(validate(kind, crd, {})));
  crd.set({"metadata", "name"}, "other.example.com");
  crd.member("spec").member("versions").element(0).set("storage", true);
  EXPECT_EQ(lines(validate(kind, crd, {})),
            (std::vector<std::string>{
                "metadata.name: Invalid value: \"other.example.com\": must be spec.names.plural+\".\"+spec.group",
                "spec.versions: Invalid value: 2: must have exactly one version marked as storage version"}));
}

TEST(Crd, ABuiltinKindStays) {
  Value crd = yaml(kWidgets);
  crd.set({"metadata", "name"}, "httproutes.gateway.networking.k8s.io");
  crd.set({"spec", "group"}, "gateway.networking.k8s.io");
  crd.set({"spec", "names", "plural"}, "httproutes");
  auto scheme = Scheme::builtin()->with_crd(crd);
  ASSERT_TRUE(scheme.has_value());
  EXPECT_EQ((*scheme)->find("gateway.networking.k8s.io", "v1", "httproutes"),
            Scheme::builtin()->find("gateway.networking.k8s.io", "v1", "httproutes"));
  EXPECT_TRUE((*scheme)->find("gateway.networking.k8s.io", "v1beta1", "httproutes"));
}

TEST(Conformance, PublicDefinitionsLoad) {
  if (conformance().empty()) GTEST_SKIP() << "no conformance data (SLIPWAY_CONFORMANCE)";
  const Kind& kind = testing::kind(kCustomResourceDefinitions);
  auto scheme = Scheme::builtin();
  int loaded = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(conformance() / "crds")) {
    if (file.path().extension() != ".yaml") continue;
    auto documents = data::parse_yaml_stream(testing::read_file(file.path()));
    ASSERT_TRUE(documents.has_value()) << file.path();
    for (const auto& document : *documents) {
      SCOPED_TRACE(file.path().string() + " " + document.value["metadata"]["name"].str());
      const Value crd = with_defaults(kind, testing::conformed(kind, document.value));
      const auto problems = lines(validate(kind, crd, {}));
      EXPECT_TRUE(problems.empty()) << ::testing::PrintToString(problems);
      auto next = scheme->with_crd(crd);
      ASSERT_TRUE(next.has_value()) << next.error().message;
      scheme = *next;
      ++loaded;
    }
  }
  EXPECT_GE(loaded, 30);
  EXPECT_FALSE(openapi_document(*scheme, "argoproj.io/v1alpha1").is_null());
}

// Our HTTPRoute table has exactly the fields of the public definition, with the same rules.
void compare_schemas(const Schema& ours, const Schema& theirs, const std::string& at, int& compared) {
  ++compared;
  EXPECT_EQ(ours.type == Type::Int32  ? Type::Int64
            : ours.type == Type::Time ? Type::String
                                      : ours.type,
            theirs.type)
      << at;
  EXPECT_EQ(ours.pattern, theirs.pattern) << at;
  EXPECT_EQ(ours.one_of_values, theirs.one_of_values) << at;
  EXPECT_EQ(ours.minimum, theirs.minimum) << at;
  EXPECT_EQ(ours.max_length, theirs.max_length) << at;
  EXPECT_EQ(ours.min_length, theirs.min_length) << at;
  EXPECT_EQ(ours.max_items, theirs.max_items) << at;
  EXPECT_EQ(ours.list, theirs.list) << at;
  EXPECT_EQ(ours.keys, theirs.keys) << at;
  if (ours.items && theirs.items) compare_schemas(*ours.items, *theirs.items, at + "[]", compared);
  for (const Field& field : theirs.fields) {
    if (at.empty() && field.name == "metadata") continue;
    const Field* own = ours.find(field.name);
    EXPECT_TRUE(own) << at << "." << field.name;
    if (!own) continue;
    EXPECT_EQ(own->required, field.required) << at << "." << field.name;
    EXPECT_EQ(own->fallback, field.fallback) << at << "." << field.name;
    compare_schemas(*own->type, *field.type, at + "." + field.name, compared);
  }
  for (const Field& field : ours.fields)
    EXPECT_TRUE(theirs.find(field.name)) << at << "." << field.name << " is ours only";
}

TEST(Conformance, HttpRoutesAreThoseOfTheGatewayApi) {
  if (conformance().empty()) GTEST_SKIP() << "no conformance data (SLIPWAY_CONFORMANCE)";
  auto crd = data::parse_yaml_stream(testing::read_file(conformance() / "crds/gateway-api/httproutes.yaml"));
  ASSERT_TRUE(crd.has_value());
  // Under another name, so that the built-in kind does not stand before it.
  Value renamed = crd->at(0).value;
  renamed.set({"spec", "names", "plural"}, "others");
  auto scheme = Scheme::builtin()->with_crd(renamed);
  ASSERT_TRUE(scheme.has_value());
  int compared = 0;
  compare_schemas(*testing::kind(kHttpRoutes).schema,
                  *(*scheme)->find("gateway.networking.k8s.io", "v1", "others")->schema, "", compared);
  EXPECT_GT(compared, 100);
}

}  // namespace
}  // namespace slipway::api
