// How pods run: chosen by what this machine allows, said wherever people look.
#include <unistd.h>

#include "program.h"

namespace slipway::machine {
namespace {

using data::Value;
using ::testing::AllOf;
using ::testing::HasSubstr;

// unshare(2): a process with two threads cannot make a user namespace, and ThreadSanitizer brings one of its own.
#if __has_feature(thread_sanitizer)
constexpr const char* kNoUserNamespaces = "no user namespaces: ThreadSanitizer has a thread of its own";
#else
constexpr const char* kNoUserNamespaces = nullptr;
#endif

// As an ordinary user whom the kernel gives no namespaces: one user namespace is allowed, and we are in it.
Words without_namespaces() {
  Words words{
      "unshare",
      "--user",
      "--map-root-user",
      "sh",
      "-c",
      "echo 1 > /proc/sys/user/max_user_namespaces && exec unshare --user --map-user=1000 --map-group=1000 \"$@\"",
      "sh"};
  Words trial = words;
  trial.emplace_back("true");
  return run(trial).status == 0 ? words : Words();
}

// As an ordinary user: not root, no rights, and namespaces as the machine gives them.
Words as_a_user() {
  Words words{"unshare", "--user", "--map-user=1000", "--map-group=1000"};
  Words trial = words;
  trial.insert(trial.end(), {"unshare", "--user", "--map-root-user", "true"});
  return run(trial).status == 0 ? words : Words();
}

// Up, status and the node object agree.
void expect_runtime(const Home& home, const Said& up, const std::string& name, const std::string& label) {
  ASSERT_EQ(up.status, 0) << up.text;
  EXPECT_THAT(up.text, HasSubstr("pods run    " + name + "\n"));
  EXPECT_EQ(home.endpoints()["runtime"].str(), name);
  const Value node = home.wait_for(
      "node/node-1", [](const Value& n) { return condition_of(n, "Ready")["status"].as_string() == "True"; });
  EXPECT_EQ(node["metadata"]["labels"]["slipway.dev/runtime"].str(), label);
  EXPECT_THAT(home.ask({"status"}).text, HasSubstr("pods run " + name + "\n"));
}

TEST(Runtime, LoopbackWhereItIsAskedFor) {
  Home home;
  const Said up = home.up({"--runtime", "loopback"});
  expect_runtime(home, up, "loopback", "loopback");
  EXPECT_THAT(up.text, HasSubstr("loopback was asked for"));
}

TEST(Runtime, LoopbackWithTheReasonWhereNamespacesAreDenied) {
  if (kNoUserNamespaces) GTEST_SKIP() << kNoUserNamespaces;
  const Words user = without_namespaces();
  if (user.empty()) GTEST_SKIP() << "this machine allows no user namespaces, not even for the test";
  Home home;
  const Said up = home.up({}, user);
  expect_runtime(home, up, "loopback", "loopback");
  EXPECT_THAT(up.text, HasSubstr("user namespace: the limit in /proc/sys/user/max_user_namespaces is reached"));
}

TEST(Runtime, IsolationThatIsAskedForAndDeniedIsAnErrorWithTheReason) {
  if (kNoUserNamespaces) GTEST_SKIP() << kNoUserNamespaces;
  const Words user = without_namespaces();
  if (user.empty()) GTEST_SKIP() << "this machine allows no user namespaces, not even for the test";
  Home home;
  const Said up = home.up({"--runtime", "isolated"}, user);
  EXPECT_EQ(up.status, 1);
  EXPECT_THAT(up.text, AllOf(HasSubstr("isolated pods do not work here"), HasSubstr("max_user_namespaces"),
                             HasSubstr("--runtime loopback")));
}

TEST(Runtime, AUserNamespaceForAnOrdinaryUser) {
  if (kNoUserNamespaces) GTEST_SKIP() << kNoUserNamespaces;
  const Words user = as_a_user();
  if (user.empty()) GTEST_SKIP() << "this machine allows no user namespaces";
  Home home;
  const Said up = home.up({}, user);
  expect_runtime(home, up, "isolated (user namespace)", "user-namespace");
  EXPECT_THAT(up.text, HasSubstr("the rights of the user who started it"));
}

TEST(Runtime, IsolatedForRoot) {
  if (geteuid() != 0) GTEST_SKIP() << "not root";
  Home home;
  const Said up = home.up();
  if (home.endpoints()["runtime"].as_string() != "isolated")
    GTEST_SKIP() << "root may not make namespaces here: " << up.text;
  expect_runtime(home, up, "isolated", "isolated");
}

}  // namespace
}  // namespace slipway::machine
