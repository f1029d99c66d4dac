// Commands as people use them, with what they say when something is not as one would think.
#include "program.h"

namespace slipway::machine {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const std::string kShop = SLIPWAY_SOURCE_DIR "/examples/shop/";

// A modelled cluster with the shop, whose release serves.
class Commands : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(home_.up({"--modelled"}).status, 0);
    for (const char* file : {"app.yaml", "release.yaml"}) {
      const Said applied = home_.ask({"apply", "-f", kShop + file});
      ASSERT_EQ(applied.status, 0) << applied.text;
    }
    ASSERT_EQ(wait_until("healthy").status, 0);
  }
  Said wait_until(const char* goal) {
    return home_.ask({"status", "web", "-n", "shop", "--until", goal, "--timeout", "2m"});
  }

  Home home_;
};

TEST_F(Commands, AStopIsToldWhereReleasesAreLookedAt) {
  EXPECT_THAT(home_.ask({"list", "-n", "shop"}).text, StartsWith("NAMESPACE"));
  ASSERT_EQ(home_.ask({"stop", "--all", "--reason", "incident 42"}).status, 0);
  const auto told = AllOf(HasSubstr("all releases are stopped by "), HasSubstr(": incident 42; "));
  EXPECT_THAT(home_.ask({"list", "-A"}).text, AllOf(StartsWith("all releases are stopped by "), told));
  EXPECT_THAT(home_.ask({"status", "web", "-n", "shop"}).text, AllOf(StartsWith("all releases are stopped by "), told));
  EXPECT_THAT(home_.ask({"status"}).text, told);
  EXPECT_THAT(home_.ask({"status", "-o", "json"}).text, HasSubstr("\"reason\": \"incident 42\""));
  ASSERT_EQ(home_.ask({"resume", "--all"}).status, 0);
  EXPECT_THAT(home_.ask({"status", "web", "-n", "shop"}).text, Not(HasSubstr("stopped")));
}

// Measured by the gateway, which models requests.
constexpr const char* kMeasured = R"(apiVersion: slipway.dev/v1alpha1
kind: Release
metadata: {name: web, namespace: shop}
spec:
  target: {name: web}
  traffic: {route: web, service: web}
  strategy: {canary: {steps: [{weight: 5}, {analysis: {templates: [{name: health}]}}, {pause: {}}]}}
---
apiVersion: slipway.dev/v1alpha1
kind: AnalysisTemplate
metadata: {name: health, namespace: shop}
spec:
  metrics:
  - {name: error-rate, interval: 1s, count: 2, minSamples: 5, unit: ratio, limit: 15 %, successCondition: result < 0.15, provider: {gateway: {query: error-rate, window: 3s}}}
)";

TEST_F(Commands, PlanTellsWhatIsMissing) {
  const std::string both = kMeasured;
  write_text(home_.path() + "/release.yaml", both.substr(0, both.find("---")));
  ASSERT_EQ(home_.ask({"apply", "-f", home_.path() + "/release.yaml"}).status, 0);
  EXPECT_THAT(home_.ask({"plan", "web", "-n", "shop"}).text,
              HasSubstr("missing   AnalysisTemplate health: no release begins without it"));
  write_text(home_.path() + "/measured.yaml", both);
  ASSERT_EQ(home_.ask({"apply", "-f", home_.path() + "/measured.yaml"}).status, 0);
  EXPECT_THAT(home_.ask({"plan", "web", "-n", "shop"}).text, Not(HasSubstr("missing")));
}

