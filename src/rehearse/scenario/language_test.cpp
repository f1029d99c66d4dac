// What a scenario's file may say, and what people read when it says something else.
#include <gtest/gtest.h>

#include "rehearse/scenario/outcome.h"
#include "rehearse/scenario/scenario.h"

namespace slipway::rehearse::scenario {
namespace {

constexpr const char* kDeployment = R"(
objects:
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: web}
  spec:
    selector: {matchLabels: {app: web}}
    template:
      metadata: {labels: {app: web}}
      spec: {containers: [{name: web, image: "shop/web:v1"}]}
)";

std::string problems_of(const std::string& text) {
  const auto read = parse("folder/story.yaml", text);
  return read ? "" : read.error().message;
}

// A whole story around one event.
std::string with_event(const std::string& event) {
  return std::string("about: x") + kDeployment + "story:\n- " + event + "\nend: {when: ready.v1 == 4}\n";
}

TEST(Language, AStoryIsRead) {
  const auto read = parse("folder/good.yaml", with_event("deploy: {version: v2, error-rate: 0.5}"));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->name, "good");
  EXPECT_EQ(read->versions, (std::vector<std::string>{"v1", "v2"}));
  ASSERT_EQ(read->story.size(), 1u);
  EXPECT_EQ(read->story[0].where, "good.yaml:12");
  const auto& deploy = std::get<Deploy>(read->story[0].action);
  EXPECT_EQ(deploy.version, "v2");
  EXPECT_EQ(deploy.behaviour, (std::map<std::string, std::string>{{"error-rate", "0.5"}}));
  EXPECT_FALSE(read->alone());
}

TEST(Language, StoriesThatTouchWhatOthersSharePlayAlone) {
  for (const char* event : {"cordon: true", "crash: controllers"}) {
    const auto read = parse("s.yaml", with_event(event));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_TRUE(read->alone());
  }
}

TEST(Language, AProblemHasItsPlaceAndItsField) {
  const struct {
    const char *event, *problem;
  } cases[] = {
      {"fly: v2", "folder/story.yaml:12:3: story[0].fly: no such event; there are apply, refuse,"},
      {"wait: ready.v2 ==", "folder/story.yaml:12:3: story[0].wait: column 12: "},
      {"wait: redy.v2 == 1", "folder/story.yaml:12:3: story[0].wait: nothing is called \"redy\""},
      {"kill: v7", "folder/story.yaml:12:3: story[0].kill: no version \"v7\" was deployed before this event"},
      {"release: stop", "story[0].release: \"stop\" is none of pause, resume,"},
      {"scale: -1", "story[0].scale: a whole number is expected, 0 or more"},
      {"stays: {that: ready.v1 == 4}", "story[0].stays.for: is required"},
      {"wait: {that: ready.v1 == 4, within: soon}", "story[0].wait.within: a duration is expected, like 500ms or 20s"},
      {"deploy: {version: v2, mood: bad}", "story[0].deploy.mood: unknown; known here: version, start,"},
      {"delete: web", "story[0].delete: \"web\" is no KIND/NAME like Release/web"},
      {"patch: {object: Deployment/web}", "story[0].patch.with: a merge patch is expected: a mapping"},
      {"apply: {apiVersion: v1, kind: Pud, metadata: {name: x}}",
       "story[0].apply: \"v1\" \"Pud\" is no apiVersion and kind"},
      {"apply: {apiVersion: v1, kind: Service, metadata: {name: x}, spec: {prots: []}}",
       "story[0].apply.spec.prots: Service has no such field"},
      {"apply: {apiVersion: v1, kind: Service, metadata: {name: x, namespace: shop}}",
       "story[0].apply.metadata.namespace: is left out: every story has a namespace of its own"},
  };
  for (const auto& c : cases)
    EXPECT_NE(problems_of(with_event(c.event)).find(c.problem), std::string::npos) << c.event << "\n"
                                                                                   << problems_of(with_event(c.event));
}

TEST(Language, AllProblemsAreToldAtOnce) {
  const std::string problems =
      problems_of("about: x\nuse: [nowhere.yaml]\nstory:\n- deploy: v2\n- fly: v3\nend: {phases: 7}\n");
  for (const char* part : {"story.yaml:2:", "use[0]: ", "nowhere.yaml", "story[1].fly: ", "end.when: is required",
                           "end.phases: a list is expected"})
    EXPECT_NE(problems.find(part), std::string::npos) << part << "\n" << problems;
}

TEST(Language, AFileThatIsNoStoryIsRefused) {
  EXPECT_NE(problems_of("about: [x").find("folder/story.yaml: "), std::string::npos);
  EXPECT_NE(problems_of("[]").find("a mapping is expected"), std::string::npos);
  EXPECT_NE(problems_of("about: x\n---\nabout: y\n").find("one document is expected, there are 2"), std::string::npos);
}

// --- outcomes ---------------------------------------------------------------------------------------------

TEST(Outcomes, ADifferenceIsShownStepByStep) {
  Outcome left, right;
  left.tracks["release"] = {"phase Idle", "verified 5 %", "verified 50 %"};
  right.tracks["release"] = {"phase Idle", "verified 50 %"};
  left.tracks["route"] = right.tracks["route"] = {"web 100 %"};
  const std::string text = difference(left, "virtual", right, "embedded");
  EXPECT_NE(text.find("release: virtual"), std::string::npos);
  EXPECT_NE(text.find("    phase Idle"), std::string::npos);
  EXPECT_NE(text.find("  ! verified 5 % "), std::string::npos);
  EXPECT_EQ(text.find("! verified 50 %"), std::string::npos) << text;
  EXPECT_EQ(text.find("route"), std::string::npos) << text;
  EXPECT_EQ(difference(left, "a", left, "b"), "");
}

TEST(Outcomes, OnlyStepsThatAreMissingAreFilledIn) {
  Outcome whole, seen;
  whole.tracks["release"] = {"a", "b", "c"};
  for (const auto& [track, equal] : std::vector<std::pair<std::vector<std::string>, bool>>{{{"a", "c"}, true},
                                                                                           {{"c"}, true},
                                                                                           {{"a", "b"}, false},
                                                                                           {{"b", "a", "c"}, false},
                                                                                           {{"a", "x", "c"}, false}}) {
    seen.tracks["release"] = track;
    EXPECT_EQ(with_gaps_filled(seen, whole) == whole, equal) << to_text(seen);
  }
}

TEST(Outcomes, WhatTheStoryExpectsIsCompared) {
  auto scenario = parse("s.yaml", with_event("deploy: v2"));
  ASSERT_TRUE(scenario);
  scenario->end.phases = {{"Idle", "Progressing"}};
  scenario->end.started = {{{"v1", 4}}};
  Outcome outcome;
  outcome.phases = {"Idle"};
  outcome.started = {{"v1", 5}};
  outcome.restarts = {{"v1", 1}};
  outcome.rollbacks = {{"Deadline", "", "Passed"}};
  const auto problems = shortcomings(*scenario, outcome);
  ASSERT_EQ(problems.size(), 4u);
  EXPECT_NE(problems[0].find("end.phases: expected [Idle, Progressing]"), std::string::npos);
  EXPECT_NE(problems[1].find("none was expected, but there was Deadline"), std::string::npos);
  EXPECT_NE(problems[2].find("{v1: 4}"), std::string::npos);
  EXPECT_NE(problems[3].find("containers of v1 restarted 1 times"), std::string::npos);
}

}  // namespace
}  // namespace slipway::rehearse::scenario
