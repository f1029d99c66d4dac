// The natural first things: what they say, and the exit code.
#include "program.h"

namespace slipway::machine {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// Nobody's home: no kubeconfig anywhere.
Words nowhere(const Home& home) {
  return {"env", "-u", "KUBECONFIG", "HOME=" + home.path(), "XDG_DATA_HOME=" + home.path()};
}

TEST(Newcomer, HelpIsShownForNothingAndForHelp) {
  for (const Words& words : {Words{}, Words{"--help"}, Words{"help"}}) {
    const Said said = slipway(words);
    EXPECT_EQ(said.status, 0);
    EXPECT_THAT(said.text, AllOf(HasSubstr("up"), HasSubstr("deploy"), HasSubstr("Examples:")));
  }
}

TEST(Newcomer, WithoutAClusterTheWayToOneIsSaid) {
  Home home;
  const Said said = slipway({"status"}, nowhere(home));
  EXPECT_EQ(said.status, 1);
  EXPECT_THAT(said.text, HasSubstr("slipway up --detach"));
}

TEST(Newcomer, AStoppedServerIsSaidToBeStopped) {
  Home home;
  ASSERT_EQ(home.up().status, 0);
  ASSERT_EQ(home.down().status, 0);
  const Said said = home.ask({"status"});
  EXPECT_EQ(said.status, 1);
  EXPECT_THAT(said.text, AllOf(HasSubstr("https://127.0.0.1:"), HasSubstr("slipway up")));
}

TEST(Newcomer, WrongWordsAreUsageErrorsThatNameThem) {
  const Said command = slipway({"depoy", "web"});
  EXPECT_EQ(command.status, 2);
  EXPECT_THAT(command.text, HasSubstr("depoy"));
  const Said option = slipway({"up", "--detatch"});
  EXPECT_EQ(option.status, 2);
  EXPECT_THAT(option.text, HasSubstr("--detatch"));
  const Said value = slipway({"up", "--runtime", "docker"});
  EXPECT_EQ(value.status, 2);
  EXPECT_THAT(value.text, AllOf(HasSubstr("--runtime"), HasSubstr("loopback")));
}

TEST(Newcomer, WrongNamesAreNamed) {
  Home home;
  ASSERT_EQ(home.up().status, 0);
  const Said status = home.ask({"status", "wbe", "-n", "shop"});
  EXPECT_EQ(status.status, 1);
  EXPECT_THAT(status.text, AllOf(HasSubstr("\"wbe\""), HasSubstr("shop")));
  const Said kind = home.ask({"get", "podz"});
  EXPECT_NE(kind.status, 0);
  EXPECT_THAT(kind.text, HasSubstr("podz"));
  EXPECT_THAT(home.ask({"apply", "-f", "no-such.yaml"}).text, HasSubstr("no-such.yaml"));
}

// The candidate's ReplicaSet has left the Deployment's selector, and is shown all the same.
TEST(Newcomer, BothVersionsOfAReleaseAreShownAndWhoOptedIn) {
  Home home;
  ASSERT_EQ(home.up({"--modelled"}).status, 0);
  for (const char* file : {"app.yaml", "release.yaml", "opt-in.yaml"}) {
    const Said applied = home.ask({"apply", "-f", SLIPWAY_SOURCE_DIR "/examples/shop/" + std::string(file)});
    ASSERT_EQ(applied.status, 0) << applied.text;
  }
  ASSERT_EQ(home.ask({"status", "web", "-n", "shop", "--until", "healthy", "--timeout", "2m"}).status, 0);
  ASSERT_EQ(home.ask({"deploy", "web", "-n", "shop", "--image", "web=shop/web:v2"}).status, 0);
  const Said said = home.ask({"status", "web", "-n", "shop", "--until", "paused", "--timeout", "2m"});
  EXPECT_EQ(said.status, 0) << said.text;
  EXPECT_THAT(said.text, AllOf(HasSubstr("# 2 candidate"), HasSubstr("1/1 ready"), HasSubstr("# 1 stable"),
                               HasSubstr("candidate for all of staff   stable for everybody else   verified")));
}

// docs/gray.md, command by command.
TEST(Newcomer, AGrayReleaseSaysWhoIsInAndWhy) {
  Home home;
  ASSERT_EQ(home.up({"--modelled"}).status, 0);
  for (const char* file : {"app.yaml", "release.yaml", "gray.yaml"}) {
    const Said applied = home.ask({"apply", "-f", SLIPWAY_SOURCE_DIR "/examples/shop/" + std::string(file)});
    ASSERT_EQ(applied.status, 0) << applied.text;
  }
  ASSERT_EQ(home.ask({"status", "web", "-n", "shop", "--until", "healthy", "--timeout", "2m"}).status, 0);
  ASSERT_EQ(home.ask({"deploy", "web", "-n", "shop", "--image", "web=shop/web:v2"}).status, 0);
  const Said staff = home.ask({"status", "web", "-n", "shop", "--until", "paused", "--timeout", "2m"});
  EXPECT_THAT(staff.text, HasSubstr("candidate for staff   stable for everybody else   verified"));
  const Said not_yet = home.ask({"cohort", "who", "user-7", "-n", "shop"});
  EXPECT_THAT(not_yet.text, AllOf(HasSubstr("gets revision 1"), HasSubstr("the candidate comes with batch 2 of 4"),
                                  HasSubstr("is among its users")));
  const Said is_staff = home.ask({"cohort", "who", "user-9", "-n", "shop", "--header", "x-staff=yes"});
  EXPECT_THAT(is_staff.text, AllOf(HasSubstr("gets revision 2"), HasSubstr("batch 1 of 4 (staff) let him in")));
  EXPECT_THAT(home.ask({"get", "cohorts", "-n", "shop"}).text, HasSubstr("dach-members"));
  EXPECT_EQ(home.ask({"promote", "web", "-n", "shop"}).status, 0);
  EXPECT_EQ(home.ask({"status", "web", "-n", "shop", "--until", "step=2", "--timeout", "2m"}).status, 0);
  const Said back = home.ask({"back", "web", "-n", "shop"});
  EXPECT_THAT(back.text, HasSubstr("back to \"the candidate for staff, verified at the router\""));
  EXPECT_EQ(home.ask({"cohort", "who", "user-9", "-n", "shop", "--header", "x-staff"}).status, 2) << "NAME=VALUE";
}

// docs/ab-test.md, command by command.
TEST(Newcomer, AnAbTestShowsWhoHasWhatAndEndsInTheVariantThatIsChosen) {
  Home home;
  ASSERT_EQ(home.up({"--modelled"}).status, 0);
  for (const char* file : {"app.yaml", "release.yaml", "ab-test.yaml"}) {
    const Said applied = home.ask({"apply", "-f", SLIPWAY_SOURCE_DIR "/examples/shop/" + std::string(file)});
    ASSERT_EQ(applied.status, 0) << applied.text;
  }
  ASSERT_EQ(home.ask({"status", "web", "-n", "shop", "--until", "healthy", "--timeout", "2m"}).status, 0);
  EXPECT_THAT(home.ask({"plan", "web", "-n", "shop"}).text, HasSubstr("variant   slower: {"));
  ASSERT_EQ(home.ask({"deploy", "web", "-n", "shop", "--image", "web=shop/web:v2"}).status, 0);
  const Said test = home.ask({"status", "web", "-n", "shop", "--until", "step=2", "--timeout", "2m"});
  EXPECT_THAT(test.text, AllOf(HasSubstr("variant"), HasSubstr("plain"), HasSubstr("20 %"), HasSubstr("60 %"),
                               HasSubstr("A/B test")));
  EXPECT_THAT(home.ask({"cohort", "who", "user-9", "-n", "shop", "--header", "x-staff=yes"}).text,
              HasSubstr("gets variant slower: cohort staff"));
  EXPECT_THAT(home.ask({"cohort", "who", "user-7", "-n", "shop"}).text, HasSubstr("of 10000"));
  const Said nobody = home.ask({"promote", "web", "-n", "shop", "--variant", "faster"});
  EXPECT_THAT(nobody.text, HasSubstr("there is no variant faster; there are plain, slower"));
  const Said chosen = home.ask({"promote", "web", "-n", "shop", "--variant", "slower"});
  EXPECT_EQ(chosen.status, 0) << chosen.text;
  EXPECT_THAT(chosen.text, AllOf(HasSubstr("Keep this in its manifest"), HasSubstr("variant slower is chosen")));
  EXPECT_EQ(home.ask({"status", "web", "-n", "shop", "--until", "healthy", "--timeout", "2m"}).status, 0);
  const Said diff = home.ask({"diff", "web", "-n", "shop", "1", "2"});
  EXPECT_THAT(diff.text, AllOf(HasSubstr("spec.containers[web].image"), HasSubstr("shop/web:v1"), HasSubstr("LATENCY_MS")));
  EXPECT_THAT(home.ask({"diff", "web", "-n", "shop", "9"}).text, HasSubstr("there has never been a revision 9; the newest is 2"));
}

// What may be switched on in tests cannot be switched on in what users get.
TEST(Program, HasNoMutantsToSwitchOn) {
  const std::string symbol = "set_mutant";
  EXPECT_EQ(file_text(SLIPWAY_BUILD_DIR "/slipway").find(symbol), std::string::npos);
  EXPECT_NE(file_text(SLIPWAY_BUILD_DIR "/control_test").find(symbol),
            std::string::npos);  // so that the search itself is known to work
}

}  // namespace
}  // namespace slipway::machine