TEST_F(Commands, ExplainShowsNumbersAndUndoWhatItChanges) {
  write_text(home_.path() + "/measured.yaml", kMeasured);
  const Said applied = home_.ask({"apply", "-f", home_.path() + "/measured.yaml"});
  ASSERT_EQ(applied.status, 0) << applied.text;
  ASSERT_EQ(home_.ask({"deploy", "web", "-n", "shop", "--image", "web=shop/web:v2"}).status, 0);
  ASSERT_EQ(wait_until("paused").status, 0);
  EXPECT_THAT(home_.ask({"explain", "web", "-n", "shop"}).text,
              AllOf(HasSubstr("done: analyse health"), HasSubstr(" samples)   limit 15 %   stable ")));
  EXPECT_THAT(home_.ask({"undo", "web", "-n", "shop", "--to", "9"}).text,
              HasSubstr("there has never been a revision 9; the newest is 2"));
  EXPECT_THAT(home_.ask({"diff", "web", "9", "-n", "shop"}).text,
              HasSubstr("there has never been a revision 9; the newest is 2"));
  const Said asked = home_.ask({"undo", "web", "-n", "shop"});
  EXPECT_EQ(asked.status, 2) << asked.text;
  EXPECT_THAT(asked.text, AllOf(HasSubstr("spec.containers[web].image"), HasSubstr("shop/web:v1"),
                                HasSubstr("nothing was changed; without a terminal, add --yes")));
  const Said undone = home_.ask({"undo", "web", "-n", "shop", "-y"});
  EXPECT_EQ(undone.status, 0) << undone.text;
  EXPECT_THAT(undone.text, HasSubstr("release/web  undo accepted"));
}

std::string config_map(const std::string& name, const std::string& value, const std::string& space = "default") {
  return "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + ", namespace: " + space +
         "}\ndata: {k: " + value + "}\n";
}

TEST(Apply, NothingIsWrittenWhenOneDocumentIsRefused) {
  Home home;
  ASSERT_EQ(home.up({"--modelled"}).status, 0);
  const std::string file = home.path() + "/all.yaml";
  const auto apply = [&](const std::string& text, const Words& more = {}) {
    write_text(file, text);
    Words words = {"apply", "-f", file};
    words.insert(words.end(), more.begin(), more.end());
    return home.ask(words);
  };
  ASSERT_EQ(apply(config_map("owned", "theirs"), {"--field-manager", "somebody"}).status, 0);
  const std::string both = config_map("fresh", "a") + config_map("owned", "ours");
  const Said refused = apply(both);
  EXPECT_EQ(refused.status, 1) << refused.text;
  EXPECT_THAT(refused.text, AllOf(HasSubstr("document 2"), HasSubstr("somebody"), HasSubstr("--force-conflicts"),
                                  HasSubstr("nothing was applied")));
  EXPECT_THAT(home.ask({"get", "configmap", "fresh"}).text, HasSubstr("not found"));
  const Said forced = apply(both, {"--force-conflicts"});
  EXPECT_EQ(forced.status, 0) << forced.text;
  EXPECT_THAT(forced.text, AllOf(HasSubstr("configmaps/fresh created"), HasSubstr("configmaps/owned configured")));
}

// What an earlier document makes cannot be tried before.
TEST(Apply, ANamespaceAndWhatIsInItAreOneFile) {
  Home home;
  ASSERT_EQ(home.up({"--modelled"}).status, 0);
  const std::string file = home.path() + "/all.yaml",
                    space = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: new}\n";
  write_text(file, space + config_map("a", "one", "new"));
  const Said tried = home.ask({"apply", "-f", file, "--dry-run"});
  EXPECT_EQ(tried.status, 0) << tried.text;
  EXPECT_THAT(tried.text, AllOf(HasSubstr("namespaces/new created (dry run)"),
                                HasSubstr("ConfigMap a cannot be tried without Namespace new")));
  write_text(file, space + config_map("Wrong_Name", "one", "new") + config_map("a", "one", "new"));
  const Said half = home.ask({"apply", "-f", file});
  EXPECT_EQ(half.status, 2) << half.text;
  EXPECT_THAT(half.text, HasSubstr("applied: Namespace new, ConfigMap a; not applied: ConfigMap Wrong_Name"));
  write_text(file, config_map("a", "one", "absent"));
  const Said nowhere = home.ask({"apply", "-f", file});
  EXPECT_EQ(nowhere.status, 1);
  EXPECT_THAT(nowhere.text, AllOf(HasSubstr("absent"), HasSubstr("nothing was applied")));
  write_text(file, space + config_map("a", "one", "new"));
  const Said applied = home.ask({"apply", "-f", file});
  EXPECT_EQ(applied.status, 0) << applied.text;
  EXPECT_THAT(applied.text, HasSubstr("configmaps/a unchanged"));
}

}  // namespace
}  // namespace slipway::machine
