#include "cli/manifest.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace slipway::cli {
namespace {

std::vector<std::string> problems(std::string_view text) {
  std::vector<std::string> out;
  for (const Problem& problem : read_manifests("m.yaml", text).problems) out.push_back(to_text(problem));
  return out;
}

constexpr const char* kGood = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n";

TEST(Manifest, ReadsDocumentsWithTheirPlaces) {
  const Manifests m = read_manifests(
      "m.yaml", std::string("# head\n---\n") + kGood + "---\n# nothing\n---\n" + kGood + "data:\n  k: v\n");
  EXPECT_TRUE(m.problems.empty());
  ASSERT_EQ(m.documents.size(), 2u);
  EXPECT_EQ(m.documents[1].document, 2);
  EXPECT_EQ(m.documents[1].content.position_of("data.k"), (data::Position{15, 3}));
}

TEST(Manifest, TakesListsApart) {
  const Manifests m = read_manifests("l.yaml",
                                     "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: A\n  metadata: "
                                     "{name: a}\n- apiVersion: v1\n  kind: B\n  metadata: {}\n");
  ASSERT_EQ(m.documents.size(), 2u);
  EXPECT_EQ(m.documents[1].content.value["kind"].as_string(), "B");
  ASSERT_EQ(m.problems.size(), 1u);
  EXPECT_EQ(to_text(m.problems[0]), "l.yaml:9:3: document 1: metadata.name: is missing");
}

TEST(Manifest, ReportsAllProblemsOfAllDocuments) {
  EXPECT_EQ(
      problems(std::string("a: [1\n---\n") + kGood + "data:\n  x: 1\n  x: 2\n---\nkind: Pod\n---\n- 1\n"),
      (std::vector<std::string>{
          "m.yaml:2:1: document 1: did not find expected ',' or ']' while parsing a flow sequence from line 1",
          "m.yaml:9:3: document 2: data.x: duplicate field", "m.yaml:11:1: document 3: apiVersion: is missing",
          "m.yaml:11:1: document 3: metadata.name: is missing", "m.yaml:13:1: document 4: an object was expected"}));
  EXPECT_EQ(
      problems("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: n}\n"),
      (std::vector<std::string>{"m.yaml:3:12: document 1: metadata.name: is read as a number or as true or false: "
                                "put it in quotes"}));
  EXPECT_EQ(problems(""), (std::vector<std::string>{"m.yaml: holds no object"}));
  EXPECT_EQ(problems("{\"kind\": \"Pod\",}x").size(), 1u);
}

TEST(Manifest, PlacesWhatTheServerSays) {
  const Manifests m = read_manifests("m.yaml", std::string(kGood) + "spec:\n  containers:\n  - name: x\n");
  const auto placed = problems_of(
      m.documents[0],
      {.code = base::Code::Invalid,
       .causes = {{"FieldValueRequired", "Required value", "spec.containers[0].image"}, {"", "wrong", "spec.x"}}});
  ASSERT_EQ(placed.size(), 2u);
  EXPECT_EQ(to_text(placed[0]), "m.yaml:7:5: document 1: spec.containers[0].image: Required value");
  EXPECT_EQ(to_text(placed[1]), "m.yaml:5:1: document 1: spec.x: wrong");
  const auto strict =
      problems_of(m.documents[0], {.message = "Pod in version v1 cannot be handled: strict decoding error: "
                                              "unknown field \"kind\", unknown field "
                                              "\"spec.containers[0].name\", duplicate field \"metadata.name\""});
  ASSERT_EQ(strict.size(), 3u);
  EXPECT_EQ(to_text(strict[0]), "m.yaml:2:1: document 1: kind: there is no such field");
  EXPECT_EQ(to_text(strict[1]), "m.yaml:7:5: document 1: spec.containers[0].name: there is no such field");
  EXPECT_EQ(to_text(strict[2]), "m.yaml:4:3: document 1: metadata.name: is there more than once");
  EXPECT_EQ(to_text(problems_of(m.documents[0], {.message = "cannot be handled: metadata[name]: Invalid value"})[0]),
            "m.yaml:4:3: document 1: metadata.name: cannot be handled: metadata[name]: Invalid value");
  EXPECT_EQ(to_text(problems_of(m.documents[0], {.message = "no"})[0]), "m.yaml:1:1: document 1: no");
}

TEST(Manifest, LoadsFilesAndFolders) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("slipway-manifests-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "b.yaml") << kGood;
  std::ofstream(folder / "a.json") << R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"}})";
  std::ofstream(folder / "c.txt") << "no manifest";
  const Manifests m = load_manifests({folder.string()});
  ASSERT_EQ(m.documents.size(), 2u);
  EXPECT_EQ(m.documents[0].content.value["kind"].as_string(), "Secret");
  const Manifests absent = load_manifests({(folder / "nowhere.yaml").string()});
  ASSERT_EQ(absent.problems.size(), 1u);
  EXPECT_NE(to_text(absent.problems[0]).find("No such file"), std::string::npos);
  std::filesystem::remove_all(folder);
}

TEST(Manifests, AreReadAsAServerWould) {
  const Manifests read = read_manifests("web.yaml", R"(apiVersion: slipway.dev/v1alpha1
kind: Release
metadata: {name: web}
spec:
  target: {name: web}
  strategy: {rolling: {}}
  guards:
    maxRestart: 1
    maxProbeFailures: -1
---
apiVersion: example.com/v1
kind: Thing
metadata: {name: x}
)");
  ASSERT_EQ(read.documents.size(), 2u);
  const auto problems = problems_of(read.documents[0]);
  ASSERT_EQ(problems.size(), 2u);
  EXPECT_EQ(to_text(problems[0]),
            "web.yaml:9:5: document 1: spec.guards.maxProbeFailures: Invalid value: -1: "
            "spec.guards.maxProbeFailures in body should be greater than or equal to 0");
  EXPECT_EQ(to_text(problems[1]), "web.yaml:8:5: document 1: spec.guards.maxRestart: there is no such field");
  EXPECT_TRUE(problems_of(read.documents[1]).empty()) << "a kind that is not known here";
}

}  // namespace
}  // namespace slipway::cli
