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

}  // namespace
}  // namespace slipway::machine
